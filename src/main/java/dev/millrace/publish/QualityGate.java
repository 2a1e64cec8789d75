package dev.millrace.publish;

import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.ExamWindow;
import dev.millrace.state.Fields;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Optional;

/**
 * Holds publication back while the model's recall is much lower than before. One thread.
 *
 * <p>The level is Recall@k over a window of scored events; the reference is a moving average of the level: it follows a
 * rise within about one window and a fall within eight. A level below {@code (1 − max-fall)} of the reference closes
 * the gate; a level of at least {@code (1 − max-fall / 2)} opens it. While the gate is closed, the reference does not
 * rise and falls four times more slowly. So a bad level does not soon become the reference, and a lasting change of the
 * data does not keep the gate closed for ever.
 *
 * <p>The gate is open while the model's recall is at least {@code above-popularity} times popularity's. More users or
 * items, or a busier hour, make the task harder for both; a model that learnt garbage finds no more than popularity
 * does.
 *
 * <p>Among twice as many items, the same model has a lower recall. When the catalogue has more than doubled, the gate
 * starts anew.
 */
final class QualityGate {

    private static final double RISE = 1.0 / ExamWindow.PARTS;
    private static final double FALL = RISE / 8;
    private static final double FALL_WHILE_CLOSED = FALL / 4;
    private static final int HITS = 10; // of popularity; with fewer, a multiple of its recall says nothing

    private final GateSettings settings;
    private ExamWindow window;
    private double level = Double.NaN;
    private double reference = Double.NaN;
    private int fewestItems = Integer.MAX_VALUE;
    private boolean isClosed;
    private boolean dirty;

    QualityGate(GateSettings settings) {
        this.settings = settings;
        this.window = new ExamWindow(settings.window());
    }

    /** Takes the exam's totals and the number of items in the catalogue. */
    void examined(ExamTotals totals, int items) {
        if (!settings.isOn()) {
            return;
        }
        dirty = true;
        fewestItems = Math.min(fewestItems, items);
        if (items > 2L * fewestItems) {
            fewestItems = items;
            window = new ExamWindow(settings.window());
            level = Double.NaN;
            reference = Double.NaN;
            isClosed = false;
        }
        window.moved(totals).ifPresent(this::judge);
    }

    /** Returns why the gate is closed; absent while it is open. */
    Optional<String> closed() {
        return isClosed
                ? Optional.of(String.format(
                        Locale.ROOT,
                        "Recall@%d over %d scored events is %.4f, it was %.4f and may fall to %.4f",
                        settings.recallAt(),
                        settings.window(),
                        level,
                        reference,
                        (1 - settings.maxFall()) * reference))
                : Optional.empty();
    }

    /**
     * Restores the state. A state with another recall or window cannot be compared and is ignored: the gate then starts
     * anew.
     */
    void restore(ByteBuffer payload) {
        if (payload.getInt() != settings.recallAt() || payload.getInt() != settings.window()) {
            return;
        }
        level = payload.getDouble();
        reference = payload.getDouble();
        fewestItems = payload.getInt();
        // a gate that was turned off meanwhile is open
        isClosed = payload.getInt() == 1 && settings.isOn();
        window.read(payload);
    }

    /** Returns the state, if it changed since the last call. */
    Optional<byte[]> drain() {
        if (!dirty) {
            return Optional.empty();
        }
        dirty = false;
        Fields fields = new Fields()
                .integer(settings.recallAt())
                .integer(settings.window())
                .number(level)
                .number(reference)
                .integer(fewestItems)
                .integer(isClosed ? 1 : 0);
        window.write(fields);
        return Optional.of(fields.framed());
    }

    private void judge(ExamTotals exam) {
        double found = exam.model().recallAt(settings.recallAt());
        boolean isSound = isAbovePopularity(exam);
        level = found;
        if (Double.isNaN(reference)) {
            reference = found;
        } else if (isClosed) {
            reference += FALL_WHILE_CLOSED * Math.min(0, found - reference);
            isClosed = !isSound && found < (1 - settings.maxFall() / 2) * reference;
        } else if (!isSound && found < (1 - settings.maxFall()) * reference) {
            isClosed = true;
        } else {
            reference += (found > reference ? RISE : FALL) * (found - reference);
        }
    }

    private boolean isAbovePopularity(ExamTotals exam) {
        double popularity = exam.popularity().recallAt(settings.recallAt());
        return settings.abovePopularity() > 0
                && popularity * exam.popularity().scored() >= HITS
                && exam.model().recallAt(settings.recallAt()) >= settings.abovePopularity() * popularity;
    }
}
