package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.model.engine.Engine;
import dev.millrace.train.Trainer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example of docs/library.md, in a process whose class path has this program's own classes alone: no Kafka, no Jetty, no ND4J. */
@Tag("slow")
class LibraryIT {

    private static final String EXAMPLE = "src/example/java/InOneProcess.java";
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final Pattern RECALLS =
            Pattern.compile("(?m)^ *([\\d,]+) exposures  Recall@10 (\\S+)  popularity (\\S+)$");

    private final Path directory;

    LibraryIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void theExampleBeatsPopularity() throws Exception {
        String plain = example("plain", List.of());
        String vectors = example("vectors", List.of("--add-modules", Engine.VECTOR_API));

        List<MatchResult> recalls = RECALLS.matcher(plain).results().toList();
        assertThat(recalls).as(plain).hasSize(6);
        for (MatchResult recall : recalls.subList(1, recalls.size())) { // at first, neither knows anything
            assertThat(Double.parseDouble(recall.group(2)))
                    .as(recall.group())
                    .isGreaterThan(2 * Double.parseDouble(recall.group(3)));
        }
        assertThat(plain).containsPattern("(?m)(^u7 i\\d+ +-?\\d\\.\\d{3}\n){5}");
        assertThat(RECALLS.matcher(vectors).results().map(MatchResult::group))
                .containsExactlyElementsOf(
                        recalls.stream().map(MatchResult::group).toList());
    }

    private String example(String name, List<String> options) throws Exception {
        List<String> all = new ArrayList<>(options);
        all.add("-Xmx512m");
        Path own = Path.of(Trainer.class
                .getProtectionDomain()
                .getCodeSource()
                .getLocation()
                .toURI());
        MillraceProcess.Launch launch = new MillraceProcess.Launch(
                Path.of(System.getProperty("java.home")),
                own.toString(),
                Path.of(EXAMPLE).toAbsolutePath().toString(),
                all,
                Map.of());
        try (MillraceProcess process = MillraceProcess.start(launch, directory, name)) {
            assertThat(process.awaitExit(PATIENCE)).as(process.output()).isZero();
            return process.output();
        }
    }
}
