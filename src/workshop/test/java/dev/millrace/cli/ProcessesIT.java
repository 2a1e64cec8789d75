package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The parts as processes of their own, as they run beside a cluster. */
@Tag("slow")
class ProcessesIT {

    private static final int EVENTS = 3_000;
    private static final int SIGTERM = 128 + 15;
    private static final int UNAVAILABLE = 69;
    private static final Duration START = Duration.ofSeconds(60);
    private static final Duration STOP = Duration.ofSeconds(40);

    private final HttpClient http = HttpClient.newHttpClient();
    private final ObjectMapper json = new ObjectMapper();
    private final Path directory;

    ProcessesIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void brokerTopicsTrainerServerAndReplayWorkTogetherAndEndOnASignal() throws Exception {
        GeneratedShop shop = GeneratedShop.of(EVENTS);
        try (MillraceProcess broker = start("broker", "broker", "--port", "0")) {
            String bootstrap = broker.awaitOutput("broker (\\S+:\\d+),");

            try (MillraceProcess tooEarly = start("too-early", "train", "--bootstrap-server", bootstrap)) {
                assertThat(tooEarly.awaitExit(START)).isEqualTo(UNAVAILABLE);
                assertThat(tooEarly.output()).contains("topic clicks is missing");
            }
            run("topics", "topics", "create", "--bootstrap-server", bootstrap);

            try (MillraceProcess trainer = start("train", "train", "--bootstrap-server", bootstrap);
                    MillraceProcess server = start(
                            "serve",
                            "serve",
                            "--bootstrap-server",
                            bootstrap,
                            "--set",
                            "serve.port=0",
                            "--set",
                            "serve.popularity-weight=0",
                            "--set",
                            "serve.neighbours-weight=0")) {
                String url = server.awaitOutput("recall API (\\S+)");
                List<String> replay = new ArrayList<>(List.of("replay", "--shop", "--bootstrap-server", bootstrap));
                replay.addAll(List.of("--events", "" + EVENTS, "--speed", "max"));
                replay.addAll(GeneratedShop.OPTIONS);
                run("replay", replay.toArray(String[]::new));

                await().atMost(START)
                        .until(() ->
                                ready(url).path("items").asInt() == shop.items().size());
                String user = shop.clickedItemByUser().firstKey();
                await().atMost(START)
                        .untilAsserted(() -> recallAnswers(
                                url, user, shop.clickedItemByUser().getOrDefault(user, "")));
                await().atMost(START)
                        .untilAsserted(
                                () -> answersAreThoseOfABruteForceSearch(url, user, new ArrayList<>(shop.items())));

                aLearnerFromTheLogEncodesTheSameUserToTheSameBits(bootstrap, url, user);

                trainer.terminate();
                server.terminate();
                assertThat(trainer.awaitExit(STOP)).as(trainer.output()).isEqualTo(SIGTERM);
                assertThat(server.awaitExit(STOP)).as(server.output()).isEqualTo(SIGTERM);
            }
            broker.terminate();
            assertThat(broker.awaitExit(STOP)).as(broker.output()).isEqualTo(SIGTERM);
        }
    }

    @Test
    void whatCannotStartSaysAllThatIsWrongAndExitsByKind() throws Exception {
        // port 1 is reserved, nothing listens there
        try (MillraceProcess noBroker = start(
                        "no-broker",
                        "train",
                        "--bootstrap-server",
                        "127.0.0.1:1",
                        "--set",
                        "stream.startup-timeout=8s");
                MillraceProcess badSettings =
                        start("bad", "train", "--set", "batch.size=1", "--set", "loss.temperature=hot")) {
            assertThat(badSettings.awaitExit(START)).isEqualTo(2);
            assertThat(badSettings.output().lines())
                    .anySatisfy(line -> assertThat(line).startsWith("batch.size = 1: must be "))
                    .anySatisfy(line -> assertThat(line).startsWith("loss.temperature = hot: must be "));
            assertThat(noBroker.awaitExit(START)).isEqualTo(UNAVAILABLE);
            assertThat(noBroker.output())
                    .contains("waiting for a broker at 127.0.0.1:1", "no broker answered at 127.0.0.1:1 within");
        }
    }

    private void aLearnerFromTheLogEncodesTheSameUserToTheSameBits(String bootstrap, String url, String user)
            throws Exception {
        List<String> shadow = new ArrayList<>(List.of("--bootstrap-server", bootstrap));
        for (String topic : List.of("item-embeddings", "model-updates", "generations", "training-progress")) {
            shadow.addAll(List.of("--set", "topic." + topic + ".name=shadow-" + topic));
        }
        shadow.addAll(List.of(
                "--set",
                "serve.port=0",
                "--set",
                "serve.state-dir=shadow-serve",
                "--set",
                "stream.from-log.publish=true",
                "--set",
                "stream.promote=always"));
        run("shadow-topics", with(shadow, "topics", "create"));
        try (MillraceProcess learner = start("shadow-train", with(shadow, "train", "--from", "mini-batches"));
                MillraceProcess server = start("shadow-serve", with(shadow, "serve"))) {
            String shadowUrl = server.awaitOutput("recall API (\\S+)");
            String path = "/v1/recall?include-vector=true&user=" + user;
            await().atMost(START).untilAsserted(() -> {
                assertThat(ready(shadowUrl).path("step")).isEqualTo(ready(url).path("step"));
                assertThat(vector(fetch(shadowUrl + path))).isEqualTo(vector(fetch(url + path)));
            });
            learner.terminate();
            assertThat(learner.awaitExit(STOP)).as(learner.output()).isEqualTo(SIGTERM);
        }
    }

    private static String[] with(List<String> options, String... command) {
        return Stream.concat(Arrays.stream(command), options.stream()).toArray(String[]::new);
    }

    private void recallAnswers(String url, String user, String clicked) throws Exception {
        JsonNode readiness = ready(url);
        JsonNode answer = fetch(url + "/v1/recall?k=10&user=" + user);
        assertThat(scores(answer)).hasSize(10).doesNotContainKey(clicked);
        assertThat(answer.path("generation").asText())
                .isNotEmpty()
                .isEqualTo(readiness.path("generation").asText());
        assertThat(answer.path("step").asLong()).isPositive();
        assertThat(answer.path("coldStart").asBoolean(true)).isFalse();
    }

    private void answersAreThoseOfABruteForceSearch(String url, String user, List<String> items) throws Exception {
        String asked = items.get(0);
        JsonNode similar = fetch(url + "/v1/similar?k=10&item=" + asked);
        JsonNode recall = fetch(url + "/v1/recall?k=10&exclude-seen=false&include-vector=true&user=" + user);
        Map<String, double[]> vectors = new TreeMap<>();
        for (String item : items) {
            vectors.put(item, vector(fetch(url + "/v1/items/" + item)));
        }
        // if the model still learnt while we looked, we look again
        assertThat(ready(url).path("step")).isEqualTo(similar.path("step")).isEqualTo(recall.path("step"));

        hasTheNearest(scores(recall), vector(recall), vectors);
        double[] query = Optional.ofNullable(vectors.remove(asked)).orElseThrow();
        hasTheNearest(scores(similar), query, vectors);
    }

    /** Every score is the vectors' inner product, and no item that was left out has a higher one. */
    private static void hasTheNearest(Map<String, Double> found, double[] query, Map<String, double[]> vectors) {
        double lowest =
                found.values().stream().mapToDouble(Double::doubleValue).min().orElseThrow();
        assertThat(vectors).containsKeys(found.keySet().toArray(String[]::new));
        assertThat(found).hasSize(10);
        vectors.forEach((item, vector) -> {
            double product = product(query, vector);
            if (found.containsKey(item)) {
                assertThat(found.get(item)).as(item).isCloseTo(product, within(1e-5));
            } else {
                assertThat(product).as(item).isLessThanOrEqualTo(lowest + 1e-5);
            }
        });
    }

    private double[] vector(JsonNode answer) {
        return json.convertValue(answer.path("vector"), double[].class);
    }

    private JsonNode ready(String url) throws IOException, InterruptedException {
        return json.readTree(get(url + "/readyz").body());
    }

    private JsonNode fetch(String url) throws IOException, InterruptedException {
        HttpResponse<String> response = get(url);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        return json.readTree(response.body());
    }

    private HttpResponse<String> get(String url) throws IOException, InterruptedException {
        return http.send(HttpRequest.newBuilder(URI.create(url)).build(), HttpResponse.BodyHandlers.ofString());
    }

    private MillraceProcess start(String name, String... arguments) throws IOException {
        return MillraceProcess.start(directory, name, arguments);
    }

    private void run(String name, String... arguments) throws Exception {
        try (MillraceProcess process = start(name, arguments)) {
            assertThat(process.awaitExit(START)).as(process.output()).isZero();
        }
    }

    private static Map<String, Double> scores(JsonNode answer) {
        Map<String, Double> scores = new TreeMap<>();
        answer.path("items")
                .forEach(item -> scores.put(
                        item.path("item").asText(), item.path("score").asDouble()));
        return scores;
    }

    private static double product(double[] left, double[] right) {
        double sum = 0;
        for (int at = 0; at < left.length; at++) {
            sum += left[at] * right[at];
        }
        return sum;
    }
}
