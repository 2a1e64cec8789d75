package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The page of a model that several learners share, in a real browser. */
@Tag("slow")
class ShardsPageIT {

    private static final List<String> SHARDS =
            List.of("learn.shards=2", "train.http.port=-1", "serve.port=0", "batch.size=16");
    private static final String ROWS = "[...document.querySelectorAll('#shards-table tbody tr')]";

    private final Path directory;

    ShardsPageIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void eachLearnerHasItsRowWithWhatItHasLearntAndHowOldItsCopyWas() throws Exception {
        Optional<Path> installed = Chromium.installed();
        assumeThat(installed.isPresent() || System.getenv("CI") != null).isTrue();
        try (ProgramCluster cluster = new ProgramCluster(directory)) {
            ProgramCluster.ended(cluster.start(SHARDS, "topics", "create"), 0);
            MillraceProcess trainer = cluster.start(SHARDS, "train");
            MillraceProcess server = cluster.start(SHARDS, "serve");
            cluster.run(GeneratedShop.replay(2_000));
            try (Chromium browser =
                    Chromium.start(installed.orElseThrow(), Files.createDirectory(directory.resolve("profile")))) {
                browser.open(server.awaitOutput("recall API (\\S+)"), 900, 1_000, false);

                browser.awaitTrue(ROWS + ".length === 2");
                // learner, learnt, rate, waiting, rounds late
                browser.awaitTrue(ROWS + ".every((row, at) => row.cells[0].textContent === String(at)"
                        + " && Number(row.cells[1].textContent) > 0 && /^\\d+$/.test(row.cells[4].textContent))");
                browser.awaitTrue("/^Round \\d+ /.test(document.getElementById('rounds').textContent)");
                browser.awaitTrue("!document.getElementById('shards-link').hidden");
                browser.resize(390, 1_000, true);
                browser.awaitTrue("document.documentElement.scrollWidth <= 390"); // its table scrolls by itself
                assertThat(browser.complaints()).isEmpty();
            }
            assertThat(trainer.isAlive()).isTrue();
        }
    }
}
