package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MetricsReferenceTest {

    private static final Path SOURCES = Path.of("src/millrace/main/java/dev/millrace");

    @ParameterizedTest
    @CsvSource({
        "app/TrainMetrics.java, docs/operations.md",
        "app/BooksMetrics.java, docs/operations.md",
        "app/InputWatch.java, docs/operations.md",
        "app/StandingTransactions.java, docs/operations.md",
        "app/StandingTransactions.java, docs/api.md",
        "stream/run/StreamRunner.java, docs/operations.md",
        "stream/run/ApplicationMetrics.java, docs/operations.md",
        "app/VerificationMetrics.java, docs/api.md",
        "serve/ServeMetrics.java, docs/api.md",
        "serve/HttpMetrics.java, docs/api.md",
        "ingest/IngestServer.java, docs/api.md"
    })
    void everyMetricThatTheProgramGivesIsDocumented(String source, String page) throws IOException {
        SortedSet<String> given = found("\"(millrace\\.[a-z.]+)\"", Files.readString(SOURCES.resolve(source)));
        SortedSet<String> documented = found("(millrace_[a-z_]+)", Files.readString(Path.of(page)));

        assertThat(given).isNotEmpty();
        assertThat(given).allSatisfy(name -> assertThat(documented).anySatisfy(written -> assertThat(written)
                .matches(name.replace('.', '_') + "(_seconds|_bytes|_total)?")));
    }

    private static SortedSet<String> found(String pattern, String text) {
        SortedSet<String> found = new TreeSet<>();
        Matcher matcher = Pattern.compile(pattern).matcher(text);
        while (matcher.find()) {
            found.add(matcher.group(1));
        }
        return found;
    }
}
