package dev.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.bench.ScaleBench.Point;
import dev.millrace.bench.TimedLearner.Cost;
import dev.millrace.settings.SettingsReader;
import dev.millrace.train.TrainerSettings;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
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
        StringWriter printed = new StringWriter();
        Path drawing = directory.resolve("scale.svg");

        new ScaleBench(settings, reader.effective(), new PrintWriter(printed))
                .run(
                        new ScaleBench.Plan(List.of(100, 50, 50), List.of(60), 40, 6, LONG, true, false, STORE_BYTES),
                        Optional.of(drawing));

        assertThat(printed.toString())
                .contains("batch.size = 8", "exam.popularity-half-life = 6h", "publish.max-age", "heap")
                .contains("the wall clock");
        List<List<String>> lines = printed.toString()
                .lines()
                .filter(line -> line.contains("x |"))
                .map(line -> List.of(line.strip().split("[ |]+")))
                .toList();
        // items, users, rows, batch, exam, exams of steps: of so few items every batch is examined
        assertThat(lines)
                .extracting(line -> line.subList(0, 3))
                .containsExactly(List.of("50", "40", "90"), List.of("100", "40", "140"), List.of("40", "60", "100"));
        assertThat(lines).extracting(line -> line.get(5)).containsOnly("6/6");
        String svg = Files.readString(drawing);
        assertThat(svg)
                .contains(
                        "items, beside 40 users", "users, beside 40 items", ">step<", ">exam<", ">publish<", ">drain<");
        assertThat(svg.split("<circle", -1)).hasSize(1 + 3 * 4); // four lines through three points
    }

    @Test
    void onDiskRowsBeyondTheCacheAreReadFromTheStore() throws IOException {
        SettingsReader reader = new SettingsReader(Map.of("batch.size", "8", "table.cache-bytes", "1048576"));
        StringWriter printed = new StringWriter();

        new ScaleBench(TrainerSettings.read(reader), reader.effective(), new PrintWriter(printed))
                .run(
                        new ScaleBench.Plan(List.of(50), List.of(), 20_000, 40, LONG, true, true, STORE_BYTES),
                        Optional.empty()); // 20,000 rows of 64 floats take some nine times the cache

        String line = printed.toString()
                .lines()
                .filter(one -> one.contains("x |"))
                .findFirst()
                .orElseThrow();
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

    private static Point point(int items, long heapBytes) {
        Map<Cost, Double> millis =
                Map.of(Cost.BATCH, 1.0, Cost.EXAM, 2.0, Cost.STEP, 3.0, Cost.PUBLISH, 4.0, Cost.DRAIN, 5.0);
        return new Point(items, 500, millis, heapBytes);
    }
}
