package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.app.MillraceSettings;
import dev.millrace.operation.Operator;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.OperatorLog;
import dev.millrace.topic.TopicReader;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two generations side by side, in processes of their own, and a server that changes between them while it is asked. */
@Tag("slow")
class GenerationsIT {

    private static final int EVENTS = 3_000;
    private static final int SWAPS = 30;
    private static final int CALLERS = 2;
    private static final int USERS = 100;
    private static final Duration START = Duration.ofMinutes(2);
    private static final List<String> NARROW =
            List.of("--set", "tower.dim=16", "--set", "features.user.history.dim=16");

    private final HttpClient http = HttpClient.newHttpClient();
    private final ObjectMapper json = new ObjectMapper();
    private final Path directory;

    GenerationsIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void everyAnswerIsOfOneGenerationWhileTheyAreSwappedUnderLoad() throws Exception {
        int items = GeneratedShop.of(EVENTS).items().size();
        try (MillraceProcess broker = start("broker", "broker", "--port", "0")) {
            String bootstrap = broker.awaitOutput("broker (\\S+:\\d+),");
            run("topics", bootstrap, "topics", "create");
            try (MillraceProcess trainer = startAt("train", bootstrap, List.of("train"));
                    MillraceProcess server = startAt(
                            "serve",
                            bootstrap,
                            List.of(
                                    "serve",
                                    "--set",
                                    "serve.port=0",
                                    "--set",
                                    "serve.popularity-weight=0",
                                    "--set",
                                    "serve.neighbours-weight=0"))) {
                String url = server.awaitOutput("recall API (\\S+)");
                run(
                        "replay",
                        bootstrap,
                        Stream.concat(
                                        Stream.of("replay", "--shop", "--events", "" + EVENTS, "--speed", "max"),
                                        GeneratedShop.OPTIONS.stream())
                                .toArray(String[]::new));
                await().atMost(START).until(() -> ready(url).path("items").asInt() == items);
                String wide = ready(url).path("generation").asText();
                String narrow;
                try (MillraceProcess shadow = startAt("shadow", bootstrap, shadow())) {
                    shadow.awaitOutput("(training from)");
                    await().atMost(START)
                            .until(() -> generations(url).size() == 2
                                    && generations(url).values().stream().allMatch(each -> each.path("complete")
                                            .asBoolean()));
                    narrow = generations(url).keySet().stream()
                            .filter(name -> !name.equals(wide))
                            .findFirst()
                            .orElseThrow();
                    await().atMost(START)
                            .until(() -> generations(url)
                                            .getOrDefault(narrow, json.nullNode())
                                            .path("items")
                                            .asInt()
                                    == items);
                    assertThat(ready(url).path("generation").asText())
                            .as("a learner from the log promotes nothing")
                            .isEqualTo(wide);

                    answersComeFromOneGeneration(bootstrap, url, wide, narrow);
                    whatCannotBeIsRefused(bootstrap, narrow, wide);
                    sideBySide(bootstrap, wide, narrow);
                }
                retired(bootstrap, url, narrow);
            }
        }
    }

    private void answersComeFromOneGeneration(String bootstrap, String url, String wide, String narrow)
            throws Exception {
        Map<String, Map<String, float[]>> vectors = vectorsWhenStill(bootstrap);
        Queue<HttpResponse<String>> answers = new ConcurrentLinkedQueue<>();
        AtomicBoolean isAsking = new AtomicBoolean(true);
        List<Thread> callers = new ArrayList<>();
        for (int caller = 0; caller < CALLERS; caller++) {
            int first = caller;
            callers.add(new Thread(() -> ask(url, first, isAsking, answers)));
        }
        callers.forEach(Thread::start);

        GenerationAdmin admin = admin(settings(bootstrap).cluster().withPatience(START));
        run("promote", bootstrap, "model", "promote", narrow, "--set", "kafka.client.id=ops");
        awaitServed(url, narrow);
        for (int swap = 0; swap < SWAPS; swap++) {
            String before = ready(url).path("generation").asText();
            String other = before.equals(wide) ? narrow : wide;
            assertThat(admin.rollBack()).containsExactly(other, before);
            awaitServed(url, other);
        }
        assertThat(run("rollback", bootstrap, "model", "rollback", "--output", "json"))
                .contains("{\"promoted\":\"" + wide + "\",\"answered\":\"" + narrow + "\"}");
        awaitServed(url, wide);
        isAsking.set(false);
        for (Thread caller : callers) {
            caller.join();
        }

        Map<String, Integer> answered = new HashMap<>();
        for (HttpResponse<String> answer : answers) {
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            JsonNode body = json.readTree(answer.body());
            String generation = body.path("generation").asText();
            answered.merge(generation, 1, Integer::sum);
            float[] query = floats(body.path("vector"));
            Map<String, float[]> own = vectors.getOrDefault(generation, Map.of());
            assertThat(body.path("items")).isNotEmpty();
            for (JsonNode item : body.path("items")) {
                float[] vector =
                        Optional.ofNullable(own.get(item.path("item").asText())).orElseThrow();
                assertThat(query).hasSameSizeAs(vector);
                assertThat(item.path("score").asDouble()).isCloseTo(product(query, vector), within(1e-5));
            }
        }
        assertThat(answered).containsOnlyKeys(wide, narrow);
        System.out.println(answers.size() + " answers during " + (SWAPS + 2) + " swaps, by generation " + answered);
    }

    private void whatCannotBeIsRefused(String bootstrap, String narrow, String wide) throws Exception {
        try (MillraceProcess unknown = startAt("unknown", bootstrap, List.of("model", "promote", "g9-nothing"));
                MillraceProcess answering = startAt("answering", bootstrap, List.of("model", "retire", wide));
                MillraceProcess same = startAt(
                        "same", bootstrap, List.of("model", "hand-over", narrow, "--to", "shadow-learn-from-log"));
                MillraceProcess taken = startAt(
                        "taken",
                        bootstrap,
                        Stream.concat(
                                        Stream.of(
                                                "train",
                                                "--from",
                                                "mini-batches",
                                                "--set",
                                                "stream.application-id=another",
                                                "--set",
                                                "stream.from-log.publish=true"),
                                        NARROW.stream())
                                .toList())) {
            assertThat(unknown.awaitExit(START)).isEqualTo(1);
            assertThat(unknown.output()).contains("there is no generation g9-nothing; known: " + wide + ", " + narrow);
            assertThat(same.awaitExit(START)).isZero();
            assertThat(same.output()).contains("unchanged: " + narrow);
            assertThat(answering.awaitExit(START)).isEqualTo(1);
            assertThat(answering.output()).contains("generation " + wide + " answers");
            assertThat(taken.awaitExit(START)).isEqualTo(2);
            assertThat(taken.output())
                    .contains("model.generation = g1: must be another, as application shadow-learn-from-log has"
                            + " published generation "
                            + narrow);
        }
    }

    private void sideBySide(String bootstrap, String wide, String narrow) throws Exception {
        String list = run("list", bootstrap, "model", "list");
        assertThat(list.lines())
                .anySatisfy(line -> assertThat(line).matches(wide + " +answers .*millrace-learn"))
                .anySatisfy(line -> assertThat(line).matches(narrow + " +answered before .*shadow-learn-from-log"));
        assertThat(run("actions", bootstrap, "actions", "--count", "100"))
                .containsPattern("(?m)^\\S+Z +accepted +promote +" + narrow + " +" + System.getProperty("user.name")
                        + " +millrace model promote .+ ops +" + wide + " answered$")
                .containsPattern("accepted +roll-back +" + wide + " +the test +GenerationsIT .*" + narrow + " answered")
                .containsPattern("refused +promote +g9-nothing .*there is no generation g9-nothing; known: ")
                .containsPattern("refused +retire +" + wide + " .*generation " + wide + " answers")
                .containsPattern("accepted +hand-over +" + narrow + " .*to shadow-learn-from-log");
        String diff = run("diff", bootstrap, "model", "diff", wide, narrow, "--users", "50", "--k", "10");
        assertThat(diff)
                .containsPattern("tower.dim +64 +16")
                .containsPattern("answers.users +50")
                .containsPattern("right.step +[1-9]");
        String found = run(
                "diff-json",
                bootstrap,
                "model",
                "diff",
                wide,
                narrow,
                "--users",
                "50",
                "--k",
                "10",
                "--output",
                "json");
        JsonNode object = json.readTree(
                found.lines().filter(line -> line.startsWith("{")).findFirst().orElseThrow());
        assertThat(object.path("left").path("generation").asText()).isEqualTo(wide);
        assertThat(object.path("right").path("generation").asText()).isEqualTo(narrow);
        assertThat(object.path("right").path("step").asLong()).isPositive();
        assertThat(object.path("settings")).anySatisfy(setting -> assertThat(setting.toString())
                .isEqualTo("{\"key\":\"tower.dim\",\"left\":\"64\",\"right\":\"16\"}"));
        assertThat(object.path("answers").path("users").asInt()).isEqualTo(50);
        assertThat(object.path("answers").path("common").asDouble()).isBetween(0.0, 1.0);
    }

    private void retired(String bootstrap, String url, String narrow) throws Exception {
        String removed = run("retire", bootstrap, "model", "retire", narrow);
        assertThat(removed)
                .containsPattern("retired +" + narrow)
                .containsPattern("recordsRemoved +[0-9]{2,}")
                .contains("if shadow-learn-from-log still runs, stop it");
        assertThat(run("retire-again", bootstrap, "model", "retire", narrow, "--output", "json"))
                .contains("{\"retired\":\"" + narrow + "\",\"again\":true,\"recordsRemoved\":0,");
        assertThat(vectors(bootstrap)).doesNotContainKey(narrow);
        await().atMost(START).until(() -> !generations(url).containsKey(narrow));
        assertThat(get(url + "/v1/recall?user=u1&generation=" + narrow).statusCode())
                .isEqualTo(404);
        assertThat(get(url + "/v1/recall?user=u1").statusCode()).isEqualTo(200);
        try (MillraceProcess again = startAt("again", bootstrap, shadow())) {
            assertThat(again.awaitExit(START)).isEqualTo(2);
            assertThat(again.output()).contains("generation " + narrow + " is retired");
        }
    }

    private static List<String> shadow() {
        return Stream.concat(
                        Stream.of(
                                "train",
                                "--from",
                                "mini-batches",
                                "--set",
                                "stream.application-id=shadow",
                                "--set",
                                "stream.state-directory=shadow-state",
                                "--set",
                                "train.http.port=0",
                                "--set",
                                "stream.from-log.publish=true"),
                        NARROW.stream())
                .toList();
    }

    private void ask(String url, int first, AtomicBoolean isAsking, Queue<HttpResponse<String>> answers) {
        try {
            for (int number = first; isAsking.get(); number += CALLERS) {
                answers.add(get(url + "/v1/recall?k=10&include-vector=true&user=u" + number % USERS));
            }
        } catch (IOException | InterruptedException failed) {
            throw new IllegalStateException(failed);
        }
    }

    private void awaitServed(String url, String generation) {
        await().atMost(START)
                .pollInterval(Duration.ofMillis(5))
                .until(() -> ready(url).path("generation").asText().equals(generation));
    }

    private Map<String, JsonNode> generations(String url) throws Exception {
        Map<String, JsonNode> generations = new HashMap<>();
        ready(url)
                .path("generations")
                .forEach(each -> generations.put(each.path("generation").asText(), each));
        return generations;
    }

    /** The same as soon as two looks one second apart see the same: the learners have come to their ends. */
    private Map<String, Map<String, float[]>> vectorsWhenStill(String bootstrap) throws InterruptedException {
        Map<String, Map<String, float[]>> seen = vectors(bootstrap);
        while (true) {
            Thread.sleep(1_000);
            Map<String, Map<String, float[]>> now = vectors(bootstrap);
            if (sum(seen) == sum(now)) {
                return now;
            }
            seen = now;
        }
    }

    private static double sum(Map<String, Map<String, float[]>> vectors) {
        return vectors.values().stream()
                .flatMap(each -> each.values().stream())
                .mapToDouble(vector -> product(vector, vector) + 3 * vector[0] + 7 * vector[1])
                .sum();
    }

    /** Latest vectors on the topic, by generation and item. */
    private Map<String, Map<String, float[]>> vectors(String bootstrap) {
        MillraceSettings settings = settings(bootstrap);
        Map<String, Map<String, float[]>> vectors = new HashMap<>();
        try (TopicReader reader = new TopicReader(settings.clients(), START)) {
            for (TopicReader.Extent extent :
                    reader.extents(settings.topics().names().itemEmbeddings())) {
                reader.read(extent, extent.first(), record -> {
                    ItemEmbedding embedding = new AvroWire(settings.wire())
                            .decode(Topic.ITEM_EMBEDDINGS, record)
                            .orElseThrow();
                    Map<String, float[]> own = vectors.computeIfAbsent(embedding.generation(), name -> new HashMap<>());
                    if (!embedding.isMark()) {
                        own.remove(embedding.item());
                        embedding.vector().ifPresent(vector -> own.put(embedding.item(), vector));
                    }
                    return true;
                });
            }
        }
        vectors.values().removeIf(Map::isEmpty);
        return vectors;
    }

    private static GenerationAdmin admin(Cluster cluster) {
        Operator test = new Operator("the test", "GenerationsIT", "", "");
        return new GenerationAdmin(cluster, new OperatorLog(cluster, test, InstantSource.system()));
    }

    private static MillraceSettings settings(String bootstrap) {
        return MillraceSettings.load(List.of(), Map.of(), Map.of(), Map.of("kafka.bootstrap.servers", bootstrap));
    }

    private static float[] floats(JsonNode array) {
        float[] floats = new float[array.size()];
        for (int at = 0; at < floats.length; at++) {
            floats[at] = array.get(at).floatValue();
        }
        return floats;
    }

    private static double product(float[] left, float[] right) {
        double sum = 0;
        for (int at = 0; at < left.length; at++) {
            sum += left[at] * right[at];
        }
        return sum;
    }

    private JsonNode ready(String url) throws Exception {
        return json.readTree(get(url + "/readyz").body());
    }

    private HttpResponse<String> get(String url) throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private MillraceProcess start(String name, String... arguments) throws IOException {
        return MillraceProcess.start(directory, name, arguments);
    }

    private MillraceProcess startAt(String name, String bootstrap, List<String> arguments) throws IOException {
        return start(
                name,
                Stream.concat(arguments.stream(), Stream.of("--bootstrap-server", bootstrap))
                        .toArray(String[]::new));
    }

    private String run(String name, String bootstrap, String... arguments) throws Exception {
        try (MillraceProcess process = startAt(name, bootstrap, List.of(arguments))) {
            assertThat(process.awaitExit(START)).as(process.output()).isZero();
            return process.output();
        }
    }
}
