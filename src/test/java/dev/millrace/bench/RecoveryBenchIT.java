package dev.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RecoveryBenchIT {

    private static final String PROGRAM = "dev.millrace.cli.Millrace";

    @Test
    void aKilledLearnerIsSeenToComeBack(@TempDir Path directory) throws IOException, InterruptedException {
        ToldReport told = new ToldReport();
        List<String> launcher = List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx768m",
                "-XX:TieredStopAtLevel=1", // so that it starts soon
                "-Djava.io.tmpdir=" + directory,
                "-cp",
                System.getProperty("java.class.path"),
                PROGRAM);

        new RecoveryBench(directory, launcher, told.report()).run(2_000, 1, true);

        assertThat(told.lines())
                .singleElement()
                .asString()
                .matches("rows 2,000  transactional stores on  round 1  running after [0-9.]+ s  "
                        + "learnt again after [0-9.]+ s  restored [0-9,]+ records");
        JsonNode round = told.found().path("rounds").path(0);
        assertThat(round.path("areStoresTransactional").isBoolean()).isTrue();
        assertThat(round.path("learntAgainSeconds").asDouble())
                .isGreaterThanOrEqualTo(round.path("runningSeconds").asDouble());
        assertThat(told.reached()).containsExactly("the table is learnt 0 of 1", "kills 0 of 1", " 1 of 1");
    }
}
