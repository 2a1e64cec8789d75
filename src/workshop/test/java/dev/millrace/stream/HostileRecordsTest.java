package dev.millrace.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.cli.MillraceProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** No record of any topic ends a process, whatever it claims to hold. */
@Tag("slow")
class HostileRecordsTest {

    private static final long SEED = 12;
    private static final int RECORDS = 100_000;

    @Test
    void hostileRecordsNeedNoLargeHeap(@TempDir Path directory) throws IOException, InterruptedException {
        MillraceProcess.Launch small = MillraceProcess.Launch.PROGRAM
                .of(HostileRecords.class)
                .with(List.of("-Xmx256m", "-XX:TieredStopAtLevel=1", "-XX:+ExitOnOutOfMemoryError"));

        try (MillraceProcess process = MillraceProcess.start(
                small, directory, "hostile", directory.toString(), Long.toString(SEED), Integer.toString(RECORDS))) {
            int code = process.awaitExit(Duration.ofMinutes(5));

            System.out.println(process.output());
            assertThat(code).as(process.output()).isZero();
            assertThat(process.output()).contains("all " + RECORDS + " read or refused");
        }
    }
}
