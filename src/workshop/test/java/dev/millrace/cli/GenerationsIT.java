package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.operation.Operator;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.OperatorLog;
import dev.millrace.topic.TopicReader;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import java.io.IOException;
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
    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final List<String> NARROW = List.of("tower.dim=16", "features.user.history.dim=16");
    private static final List<String> SHADOW = Stream.concat(
                    NARROW.stream(),
                    Stream.of(
                            "stream.application-id=shadow",
                            "stream.state-directory=shadow-state",
                            "train.http.port=0",
                            "stream.from-log.publish=true"))
            .toList();
    private final ObjectMapper json = new ObjectMapper();
    private final Commands commands = new Commands();

    @Test
    void everyAnswerIsOfOneGenerationUnderLoad(@TempDir Path directory) throws Exception {
        int items = GeneratedShop.of(EVENTS).items().size();
        try (ProgramCluster cluster = new ProgramCluster(directory)) {
            cluster.run("topics", "create");
            cluster.start(List.of("train.http.port=0"), "train");
            MillraceProcess server = cluster.start(
                    List.of("serve.port=0", "serve.popularity-weight=0", "serve.neighbours-weight=0"), "serve");
            HttpProbe recall = new HttpProbe(server.awaitOutput("recall API (\\S+)"));
            cluster.run(GeneratedShop.replay(EVENTS));
            await().atMost(PATIENCE)
                    .until(() -> recall.readiness().path("items").asInt() == items);
            String wide = answering(recall);

            MillraceProcess shadow = cluster.start(SHADOW, "train", "--from", "mini-batches");
            await().atMost(PATIENCE)
                    .until(
                            () -> generations(recall).values(),
                            both -> both.size() == 2
                                    && both.stream()
                                            .allMatch(each -> each.path("complete")
                                                            .asBoolean()
                                                    && each.path("items").asInt() == items));
            String narrow = generations(recall).keySet().stream()
                    .filter(name -> !name.equals(wide))
                    .findFirst()
                    .orElseThrow();
            assertThat(answering(recall))
                    .as("a learner from the log promotes nothing")
                    .isEqualTo(wide);

            answersComeFromOneGeneration(cluster, recall, wide, narrow);
            whatCannotBeIsRefused(cluster, narrow, wide);
            sideBySide(cluster, wide, narrow);
            shadow.close();
            retired(cluster, recall, narrow);
        }
    }

    private void answersComeFromOneGeneration(ProgramCluster programs, HttpProbe recall, String wide, String narrow)
            throws Exception {
        Cluster cluster = programs.settings().cluster().withPatience(PATIENCE);
        Map<String, Map<String, float[]>> vectors = vectorsWhenStill(cluster);
        Queue<JsonNode> answers = new ConcurrentLinkedQueue<>();
        AtomicBoolean isAsking = new AtomicBoolean(true);
        List<Thread> callers = new ArrayList<>();
        for (int caller = 0; caller < CALLERS; caller++) {
            int first = caller;
            callers.add(new Thread(() -> ask(recall, first, isAsking, answers)));
        }
        callers.forEach(Thread::start);

        Operator test = new Operator("the test", "GenerationsIT", "", "");
        GenerationAdmin admin = new GenerationAdmin(cluster, new OperatorLog(cluster, test, InstantSource.system()));
        programs.run("model", "promote", narrow, "--set", "kafka.client.id=ops");
        awaitServed(recall, narrow);
        for (int swap = 0; swap < SWAPS; swap++) {
            String before = answering(recall);
            String other = before.equals(wide) ? narrow : wide;
            assertThat(admin.rollBack()).containsExactly(other, before);
            awaitServed(recall, other);
        }
        assertThat(succeeds(programs, "model", "rollback", "--output", "json"))
                .contains("{\"promoted\":\"" + wide + "\",\"answered\":\"" + narrow + "\"}");
        awaitServed(recall, wide);
        isAsking.set(false);
        for (Thread caller : callers) {
            caller.join();
        }

        Map<String, Integer> answered = new HashMap<>();
        for (JsonNode answer : answers) {
            String generation = answer.path("generation").asText();
            answered.merge(generation, 1, Integer::sum);
            float[] query = json.convertValue(answer.path("vector"), float[].class);
            Map<String, float[]> own = vectors.getOrDefault(generation, Map.of());
            assertThat(answer.path("items")).isNotEmpty();
            for (JsonNode item : answer.path("items")) {
                float[] vector =
                        Optional.ofNullable(own.get(item.path("item").asText())).orElseThrow();
                assertThat(query).hasSameSizeAs(vector);
                assertThat(item.path("score").asDouble()).isCloseTo(product(query, vector), within(1e-5));
            }
        }
        assertThat(answered).containsOnlyKeys(wide, narrow);
        System.out.println(answers.size() + " answers during " + (SWAPS + 2) + " swaps, by generation " + answered);
    }

    private void whatCannotBeIsRefused(ProgramCluster cluster, String narrow, String wide) throws Exception {
        assertThat(run(cluster, "model", "promote", "g9-nothing")).isEqualTo(1);
        assertThat(run(cluster, "model", "retire", wide)).isEqualTo(1);
        assertThat(succeeds(cluster, "model", "hand-over", narrow, "--to", "shadow-learn-from-log"))
                .contains("unchanged: " + narrow);
        List<String> taken = new ArrayList<>(NARROW);
        taken.addAll(List.of("stream.application-id=another", "stream.from-log.publish=true"));
        assertThat(ProgramCluster.ended(cluster.start(taken, "train", "--from", "mini-batches"), 2))
                .contains("model.generation = g1: must be another");
    }

    private void sideBySide(ProgramCluster cluster, String wide, String narrow) throws Exception {
        assertThat(succeeds(cluster, "model", "list"))
                .containsPattern("(?m)^" + wide + " +answers .*millrace-learn$")
                .containsPattern("(?m)^" + narrow + " +answered before .*shadow-learn-from-log$");
        assertThat(succeeds(cluster, "actions", "--count", "100"))
                .containsPattern("(?m)^\\S+Z  +accepted +promote +" + narrow + " +" + System.getProperty("user.name")
                        + " +millrace model promote .+  ops  +" + wide + " answered$")
                .containsPattern("accepted +roll-back +" + wide + " +the test +GenerationsIT .*" + narrow + " answered")
                .containsPattern("refused +promote +g9-nothing ")
                .containsPattern("refused +retire +" + wide + " ")
                .containsPattern("accepted +hand-over +" + narrow + " .*to shadow-learn-from-log");
        String[] diff = {"model", "diff", wide, narrow, "--users", "50", "--k", "10", "--output", "json"};
        JsonNode found = json.readTree(succeeds(cluster, diff));
        assertThat(found.at("/left/generation").asText()).isEqualTo(wide);
        assertThat(found.at("/right/generation").asText()).isEqualTo(narrow);
        assertThat(found.at("/right/step").asLong()).isPositive();
        assertThat(found.path("settings")).anySatisfy(setting -> assertThat(setting.toString())
                .isEqualTo("{\"key\":\"tower.dim\",\"left\":\"64\",\"right\":\"16\"}"));
        assertThat(found.at("/answers/users").asInt()).isEqualTo(50);
        assertThat(found.at("/answers/common").asDouble()).isBetween(0.0, 1.0);
    }

    private void retired(ProgramCluster cluster, HttpProbe recall, String narrow) throws Exception {
        assertThat(succeeds(cluster, "model", "retire", narrow))
                .containsPattern("retired +" + narrow)
                .containsPattern("recordsRemoved +[0-9]{2,}");
        assertThat(succeeds(cluster, "model", "retire", narrow, "--output", "json"))
                .contains("{\"retired\":\"" + narrow + "\",\"again\":true,\"recordsRemoved\":0,");

        assertThat(vectors(cluster.settings().cluster())).doesNotContainKey(narrow);
        await().atMost(PATIENCE).until(() -> !generations(recall).containsKey(narrow));
        assertThat(recall.status("/v1/recall?user=u1&generation=" + narrow)).isEqualTo(404);
        assertThat(recall.status("/v1/recall?user=u1")).isEqualTo(200);
        assertThat(ProgramCluster.ended(cluster.start(SHADOW, "train", "--from", "mini-batches"), 2))
                .contains("generation " + narrow + " is retired");
    }

    private int run(ProgramCluster cluster, String... command) {
        return commands.run(Map.of("kafka.bootstrap.servers", cluster.bootstrapServers()), command);
    }

    private String succeeds(ProgramCluster cluster, String... command) {
        assertThat(run(cluster, command)).as(commands.err()).isZero();
        return commands.out();
    }

    private static void ask(HttpProbe recall, int first, AtomicBoolean isAsking, Queue<JsonNode> answers) {
        try {
            for (int number = first; isAsking.get(); number += CALLERS) {
                answers.add(recall.fetch("/v1/recall?k=10&include-vector=true&user=u" + number % USERS));
            }
        } catch (IOException | InterruptedException failed) {
            throw new IllegalStateException(failed);
        }
    }

    private static String answering(HttpProbe recall) throws Exception {
        return recall.readiness().path("generation").asText();
    }

    private static void awaitServed(HttpProbe recall, String generation) {
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(5)).until(() -> answering(recall)
                .equals(generation));
    }

    private static Map<String, JsonNode> generations(HttpProbe recall) throws Exception {
        Map<String, JsonNode> generations = new HashMap<>();
        recall.readiness()
                .path("generations")
                .forEach(each -> generations.put(each.path("generation").asText(), each));
        return generations;
    }

    /** The same as soon as two looks one second apart see the same: the learners have come to their ends. */
    private static Map<String, Map<String, float[]>> vectorsWhenStill(Cluster cluster) throws InterruptedException {
        Map<String, Map<String, float[]>> seen = vectors(cluster);
        while (true) {
            Thread.sleep(1_000);
            Map<String, Map<String, float[]>> now = vectors(cluster);
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
    private static Map<String, Map<String, float[]>> vectors(Cluster cluster) {
        AvroWire wire = cluster.wire();
        Map<String, Map<String, float[]>> vectors = new HashMap<>();
        try (TopicReader reader = cluster.reader()) {
            for (TopicReader.Extent extent : reader.extents(cluster.topics().itemEmbeddings())) {
                reader.read(extent, extent.first(), record -> {
                    ItemEmbedding embedding =
                            wire.decode(Topic.ITEM_EMBEDDINGS, record).orElseThrow();
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

    private static double product(float[] left, float[] right) {
        double sum = 0;
        for (int at = 0; at < left.length; at++) {
            sum += left[at] * right[at];
        }
        return sum;
    }
}
