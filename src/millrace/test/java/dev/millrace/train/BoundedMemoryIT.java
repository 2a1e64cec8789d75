package dev.millrace.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Users and items that each come once fill a heap of 512 MB no further than their bounds, however many there are:
 * {@code -Dfaults.ids=} says how many.
 */
@Tag("fault")
@Tag("slow")
class BoundedMemoryIT {

    private static final long IDS = Long.getLong("faults.ids", 200_000);
    private static final int MAX_ROWS = 10_000;
    private static final int MAX_ITEMS = 10_000;
    private static final long MILLION = 1_000_000;

    private final Path directory;

    BoundedMemoryIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @ParameterizedTest(name = "rows after {0} sightings")
    @ValueSource(ints = {1, 2})
    void idsThatComeOnceFillItNoFurtherThanItsBounds(int admitAfter) throws Exception {
        long ids = admitAfter == 1 ? IDS : Math.min(IDS, MILLION); // one of them at length
        List<Figures> figures = run(admitAfter, ids);

        figures.forEach(figure -> System.out.println(figure.line()));
        Figures last = figures.get(figures.size() - 1);
        assertThat(last.value("ids")).isEqualTo(ids);
        // two tables; items that examples named, and those of the last batch
        assertThat(last.value("rows")).isLessThanOrEqualTo(2 * MAX_ROWS);
        assertThat(last.value("items")).isBetween((long) MAX_ITEMS, MAX_ITEMS + 512L);
        // an id is a fifth of a second, a user stays for half an hour: 9,000 users, and the 128 that the clock is
        // behind,
        // some more until timers run
        assertThat(last.value("users told")).isBetween(9_128L, 9_228L);
        // a user: state, timer and contributions; for ten minutes, which are 3,000 ids, exposure, seen click and their
        // timers
        assertThat(last.value("user entries")).isLessThan(3 * 9_228 + 5 * 3_228);
        // a row takes some 100 bytes here, an item and its two counts some 200, the sightings 1 MB a table
        assertThat(last.value("bytes")).isLessThan(9 * MILLION);
        assertThat(last.value("heap")).isLessThan(100 * MILLION);
        // and it stands still: what the first half filled, the second did not fill further
        List<Figures> half = figures.subList(0, figures.size() / 2);
        assertThat(last.value("heap")).isLessThan(most(half, "heap") * 11 / 10 + 5 * MILLION);
        assertThat(last.value("bytes")).isLessThan(most(half, "bytes") * 11 / 10 + MILLION);
        if (admitAfter > 1) {
            assertThat(last.value("waiting")).isGreaterThan(ids);
        } else {
            // users' rows; items' go with the items
            assertThat(last.value("displaced")).isGreaterThan(ids - 2 * MAX_ROWS);
        }
    }

    private static long most(List<Figures> figures, String name) {
        return figures.stream().mapToLong(figure -> figure.value(name)).max().orElseThrow();
    }

    private List<Figures> run(int admitAfter, long ids) throws IOException, InterruptedException {
        Path out = directory.resolve("out.txt");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-XX:+UseSerialGC",
                "-cp",
                System.getProperty("java.class.path"),
                OnceSeenIds.class.getName(),
                Long.toString(ids)));
        Stream.of(
                        "table.admit-after=" + admitAfter,
                        "table.max-rows=" + MAX_ROWS,
                        "catalogue.max-unannounced=" + MAX_ITEMS,
                        "users.expire-after=30m",
                        "attribution.window=5m",
                        "attribution.deduplication-window=10m",
                        "batch.size=512",
                        "batch.negatives=64",
                        "tower.dim=8",
                        "tower.user.hidden=8",
                        "tower.item.hidden=8",
                        "exam.budget=0")
                .forEach(command::add);
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(out.toFile());
        builder.environment().put("OMP_NUM_THREADS", "1");
        builder.environment().put("OPENBLAS_NUM_THREADS", "1");
        builder.environment().put("OPENBLAS_CORETYPE", "Haswell");
        Process process = builder.start();
        boolean hasEnded = process.waitFor(Duration.ofMinutes(2).plusMillis(ids).toMillis(), TimeUnit.MILLISECONDS);
        process.destroyForcibly();
        String printed = Files.readString(out);
        assertThat(hasEnded).as(printed).isTrue();
        assertThat(process.exitValue()).as(printed).isZero();
        return printed.lines()
                .filter(line -> line.startsWith("ids "))
                .map(Figures::new)
                .toList();
    }

    /** One report line. */
    private record Figures(String line) {

        /** The number behind a name; {@code bytes} are the learner's. */
        long value(String name) {
            Matcher found = Pattern.compile(
                            name.equals("bytes") ? "learner entries \\d+ of (\\d+) bytes" : name + " (\\d+)")
                    .matcher(line);
            assertThat(found.find()).as(name + " in " + line).isTrue();
            return Long.parseLong(found.group(1));
        }
    }
}
