package dev.millrace.replay;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LogSampleTest {

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit fills it
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"tab", "space", ";", "|"})
    void aDelimiterThatAllRowsAgreeOnIsFound(String name) throws IOException {
        String delimiter = name.equals("tab") ? "\t" : name.equals("space") ? " " : name;

        LogSample sample = sample("user,item,at\na,1,5\nb,2,6\n".replace(",", delimiter));

        assertThat(sample.written()).containsExactly(Map.entry("delimiter", name));
        assertThat(sample.columns())
                .containsExactly(
                        new LogSample.Column("user", List.of("a", "b")),
                        new LogSample.Column("item", List.of("1", "2")),
                        new LogSample.Column("at", List.of("5", "6")));
    }

    @Test
    void aDelimiterInsideOfCellsIsNotTakenForOneBetweenThem() throws IOException {
        LogSample sample = sample(
                """
                user,tags,title
                a,x|y|z,"one, two; three"
                b,z,four
                """);

        assertThat(sample.written()).isEmpty();
        assertThat(sample.columns()).extracting(LogSample.Column::name).containsExactly("user", "tags", "title");
        assertThat(sample.columns().get(2).cells()).containsExactly("one, two; three", "four");
    }

    @Test
    void quotesThatAreNeverClosedAreNone() throws IOException {
        LogSample sample = sample("user;size\n" + "a;\"7\nb;\"8\nc;\"9\n".repeat(20));

        assertThat(sample.written()).containsExactly(Map.entry("delimiter", ";"), Map.entry("quote", "none"));
        assertThat(sample.badRows()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"a;1;881250949", "a;b;2026-03-01T09:00:00Z", "a;b;2026-03-01"})
    void aFirstLineWithANumberOrATimeIsNoHeader(String row) throws IOException {
        LogSample sample = sample((row + "\n").repeat(3));

        assertThat(sample.written())
                .containsEntry("header", "false")
                .containsEntry("columns", "column1, column2, column3");
        assertThat(sample.rows()).isEqualTo(3);
    }

    @Test
    void jsonLinesHaveThePathsOfAllRowsAndArraysAreMarked() throws IOException {
        LogSample sample = sample(
                """
                {"user": {"id": "a"}, "tags": ["x", "y"]}
                {"user": {"id": "b", "age": 7}, "tags": []}
                not json
                """);

        assertThat(sample.format()).isEqualTo(DataFormat.JSONL);
        assertThat(sample.columns())
                .containsExactly(
                        new LogSample.Column("user.id", List.of("a", "b")),
                        new LogSample.Column("tags", List.of(LogSample.ARRAY + "x" + LogSample.ARRAY + "y", "")),
                        new LogSample.Column("user.age", List.of("", "7")));
        assertThat(sample.badRows()).isOne();
    }

    @Test
    void onlyTheFirstRowsOfAGzippedFileAreRead() throws IOException {
        Path file = folder.resolve("log.gz");
        try (OutputStream bytes = new GZIPOutputStream(Files.newOutputStream(file))) {
            bytes.write("user,item\na,b\nc,d\ne,f\n".getBytes(StandardCharsets.UTF_8));
        }

        assertThat(LogSample.read(file, 2).isWhole()).isFalse();
        assertThat(LogSample.read(file, 2).rows()).isEqualTo(2);
        assertThat(LogSample.read(file, 3).isWhole()).isTrue();
    }

    @Test
    void rowsThatWouldFillTheMemoryAreNotRead() throws IOException {
        Path file = Files.writeString(
                folder.resolve("log"),
                "user,text\n" + "a,%s\nb,%s\n".formatted("x".repeat(500), "y") + "c,z\n".repeat(9));

        LogSample sample = LogSample.read(file, 100, 600);

        // the first row takes 501 characters, and 72 for each of its cells
        assertThat(sample.rows()).isOne();
        assertThat(sample.isWhole()).isFalse();
        assertThat(sample.columns())
                .allSatisfy(column -> assertThat(column.cells()).hasSize(1));
    }

    @Test
    void aTextThatComesAgainTakesLittleOfTheMemory() throws IOException {
        Path file = Files.writeString(
                folder.resolve("log"),
                "user,text\n" + "a,%s\n".formatted("x".repeat(500)).repeat(20));

        // 645 characters for the first row, and 16 for each other
        assertThat(LogSample.read(file, 100, 660).rows()).isEqualTo(2);
        assertThat(LogSample.read(file, 100, 1_000).isWhole()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"{\"user\": \"a\"}|jsonl", "\\n{\"user\": \"a\"}|jsonl", "user,item\\na,b|csv"})
    void aByteOrderMarkIsNoPartOfTheFirstRow(String text, String format) throws IOException {
        LogSample sample = sample("\ufeff" + text.replace("\\n", "\n") + "\n");

        assertThat(sample.format().label()).isEqualTo(format);
        assertThat(sample.badRows()).isZero();
        assertThat(sample.columns().get(0)).isEqualTo(new LogSample.Column("user", List.of("a")));
    }

    @Test
    void aHeaderMayNameAColumnTwice() throws IOException {
        LogSample sample = sample("user,item,user\na,1,b\n");

        assertThat(sample.written()).isEmpty();
        assertThat(sample.columns()).extracting(LogSample.Column::name).containsExactly("user", "item", "user");
    }

    @Test
    void whatIsNotUtf8IsReadAsLatin1() throws IOException {
        Path file = Files.write(
                folder.resolve("log.csv"), "user,item\nJos\u00e9,b\n".getBytes(StandardCharsets.ISO_8859_1));

        LogSample sample = LogSample.read(file, 10);

        assertThat(sample.written()).containsExactly(Map.entry("charset", "ISO-8859-1"));
        assertThat(sample.columns().get(0).cells()).containsExactly("José");
    }

    private LogSample sample(String text) throws IOException {
        return LogSample.read(Files.writeString(folder.resolve("log"), text), 100_000);
    }
}
