package dev.millrace.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.app.MillraceSettings;
import dev.millrace.bench.SyntheticEmbeddings;
import dev.millrace.cli.HttpProbe;
import dev.millrace.cli.MillraceProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A server with a million vectors to read, and one that is killed. */
@Tag("fault")
@Tag("long")
class ServerIT {

    private static final int ITEMS = 1_000_000;
    private static final Duration PATIENCE = Duration.ofMinutes(4);

    @Test
    void f32_newServersAnswerOnceTheyHaveReadAll() throws Exception {
        SeededStream stream = new SeededStream(1, 2_000);
        try (Experiment run = Experiment.begin("F32", "server: cold start with 1,000,000 vectors, SIGKILL", 1)) {
            run.load(stream);
            run.train();
            run.awaitStep(10);
            run.stopTrainers();
            MillraceSettings settings = run.settings();
            SyntheticEmbeddings many = new SyntheticEmbeddings(
                    settings.clients(),
                    settings.topics().names(),
                    settings.cluster().wire(),
                    settings.trainer().model().dim(),
                    Experiment.SEED);
            many.write(ITEMS, settings.trainer().model().generationName(), run.step());
            run.note("wrote " + ITEMS + " vectors");

            // killed while it reads, while it answers, and left
            try (MillraceProcess reading = serve(run, "serve-1")) {
                HttpProbe recall = new HttpProbe(reading.awaitOutput("recall API (\\S+)"));
                TimeUnit.MILLISECONDS.sleep(500 + run.random().nextInt(2_000));
                assertThat(recall.status("/readyz")).isEqualTo(503);
                assertThat(recall.status("/v1/recall?user=u1")).isEqualTo(503);
                reading.kill();
                run.note("killed while it reads");
            }
            try (MillraceProcess answering = serve(run, "serve-2")) {
                awaitReady(run, answering);
                answering.kill();
                run.note("killed while it answers");
            }
            try (MillraceProcess server = serve(run, "serve-3")) {
                HttpProbe recall = awaitReady(run, server);
                Map<String, float[]> vectors = new HashMap<>();
                for (int number = 0; number < ITEMS; number++) {
                    vectors.put(SyntheticEmbeddings.item(number), many.vector(number));
                }
                // vectors of the trained model are near nothing here: they cannot be among the first
                for (int number : new int[] {0, 77_777, 999_999}) {
                    String asked = SyntheticEmbeddings.item(number);
                    assertThat(Judgement.answersTheNearest(recall, asked, vectors))
                            .as("nearest of " + asked)
                            .isTrue();
                }
                run.note(String.format(
                        Locale.ROOT,
                        "resident memory %,d MB, heap at most 1,200 MB",
                        server.residentKilobytes() / 1024));
            }
            run.passed("503 until all was read; nearest of 3 items = exact search over 1,000,000 vectors");
        }
    }

    private static MillraceProcess serve(Experiment run, String name) throws IOException {
        run.note(name + " starts");
        return MillraceProcess.start(
                MillraceProcess.Launch.PROGRAM.with(List.of("-Xmx1200m")),
                run.directory(),
                name,
                run.arguments("serve"));
    }

    private static HttpProbe awaitReady(Experiment run, MillraceProcess server) throws Exception {
        HttpProbe recall = new HttpProbe(server.awaitOutput("recall API (\\S+)"));
        await("the server is ready")
                .atMost(PATIENCE)
                .pollInterval(Duration.ofMillis(100))
                .until(() -> {
                    int status = recall.status("/v1/recall?user=u1");
                    boolean isReady = recall.isReady();
                    // whoever asks before it is ready is told so
                    assertThat(isReady || status == 503).isTrue();
                    return isReady;
                });
        assertThat(recall.readiness().path("items").asInt()).isGreaterThanOrEqualTo(ITEMS);
        run.note("ready");
        return recall;
    }
}
