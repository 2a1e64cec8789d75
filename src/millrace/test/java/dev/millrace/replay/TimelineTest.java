package dev.millrace.replay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;

class TimelineTest {

    private static final long BASE = 1_650_000_000_000L;
    private static final RowFormat FORMAT =
            new RowFormat.Csv(',', Optional.of('"'), List.of("offset", "delay"), StandardCharsets.UTF_8);

    @Property(tries = 100)
    void eventsComeByTimeAndTiesByFile(
            @ForAll @Size(max = 60) List<@IntRange(max = 12) Integer> first,
            @ForAll @Size(max = 60) List<@IntRange(max = 12) Integer> second)
            throws IOException {
        Timeline timeline = timeline(first, second);

        List<String> came;
        try (Stream<ReplayEvent> events = timeline.sortedInMemory(TimelineTest::fail)) {
            came = events.filter(ReplayEvent::isInteraction)
                    .map(event -> event instanceof ReplayEvent.ItemClick click
                            ? "clicked " + click.click().id()
                            : "shown "
                                    + ((ReplayEvent.ItemExposure) event)
                                            .exposure()
                                            .id())
                    .toList();
        }

        assertThat(came).isEqualTo(reference(first, second));
    }

    @Property(tries = 100)
    void sortedFilesGiveTheSameStreamedAsInMemory(
            @ForAll @Size(max = 60) List<@IntRange(max = 12) Integer> first,
            @ForAll @Size(max = 60) List<@IntRange(max = 12) Integer> second)
            throws IOException {
        Timeline timeline = timeline(
                first.stream().sorted().toList(), second.stream().sorted().toList());

        List<ReplayEvent> inMemory = timeline.sortedInMemory(TimelineTest::fail).toList();
        List<ReplayEvent> streamed;
        try (Stream<ReplayEvent> events = timeline.streamed(TimelineTest::fail)) {
            streamed = events.toList();
        }

        assertThat(streamed).isEqualTo(inMemory);
    }

    /** All events, stably sorted: a row's exposure at its offset, its click a delay of (offset mod 4) later. */
    private static List<String> reference(List<Integer> first, List<Integer> second) {
        record Named(long time, long row, String name) {}
        List<Named> all = new ArrayList<>();
        List<Integer> offsets = new ArrayList<>(first);
        offsets.addAll(second);
        for (int row = 0; row < offsets.size(); row++) {
            String file = row < first.size() ? "a" : "b";
            int line = row < first.size() ? row + 1 : row - first.size() + 1;
            int offset = offsets.get(row);
            // the engine takes rows by exposure, so at equal times the row that was shown first comes first
            long order = offset * 1_000L + row;
            all.add(new Named(offset, order * 2, "shown " + file + line));
            all.add(new Named(offset + offset % 4, order * 2 + 1, "clicked " + file + line));
        }
        all.sort(Comparator.comparingLong(Named::time).thenComparingLong(Named::row));
        return all.stream().map(Named::name).toList();
    }

    private static Timeline timeline(List<Integer> first, List<Integer> second) throws IOException {
        return new Timeline(FeatureTable.NONE, FeatureTable.NONE, List.of(logFile("a", first), logFile("b", second)));
    }

    private static LogFile logFile(String name, List<Integer> offsets) throws IOException {
        Path file = Files.createTempFile("timeline", ".csv");
        file.toFile().deleteOnExit();
        StringBuilder rows = new StringBuilder();
        offsets.forEach(
                offset -> rows.append(offset).append(',').append(offset % 4).append('\n'));
        Files.writeString(file, rows);
        return new LogFile(new RowFile(file, FORMAT, List.of("offset", "delay")), row -> {
            String id = name + row.line();
            long time = BASE + Long.parseLong(row.cells().get(0));
            long clicked = time + Long.parseLong(row.cells().get(1));
            return List.of(
                    new ReplayEvent.ItemExposure(new Exposure(id, "u", "i", time, 0, Features.NONE)),
                    new ReplayEvent.ItemClick(
                            new Click(id, "u", "i", Optional.of(id), "click", 1, clicked, 0, Features.NONE)));
        });
    }

    private static void fail(BadRow row) {
        throw new AssertionError(row);
    }
}
