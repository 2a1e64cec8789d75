package dev.millrace.publish;

import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.ExamWindow;
import dev.millrace.state.Form;
import dev.millrace.state.StoredFields;
import java.util.List;
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
 * <p>Where few events are scored a step, as in a large catalogue, the window is not awaited. Each stretch of the last exams can
 * close the gate if its recall is too low even if chance is allowed for: by three standard errors of stretch and reference. To
 * open it, a stretch must be long enough for the reference to expect some hits.
 *
 * <p>Among twice as many items, the same model has a lower recall. When the catalogue has more than doubled, the gate
 * starts anew.
 */
final class QualityGate {

    private static final double FALL_OF_RISE = 1.0 / 8;
    private static final double FALL_WHILE_CLOSED_OF_RISE = FALL_OF_RISE / 4;
    private static final int EXPECTED_HITS = 16; // of a stretch that is taken as the level
    private static final int CERTAIN_HITS = 64; // of a window; half as many are no chance
    private static final int HITS = 10; // of popularity; with fewer, a multiple of its recall says nothing

    private final GateSettings settings;
    private ExamWindow window;
    private double level = Double.NaN;
    private long levelEvents;
    private double reference = Double.NaN;
    private int fewestItems = Integer.MAX_VALUE;
    private boolean isClosed;
    private final StoredFields stored = new StoredFields(this::fields);

    QualityGate(GateSettings settings) {
        this.settings = settings;
        this.window = new ExamWindow(settings.window());
    }

    /**
     * Takes the exam's totals.
     *
     * @param step of the log
     * @param items number of items in the catalogue
     */
    void examined(long step, ExamTotals totals, int items) {
        if (!settings.isOn()) {
            return;
        }
        stored.changeIf(items < fewestItems);
        fewestItems = Math.min(fewestItems, items);
        if (items > 2L * fewestItems) {
            fewestItems = items;
            window = new ExamWindow(settings.window());
            level = Double.NaN;
            reference = Double.NaN;
            isClosed = false;
        }
        Optional<ExamWindow.Advance> advance = window.moved(step, totals);
        stored.changeIf(advance.isPresent());
        advance.filter(one -> !one.stretches().isEmpty()).ifPresent(this::judge);
    }

    /** Returns why the gate is closed; absent while it is open. */
    Optional<String> closed() {
        return isClosed
                ? Optional.of(String.format(
                        Locale.ROOT,
                        "Recall@%d over %d scored events is %.4f, it was %.4f and may fall to %.4f"
                                + " (publish.gate.max-fall)",
                        settings.recallAt(),
                        levelEvents,
                        level,
                        reference,
                        (1 - settings.maxFall()) * reference))
                : Optional.empty();
    }

    StoredFields stored() {
        return stored;
    }

    /** A state with another recall or window cannot be compared and is ignored: the gate then starts anew. */
    private void fields(Form form) {
        if (form.integer(settings.recallAt()) != settings.recallAt()
                || form.integer(settings.window()) != settings.window()) {
            return;
        }
        level = form.number(level);
        reference = form.number(reference);
        fewestItems = form.integer(fewestItems);
        // a gate that was turned off meanwhile is open
        isClosed = form.flag(isClosed) && settings.isOn();
        window.fields(form);
        levelEvents = form.longInteger(levelEvents);
    }

    private void judge(ExamWindow.Advance advance) {
        List<ExamWindow.Stretch> stretches = advance.stretches();
        ExamTotals longest = stretches.get(stretches.size() - 1).exam();
        ExamWindow.Stretch last = stretches.stream()
                .filter(each -> each.isFull() || each.exam().model().scored() * reference >= EXPECTED_HITS)
                .findFirst()
                .orElse(stretches.get(stretches.size() - 1));
        ExamTotals latest = last.exam();
        level = recall(latest);
        levelEvents = latest.model().scored();
        double change = recall(longest) - reference;
        if (isClosed) {
            reference += advance.share() * FALL_WHILE_CLOSED_OF_RISE * Math.min(0, change);
            isClosed = !isAbovePopularity(latest) && level < (1 - settings.maxFall() / 2) * reference;
            if (!isClosed && !last.isFull()) { // exams before the fall was made good no longer count
                window.restart();
            }
            return;
        }
        boolean isFull = stretches.get(stretches.size() - 1).isFull();
        if (isFull && !Double.isNaN(reference) && isFallen(longest)) {
            isClosed = true;
            return;
        }
        for (ExamWindow.Stretch stretch : stretches) {
            ExamTotals before = longest.minus(stretch.exam());
            if (before.model().scored() > 0 && isFallen(stretch.exam(), before)) {
                isClosed = true;
                reference = recall(before);
                return;
            }
        }
        // before the first full window, chance would move an average of short ones more than the model does
        boolean isYoung = !isFull || Double.isNaN(reference);
        reference = isYoung ? recall(longest) : reference + advance.share() * (change > 0 ? 1 : FALL_OF_RISE) * change;
    }

    /** Returns true if recall over a full window is too low for the reference. */
    private boolean isFallen(ExamTotals window) {
        long events = window.model().scored();
        return !isAbovePopularity(window)
                && (events * reference >= CERTAIN_HITS
                        ? recall(window) < (1 - settings.maxFall()) * reference
                        : isSurelyBelow(window, reference, reference * (1 - reference) / events));
    }

    /** Returns true if recall over the last exams is too low for that over those before, even if chance is allowed for. */
    private boolean isFallen(ExamTotals last, ExamTotals before) {
        double variance = before.model().estimateAt(settings.recallAt()).variance();
        return !isAbovePopularity(last) && isSurelyBelow(last, recall(before), variance);
    }

    /** @param variance of the recall of before */
    private boolean isSurelyBelow(ExamTotals exam, double before, double variance) {
        return exam.model().estimateAt(settings.recallAt()).isSurelyBelow(1 - settings.maxFall(), before, variance);
    }

    private double recall(ExamTotals exam) {
        return exam.model().recallAt(settings.recallAt());
    }

    private boolean isAbovePopularity(ExamTotals exam) {
        double popularity = exam.popularity().recallAt(settings.recallAt());
        return settings.abovePopularity() > 0
                && popularity * exam.popularity().scored() >= HITS
                && exam.model().recallAt(settings.recallAt()) >= settings.abovePopularity() * popularity;
    }
}
