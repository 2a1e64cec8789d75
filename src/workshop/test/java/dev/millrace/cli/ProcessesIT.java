package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The parts as processes of their own, as they run beside a cluster, without any native library but RocksDB's. */
@Tag("slow")
class ProcessesIT {
    private static final int EVENTS = 3_000;
    private static final int SIGTERM = 128 + 15;
    private static final int UNAVAILABLE = 69;
    private static final MillraceProcess.Launch WITHOUT_NATIVES = MillraceProcess.Launch.PROGRAM.onClassPath(
            Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                    .filter(entry -> !entry.matches(".*/(nd4j-native|openblas|javacpp)[^/]*"))
                    .collect(Collectors.joining(File.pathSeparator)));

    @Test
    void processesWorkTogetherAndEndOnASignal(@TempDir Path directory) throws Exception {
        GeneratedShop shop = GeneratedShop.of(EVENTS);
        String user = shop.clickedItemByUser().firstKey();
        try (ProgramCluster cluster = new ProgramCluster(WITHOUT_NATIVES, directory)) {
            assertThat(ProgramCluster.ended(cluster.start("train"), UNAVAILABLE))
                    .contains("topic clicks is missing");
            cluster.run("topics", "create");
            MillraceProcess trainer = cluster.start(List.of("train.http.port=0"), "train");
            MillraceProcess server = cluster.start(List.of("serve.port=0"), "serve");
            HttpProbe recall = new HttpProbe(server.awaitOutput("recall API (\\S+)"));
            cluster.run(GeneratedShop.replay(EVENTS));

            await().atMost(ProgramCluster.PATIENCE)
                    .until(() -> recall.readiness().path("items").asInt()
                            == shop.items().size());
            await().atMost(ProgramCluster.PATIENCE).untilAsserted(() -> {
                JsonNode answer = recall.fetch("/v1/recall?k=10&user=" + user);
                assertThat(answer.path("items").findValuesAsText("item"))
                        .hasSize(10)
                        .doesNotContain(shop.clickedItemByUser().getOrDefault(user, ""));
                assertThat(answer.path("generation"))
                        .isEqualTo(recall.readiness().path("generation"));
                assertThat(answer.path("step").asLong()).isPositive();
                assertThat(answer.path("coldStart").asBoolean(true)).isFalse();
            });

            for (MillraceProcess each : List.of(trainer, server, cluster.broker())) {
                each.terminate();
                ProgramCluster.ended(each, SIGTERM);
            }
        }
    }
}
