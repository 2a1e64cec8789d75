package dev.millrace.evaluate;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * How a recorded history is divided.
 *
 * @param parts in the order in which they are fed
 * @param passes over the repeated examples; all others are in the last one alone
 * @param repeated examples that are learnt in every pass
 * @param fed examples that are fed at all
 * @param isOfBatches whether the batches of a log are fed as they are, and not their examples
 */
record Split(List<Part> parts, int passes, BitSet repeated, BitSet fed, boolean isOfBatches) {

    private static final double MILLIS_AN_HOUR = 3_600_000;
    private static final long MILLIS_A_DAY = 86_400_000;

    /**
     * A part of the examples.
     *
     * @param name for the progress
     * @param from its first example
     * @param end behind its last example
     * @param isScored whether it is ranked, and not learnt alone
     */
    record Part(String name, int from, int end, boolean isScored) {

        /** What the progress says of it. */
        String title() {
            return name.isEmpty() ? "" : "window " + name;
        }
    }

    /** A warm-up, which is the share of the used positives that the settings give, and what is scored. */
    static Split byShare(Evaluation evaluation) {
        int used = evaluation.used();
        int scoredFrom = evaluation.recorded().endOf(used, evaluation.shares().warmUp());
        List<Part> parts = List.of(new Part("", 0, scoredFrom, false), new Part("", scoredFrom, used, true));
        return new Split(parts, evaluation.shares().passes(), first(scoredFrom), first(used), false);
    }

    /** The training part, of the first days or of the warm-up; what is tested by is not fed. */
    static Split byDays(HoldoutSettings settings, Evaluation evaluation) {
        BitSet train = train(settings, evaluation);
        List<Part> parts = List.of(new Part("", 0, train.length(), false));
        return new Split(parts, evaluation.shares().passes(), train, train, false);
    }

    private static BitSet train(HoldoutSettings settings, Evaluation evaluation) {
        int used = evaluation.used();
        RecordedExamples recorded = evaluation.recorded();
        if (settings.trainDays() == 0) {
            return first(recorded.endOf(used, evaluation.shares().warmUp()));
        }
        long offset = Math.round(settings.utcOffsetHours() * MILLIS_AN_HOUR);
        long[] firstDay = {Long.MAX_VALUE};
        recorded.readTimes(used, (place, time) -> {
            if (recorded.positives(place, place + 1) == 1) {
                firstDay[0] = Math.min(firstDay[0], Math.floorDiv(time + offset, MILLIS_A_DAY));
            }
        });
        BitSet train = new BitSet();
        recorded.readTimes(
                used,
                (place, time) -> train.set(
                        place, Math.floorDiv(time + offset, MILLIS_A_DAY) < firstDay[0] + settings.trainDays()));
        return train;
    }

    /**
     * The windows that the log names, or those of a length; all but the first are scored, or the last ones.
     *
     * @throws InvalidSettingsException if there are less than two windows
     */
    static Split byWindows(WindowSettings settings, Evaluation evaluation) {
        int used = evaluation.used();
        List<RecordedExamples.Window> windows = settings.length().isZero()
                ? evaluation.recorded().windows().stream()
                        .filter(window -> window.from() < used)
                        .toList()
                : timed(settings.length().toMillis(), used, evaluation.recorded());
        int count = windows.size();
        if (count < 2) {
            throw new InvalidSettingsException(List.of(new SettingFault(
                    "windows",
                    Integer.toString(count),
                    "must be 2 or more: the data must name them, such as by a mapping's log.window, or"
                            + " evaluate.windows.length must cut the log")));
        }
        int firstScored = settings.last() == 0 ? 1 : Math.max(1, count - settings.last());
        List<Part> parts = new ArrayList<>();
        for (int at = 0; at < count; at++) {
            int end = at + 1 < count ? windows.get(at + 1).from() : used;
            parts.add(new Part(
                    windows.get(at).name(), at == 0 ? 0 : windows.get(at).from(), end, at >= firstScored));
        }
        return new Split(parts, 1, new BitSet(), first(used), false);
    }

    private static List<RecordedExamples.Window> timed(long length, int used, RecordedExamples recorded) {
        List<RecordedExamples.Window> windows = new ArrayList<>();
        long[] begin = new long[1];
        long[] window = {-1};
        recorded.readTimes(used, (at, time) -> {
            begin[0] = at == 0 ? time : begin[0];
            // an example that is late belongs to the window in which it came
            long next = Math.max(0, (time - begin[0]) / length);
            if (next > window[0]) {
                windows.add(new RecordedExamples.Window(Long.toString(next), at));
                window[0] = next;
            }
        });
        return windows;
    }

    /** The same of a log's batches, which are learnt once. */
    Split ofBatches() {
        return new Split(parts, 1, new BitSet(), fed, true);
    }

    private static BitSet first(int count) {
        BitSet first = new BitSet(count);
        first.set(0, count);
        return first;
    }
}
