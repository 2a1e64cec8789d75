package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.File;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The default engine needs no native library but RocksDB's. */
@Tag("slow")
class WithoutNativesIT {

    private static final int EVENTS = 3_000;
    private static final Duration PATIENCE = Duration.ofSeconds(90);
    private static final MillraceProcess.Launch LAUNCH = MillraceProcess.Launch.PROGRAM.onClassPath(
            Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                    .filter(entry -> !isNative(Path.of(entry).getFileName().toString()))
                    .collect(Collectors.joining(File.pathSeparator)));

    private final Path directory;

    WithoutNativesIT(@TempDir Path directory) {
        this.directory = directory;
    }

    private static boolean isNative(String jar) {
        return jar.startsWith("nd4j-native") || jar.startsWith("openblas") || jar.startsWith("javacpp");
    }

    @Test
    void demoLearns() throws Exception {
        List<String> arguments = new ArrayList<>(List.of("demo", "--until-end", "--speed", "max", "--dir", "demo"));
        arguments.addAll(List.of("--events", "" + EVENTS, "--set", "serve.port=0"));
        arguments.addAll(GeneratedShop.OPTIONS);

        try (MillraceProcess demo = start("demo", arguments)) {
            assertThat(demo.awaitExit(PATIENCE)).as(demo.output()).isZero();
        }
    }

    @Test
    void trainerAndServerAnswer() throws Exception {
        GeneratedShop shop = GeneratedShop.of(EVENTS);
        String user = shop.clickedItemByUser().firstKey();
        try (MillraceProcess broker = start("broker", List.of("broker", "--port", "0"))) {
            String bootstrap = broker.awaitOutput("broker (\\S+:\\d+),");
            List<String> at = List.of("--bootstrap-server", bootstrap);
            try (MillraceProcess topics = start("topics", joined(List.of("topics", "create"), at))) {
                assertThat(topics.awaitExit(PATIENCE)).as(topics.output()).isZero();
            }
            try (MillraceProcess trainer = start("train", joined(List.of("train"), at));
                    MillraceProcess server = start("serve", joined(List.of("serve", "--set", "serve.port=0"), at));
                    MillraceProcess replay = start(
                            "replay",
                            joined(
                                    List.of("replay", "--shop", "--events", "" + EVENTS, "--speed", "max"),
                                    joined(at, GeneratedShop.OPTIONS)))) {
                String url = server.awaitOutput("recall API (\\S+)");
                assertThat(replay.awaitExit(PATIENCE)).as(replay.output()).isZero();
                await().atMost(PATIENCE)
                        .untilAsserted(() -> assertThat(answer(url, user).statusCode())
                                .as(trainer.output())
                                .isEqualTo(200));
            }
        }
    }

    @Test
    void nd4jSaysWhatIsMissing() throws Exception {
        try (MillraceProcess evaluate = start("nd4j", List.of("train", "--set", "model.engine=nd4j"))) {
            assertThat(evaluate.awaitExit(PATIENCE)).as(evaluate.output()).isEqualTo(2);
            assertThat(evaluate.output()).contains("model.engine = nd4j: needs");
        }
    }

    private MillraceProcess start(String name, List<String> arguments) throws Exception {
        return MillraceProcess.start(LAUNCH, directory, name, arguments.toArray(String[]::new));
    }

    private static List<String> joined(List<String> first, List<String> second) {
        List<String> all = new ArrayList<>(first);
        all.addAll(second);
        return all;
    }

    private static HttpResponse<String> answer(String url, String user) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(url + "/v1/recall?k=5&user=" + user))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }
}
