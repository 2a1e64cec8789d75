package dev.millrace.workshop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.cli.Millrace;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class EvaluateCommandIT {

    private static final int BY_SIGTERM = 128 + 15;

    @Test
    void aSignalEndsItWithWhatWasRankedUntilThen() throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--add-modules",
                        "jdk.incubator.vector",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Millrace.class.getName(),
                        "evaluate",
                        "--events",
                        "60000",
                        "--mixture-clicks",
                        "10")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();

        String before;
        String after;
        try (BufferedReader out = process.inputReader(StandardCharsets.UTF_8)) {
            before = out.lines()
                    .takeWhile(line -> !line.startsWith("| popularity "))
                    .collect(Collectors.joining("\n"));
            boolean unused = process.toHandle().destroy(); // the second model has just begun to learn
            after = out.lines().collect(Collectors.joining("\n"));
        }

        assertThat(before).contains("| model ");
        assertThat(after).contains("| model, mixture of the first 10 clicks ").endsWith("- isStopped: true");
        assertThat(process.waitFor()).isEqualTo(BY_SIGTERM);
    }
}
