package dev.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.bench.ScaleBench.Point;
import dev.millrace.bench.TimedLearner.Cost;
import dev.millrace.settings.SettingsReader;
import dev.millrace.train.TrainerSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ScaleBenchTest {

    private static final long STORE_BYTES = 16 << 20;
    private static final Duration LONG = Duration.ofMinutes(5);

    @Test
    void eachSizeIsALineAndAPointOfTheDrawing(@TempDir Path directory) throws IOException {
        SettingsReader reader = new SettingsReader(Map.of("batch.size", "8"));
        TrainerSettings settings = TrainerSettings.read(reader);
        ToldReport told = new ToldReport();
        Path drawing = directory.resolve("scale.svg");

        new ScaleBench(settings, reader.effective(), told.report())
                .run(
                        new ScaleBench.Plan(List.of(100, 50, 50), List.of(60), 40, 6, LONG, true, false, STORE_BYTES),
                        Optional.of(drawing));

        assertThat(told.text())
                .contains("batch.size = 8", "exam.popularity-half-life = 6h", "publish.max-age", "heap")
                .contains("the wall clock");
        List<List<String>> lines = told.lines()
                .filter(line -> line.contains("x |"))
                .map(line -> List.of(line.strip().split("[ |]+")))
                .toList();
        // items, users, rows, batch, exam, exams of steps: of so few items every batch is examined
        assertThat(lines)
                .extracting(line -> line.subList(0, 3))
                .containsExactly(List.of("50", "40", "90"), List.of("100", "40", "140"), List.of("40", "60", "100"));
        assertThat(lines).extracting(line -> line.get(5)).containsOnly("6/6");
        assertThat(ToldReport.rows(told.found().path("sizes")).map(ScaleBenchTest::line))
                .isEqualTo(lines);
        assertThat(told.found().path("settings").path("batch.size").asText()).isEqualTo("8");
        assertThat(told.reached())
                .containsExactly(
                        "warming up 0 of 3", "50 items 0 of 3", "100 items 1 of 3", "60 users 2 of 3", " 3 of 3");
        String svg = Files.readString(drawing);
        assertThat(svg)
                .contains(
                        "items, beside 40 users", "users, beside 40 items", ">step<", ">exam<", ">publish<", ">drain<");
        assertThat(svg.split("<circle", -1)).hasSize(1 + 3 * 4); // four lines through three points
    }

    @Test
    void onDiskRowsBeyondTheCacheAreReadFromTheStore() throws IOException {
        SettingsReader reader = new SettingsReader(Map.of("batch.size", "8", "table.cache-bytes", "1048576"));
        ToldReport told = new ToldReport();

        new ScaleBench(TrainerSettings.read(reader), reader.effective(), told.report())
                .run(
                        new ScaleBench.Plan(List.of(50), List.of(), 20_000, 40, LONG, true, true, STORE_BYTES),
                        Optional.empty()); // 20,000 rows of 64 floats take some nine times the cache

        String line =
                told.lines().filter(one -> one.contains("x |")).findFirst().orElseThrow();
        assertThat(Integer.parseInt(line.strip().split("[ |]+")[12])).isPositive(); // rows read a step
    }

    @Test
    void theHeapOfASizeIsOnTheLineThroughTheTwoBefore() {
        Point thousand = point(1_000, 10_000_000);
        Point tenThousand = point(10_000, 28_000_000);

        assertThat(ScaleBench.expectedHeap(1_000, List.of(), Point::items)).isZero();
        assertThat(ScaleBench.expectedHeap(10_000, List.of(thousand), Point::items))
                .isEqualTo(100_000_000);
        // 18 MB for 9,000 items are 2,000 bytes each, beside 8 MB
        assertThat(ScaleBench.expectedHeap(100_000, List.of(thousand, tenThousand), Point::items))
                .isEqualTo(208_000_000);
    }

    @Test
    void aPanelWithoutSizesIsLeftOut() {
        ScaleBench.Plan plan = new ScaleBench.Plan(List.of(1_000), List.of(), 500, 1, LONG, false, false, STORE_BYTES);

        LineChart chart = ScaleBench.chart(plan, List.of(point(1_000, 1)), List.of());

        assertThat(chart.panels()).extracting(LineChart.Panel::title).containsExactly("items, beside 500 users");
        assertThat(chart.unit()).isEqualTo("CPU ms");
        assertThat(chart.panels().get(0).lines())
                .containsExactly(
                        new LineChart.Line("step", List.of(3.0)),
                        new LineChart.Line("exam", List.of(2.0)),
                        new LineChart.Line("publish", List.of(4.0)),
                        new LineChart.Line("drain", List.of(5.0)));
    }

    /** The line of a row, from the figures that programs get. */
    private static List<String> line(JsonNode row) {
        return List.of(String.format(
                        Locale.ROOT,
                        "%,d %,d %,d %.2f %.2f %d/%d %.2f %.2f %,.0f %.2f %.0f %,.0f %,.0f %.1f%% %.2fx %,.0f %,.0f %,.0f",
                        row.path("items").asInt(),
                        row.path("users").asInt(),
                        row.path("rows").asInt(),
                        row.path("batchMillis").asDouble(),
                        row.path("examMeanMillis").asDouble(),
                        row.path("exams").asInt(),
                        row.path("steps").asInt(),
                        row.path("stepMillis").asDouble(),
                        row.path("publishMillis").asDouble(),
                        row.path("vectorsAStep").asDouble(),
                        row.path("drainMillis").asDouble(),
                        row.path("bytesAStep").asDouble() / 1e3,
                        row.path("rowsLearntAStep").asDouble(),
                        row.path("rowsReadAStep").asDouble(),
                        100 * row.path("hitShare").asDouble(),
                        row.path("notStepRatio").asDouble(),
                        row.path("heapBytes").asDouble() / 1e6,
                        row.path("examplesPerSecond").asDouble(),
                        row.path("examplesPerWallSecond").asDouble())
                .split(" "));
    }

    private static Point point(int items, long heapBytes) {
        Map<Cost, Double> millis =
                Map.of(Cost.BATCH, 1.0, Cost.EXAM, 2.0, Cost.STEP, 3.0, Cost.PUBLISH, 4.0, Cost.DRAIN, 5.0);
        return new Point(items, 500, millis, heapBytes);
    }
}
