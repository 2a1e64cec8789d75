package dev.millrace.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** What was found by fuzzing stays mended. */
@Tag("slow")
class CorpusTest {

    private static final int MOST_FILES = 200;
    private static final long MOST_BYTES = 1 << 20;

    @TestFactory
    Stream<DynamicTest> everyInputThatIsKeptKeepsThePromises() throws IOException {
        return files().stream()
                .map(file -> DynamicTest.dynamicTest(
                        Corpus.DIRECTORY.relativize(file).toString(), () -> {
                            String target = String.valueOf(
                                    Corpus.DIRECTORY.relativize(file).getName(0));
                            Objects.requireNonNull(Corpus.TARGETS.get(target), target)
                                    .read(Files.readAllBytes(file));
                        }));
    }

    @Test
    void everyTargetHasInputsAndAllAreSmall() throws IOException {
        List<Path> files = files();

        assertThat(files.stream()
                        .map(file ->
                                String.valueOf(Corpus.DIRECTORY.relativize(file).getName(0))))
                .containsAll(Corpus.TARGETS.keySet())
                .hasSizeLessThanOrEqualTo(MOST_FILES);
        assertThat(files.stream().mapToLong(file -> file.toFile().length()).sum())
                .isLessThanOrEqualTo(MOST_BYTES);
    }

    private static List<Path> files() throws IOException {
        try (Stream<Path> files = Files.walk(Corpus.DIRECTORY)) {
            return files.filter(Files::isRegularFile)
                    .filter(file -> !file.startsWith(RedTeam.KEPT)) // RedTeamTest replays these
                    .sorted()
                    .toList();
        }
    }
}
