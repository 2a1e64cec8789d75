package dev.millrace.workshop;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.cli.Commands;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Logs of five shapes. In each, 60 users keep to a tenth of 80 items, more or less. */
@Tag("slow")
class InitCommandTest {

    private static final int USERS = 60;
    private static final int ITEMS = 80;
    private static final int ROWS = 2_500;

    private final Commands commands = new Commands();

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit fills it
    Path folder;

    /** The shapes: a row's user, item, epoch seconds, price, time, rating, click, action, country, tag and slot are its values. */
    enum Shape {
        HEADER("csv", "customer_id,sku,price,ordered_at\n", "c%1$d,s-%2$d,%4$.2f,%5$s%n"),
        TABS_WITHOUT_HEADER("csv", "", "%1$d\t10%2$02d\t%6$d\t%3$d%n"),
        JSON_LINES(
                "jsonl",
                "",
                "{\"user\":{\"id\":\"u%1$d\",\"country\":\"k%9$d\"},\"item\":{\"id\":\"i%2$d\",\"tags\":[\"t%10$d\",\"t\"]},"
                        + "\"event\":\"%8$s\",\"ts\":%3$d000}%n"),
        EXPOSURES("csv", "uid;video_id;show_time;is_click;slot\n", "%1$d;%2$d;%3$d000;%7$d;%11$d%n"),
        SESSIONS("csv", "session|product|timestamp\n", "%1$d|%2$d|%3$d000000%n");

        private final String format;
        private final String header;
        private final String row;

        Shape(String format, String header, String row) {
            this.format = format;
            this.header = header;
            this.row = row;
        }

        String row(int at, int user, int item, boolean isClicked) {
            long seconds = 1_700_000_000L + at * 60L;
            return String.format(
                    Locale.ROOT,
                    row,
                    user,
                    item,
                    seconds,
                    5 + item / 7.0,
                    Instant.ofEpochSecond(seconds),
                    1 + at % 5,
                    isClicked ? 1 : 0,
                    isClicked ? "view" : "purchase",
                    user % 4,
                    item / 8,
                    at % 7);
        }
    }

    /** Three commands' worth: what is drafted is taken as it is, and the model learns what popularity cannot. */
    @ParameterizedTest
    @EnumSource
    void aDraftIsTakenAsItIsAndItsModelBeatsPopularity(Shape shape) throws IOException {
        Path log = write(shape);

        assertThat(init(log)).as(commands.err()).isZero();
        Path report = folder.resolve("report.json");
        int status = commands.run(
                "evaluate",
                "--format",
                shape.format,
                "--data",
                folder.toString(),
                "--config",
                folder.resolve("millrace.properties").toString(),
                "--set",
                "batch.size=32",
                "--set",
                "batch.negatives=16",
                "--set",
                "tower.dim=8",
                "--report",
                report.toString());

        assertThat(status).as(commands.err()).isZero();
        JsonNode figures = new ObjectMapper().readTree(report.toFile());
        assertThat(figures.at("/rows/0/R@10/mean").asDouble())
                .isGreaterThan(1.5 * figures.at("/rows/1/R@10/mean").asDouble()); // of popularity
    }

    @Test
    void logsWithoutTimesAreBadData() throws IOException {
        Path log = Files.writeString(folder.resolve("log.csv"), "order,session,item\n1,7,8\n2,7,9\n3,8,9\n");

        assertThat(init(log)).isEqualTo(65);

        assertThat(commands.err().lines()).singleElement().satisfies(line -> assertThat(line)
                .startsWith("cannot tell the column of the time")
                .contains("Weighed: order (3 distinct values in 3 rows)"));
        assertThat(files()).containsExactly("log.csv");
    }

    @Test
    void whatIsThereIsOverwrittenByForceAlone() throws IOException {
        Path log = write(Shape.HEADER);
        Path mapping = Files.writeString(folder.resolve("mapping.properties"), "mine");

        assertThat(init(log)).isEqualTo(2);
        assertThat(commands.err().lines())
                .containsExactly("--out = " + folder + ": has a mapping.properties, which only --force overwrites");
        assertThat(mapping).hasContent("mine");

        assertThat(init(log, "--force")).isZero();
        assertThat(mapping).content().contains("clicks.user = customer_id");
        assertThat(files()).containsExactly("log", "mapping.properties", "millrace.properties");
    }

    @Test
    void programsHaveTheChoicesToo() throws IOException {
        Path log = write(Shape.HEADER);

        assertThat(init(log, "--output", "json")).as(commands.err()).isZero();

        JsonNode draft = new ObjectMapper().readTree(commands.out());
        assertThat(draft.path("format").asText()).isEqualTo("csv");
        assertThat(draft.at("/columns/0/column").asText()).isEqualTo("customer_id");
        assertThat(draft.at("/columns/0/use").asText()).isEqualTo("user");
        assertThat(draft.at("/columns/0/why").asText()).isNotEmpty();
        assertThat(Path.of(draft.path("mapping").asText())).isEqualTo(folder.resolve("mapping.properties"));
        assertThat(Path.of(draft.path("settings").asText())).isNotEmptyFile();
    }

    @Test
    void whatIsUnsureIsSaidOnTheTerminalAndInTheFile() throws IOException {
        assertThat(init(write(Shape.TABS_WITHOUT_HEADER))).isZero();

        String doubt = "UNSURE: no column's name says user, this is by values and place alone";
        assertThat(commands.out()).contains(doubt);
        assertThat(folder.resolve("mapping.properties")).content().contains("# " + doubt);
    }

    /** The mapping is read before it gets its name, as every command reads it. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'log ' | clicks.files = log: no such file; ",
                "'a,b.csv' | LOG = a,b.csv: must be a path without a comma"
            })
    void aMappingThatCouldNotBeReadIsNotWritten(String name, String fault) throws IOException {
        Path log = Files.move(write(Shape.HEADER), folder.resolve(name)); // names of a list are stripped

        assertThat(init(log)).isEqualTo(2);

        assertThat(commands.err()).contains(fault);
        assertThat(files()).containsExactly(name);
    }

    @Test
    void theDraftHasTheLogsPermissions() throws IOException {
        Path log = Files.move(write(Shape.HEADER), folder.resolve("log[1]{x}.csv")); // made as any new file

        assertThat(init(log)).as(commands.err()).isZero();

        for (String name : List.of("mapping.properties", "millrace.properties")) {
            assertThat(Files.getPosixFilePermissions(folder.resolve(name)))
                    .isEqualTo(Files.getPosixFilePermissions(log));
        }
    }

    private int init(Path log, String... more) {
        return commands.run(
                Stream.concat(Stream.of("init", log.toString(), "--out", folder.toString()), Stream.of(more))
                        .toArray(String[]::new));
    }

    private Path write(Shape shape) throws IOException {
        Random random = new Random(1);
        StringBuilder rows = new StringBuilder(shape.header);
        for (int at = 0; at < ROWS; at++) {
            int user = random.nextInt(USERS);
            int liked = user % 10 * 8 + random.nextInt(8);
            boolean isLiked = random.nextInt(5) > 0;
            rows.append(shape.row(at, user, isLiked ? liked : random.nextInt(ITEMS), isLiked));
        }
        return Files.writeString(folder.resolve("log"), rows);
    }

    private Stream<String> files() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> String.valueOf(file.getFileName())).sorted().toList().stream();
        }
    }
}
