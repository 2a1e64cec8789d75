package dev.millrace.publish;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.RankingTotals;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Frame;
import java.util.Map;
import org.junit.jupiter.api.Test;

class QualityGateTest {

    private static final int WINDOW = 160;

    private final QualityGate gate = new QualityGate(new GateSettings(WINDOW, 100, 0.5, 0));
    private int items = 1000;
    private long scored;
    private long hits;

    @Test
    void itClosesWhenRecallOverTheWindowFallsBelowTheShareAndOpensWhenHalfOfTheFallIsMadeGood() {
        score(gate, 3 * WINDOW, 80);
        assertThat(gate.closed()).isEmpty();

        // of the window so many are found: from 80 % down to 40 % at half a window
        score(gate, WINDOW / 2 - 20, 0);
        assertThat(gate.closed()).isEmpty();
        score(gate, 40, 0);
        assertThat(gate.closed())
                .hasValueSatisfying(why -> assertThat(why).startsWith("Recall@100 over 160 scored events is 0."));
        score(gate, WINDOW, 0);

        // it opens at 75 % of the reference, not at 50 %
        score(gate, WINDOW * 6 / 10, 80);
        assertThat(gate.closed()).isPresent();
        score(gate, WINDOW * 2 / 10, 80);
        assertThat(gate.closed()).isEmpty();
    }

    @Test
    void itNeverClosesWhileRecallRisesOrBeforeAWindowIsFull() {
        for (int percent = 0; percent <= 100; percent++) {
            score(gate, 20, percent);
            assertThat(gate.closed()).isEmpty();
        }

        QualityGate young = new QualityGate(new GateSettings(WINDOW, 100, 0.5, 0));
        scored = 0;
        hits = 0;
        score(young, WINDOW / 2, 100);
        score(young, WINDOW / 2 - 10, 0);
        assertThat(young.closed()).isEmpty();
    }

    @Test
    void aSlowFallIsWhatItGetsUsedTo() {
        score(gate, 2 * WINDOW, 80);

        for (int percent = 80; percent >= 20; percent--) {
            score(gate, 2 * WINDOW, percent);
            assertThat(gate.closed()).as("%d %%", percent).isEmpty();
        }
    }

    @Test
    void itStaysClosedForLongAndNotForEver() {
        score(gate, 3 * WINDOW, 80);

        // closed at 10 %, it opens where the reference R has fallen to 10 % / .75: a part takes 1/512 of the way from
        // .8, a window
        // has 16, so that .1 + .7 e^(−w / 32) = .1333 at w = 97
        score(gate, 80 * WINDOW, 10);
        assertThat(gate.closed()).isPresent();
        score(gate, 30 * WINDOW, 10);

        assertThat(gate.closed()).isEmpty();
    }

    @Test
    void twiceAsManyItemsAreAnotherTask() {
        score(gate, 3 * WINDOW, 80);
        items = 2 * items;
        score(gate, WINDOW / 8, 80);

        items = items + 1;
        score(gate, 3 * WINDOW, 20);

        assertThat(gate.closed()).isEmpty();
        score(gate, 3 * WINDOW, 2); // and from then on it watches the new level
        assertThat(gate.closed()).isPresent();
    }

    @Test
    void aModelThatStillFindsTwiceWhatPopularityDoesIsPublishedHoweverFarItFell() {
        QualityGate watching = new QualityGate(new GateSettings(WINDOW, 100, 0.5, 2));

        play(watching, 0, 3 * WINDOW, 80, 30);
        play(watching, 3 * WINDOW, 6 * WINDOW, 30, 12); // the task became harder
        assertThat(watching.closed()).isEmpty();
        play(watching, 6 * WINDOW, 9 * WINDOW, 10, 8); // garbage: no better than popularity
        assertThat(watching.closed()).isPresent();
        play(watching, 9 * WINDOW, 12 * WINDOW, 25, 12); // good again, and harder still
        assertThat(watching.closed()).isEmpty();
    }

    @Test
    void aHandfulOfHitsOfPopularitySaysNothing() {
        QualityGate watching = new QualityGate(new GateSettings(WINDOW, 100, 0.5, 2));

        play(watching, 0, 3 * WINDOW, 80, 30);
        play(watching, 3 * WINDOW, 6 * WINDOW, 10, 5); // 8 of a window

        assertThat(watching.closed()).isPresent();
    }

    private long popular;

    /** From one event to another, so many of a hundred found by the model and by popularity. */
    private void play(QualityGate one, long from, long to, int percent, int popularPercent) {
        for (long at = from + 20; at <= to; at += 20) {
            scored = at;
            hits += 20L * percent / 100;
            popular += popularPercent;
            one.examined(
                    new ExamTotals(
                            new RankingTotals(scored, new long[] {0, 0, 0, hits}, 0),
                            new RankingTotals(scored, new long[] {0, 0, 0, popular / 5}, 0),
                            0),
                    items);
        }
    }

    @Test
    void howManyEventsAnExamScoresDoesNotMatter() {
        QualityGate other = new QualityGate(new GateSettings(WINDOW, 100, 0.5, 0));

        score(gate, 3 * WINDOW, 80);
        score(gate, WINDOW, 0);
        other.examined(totals(0, 0), items); // an exam of 80 events each: exam.every-steps above 1
        for (long at = 80; at <= 4 * WINDOW; at += 80) {
            other.examined(totals(at, Math.min(at, 3 * WINDOW) * 8 / 10), items);
        }

        assertThat(gate.closed()).isPresent();
        assertThat(other.closed()).isPresent();
    }

    @Test
    void restoredItIsAsClosedAsItWasUnlessItWasTurnedOff() {
        score(gate, 3 * WINDOW, 80);
        score(gate, WINDOW, 0);
        byte[] state = gate.drain().orElseThrow();
        QualityGate restored = new QualityGate(new GateSettings(WINDOW, 100, 0.5, 0));
        QualityGate off = new QualityGate(new GateSettings(WINDOW, 100, 1, 0));

        restored.restore(Frame.open(state));
        off.restore(Frame.open(state));

        assertThat(restored.closed()).isPresent().isEqualTo(gate.closed());
        assertThat(restored.drain()).isEmpty();
        assertThat(off.closed()).isEmpty();
        score(restored, WINDOW, 80);
        assertThat(restored.closed()).isEmpty();
    }

    @Test
    void recallThatIsNotCountedIsRefused() {
        SettingsReader reader = new SettingsReader(Map.of("publish.gate.recall-at", "30"));
        PublishSettings.read(reader);

        assertThatThrownBy(reader::finish)
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessage("publish.gate.recall-at = 30: must be one of [10, 20, 50, 100]");
    }

    /** Scores events one by one, of each hundred the first so many found. */
    @Test
    void theLevelOfAnotherRecallIsNotWhatItIsUsedTo() {
        score(gate, 2 * WINDOW, 80);
        QualityGate atTen = new QualityGate(new GateSettings(WINDOW, 10, 0.5, 0));

        atTen.restore(Frame.open(gate.drain().orElseThrow()));
        score(atTen, 2 * WINDOW, 80); // of which none is among the first ten, as if it had fallen to nothing

        assertThat(atTen.closed()).isEmpty();
    }

    private void score(QualityGate gate, int events, int percent) {
        for (int event = 0; event < events; event++) {
            gate.examined(totals(scored, hits), items);
            scored++;
            hits += event * percent / 100 < (event + 1) * percent / 100 ? 1 : 0;
        }
        gate.examined(totals(scored, hits), items);
    }

    private static ExamTotals totals(long scored, long hits) {
        return new ExamTotals(new RankingTotals(scored, new long[] {0, 0, 0, hits}, 0), RankingTotals.NONE, 0);
    }
}
