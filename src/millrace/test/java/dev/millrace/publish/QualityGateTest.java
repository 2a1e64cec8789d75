package dev.millrace.publish;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.exam.ExamTotals;
import dev.millrace.exam.RankingTotals;
import dev.millrace.state.EntrySink;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class QualityGateTest {

    private static final int WINDOW = 160;

    private final QualityGate gate = new QualityGate(new GateSettings(WINDOW, 100, 0.5, 0));
    private int items = 1000;
    private long scored;
    private long hits;

    @Test
    void itOpensOnceHalfTheFallIsRegained() {
        score(gate, 3 * WINDOW, 80);
        assertThat(gate.closed()).isEmpty();

        // of the window so many are found: from 80 % down to 40 % at half a window
        score(gate, WINDOW / 2 - 20, 0);
        assertThat(gate.closed()).isEmpty();
        score(gate, 40, 0);
        assertThat(gate.closed()).hasValueSatisfying(why -> assertThat(why)
                .startsWith("Recall@100 over 160 scored events is 0.")
                .endsWith("(publish.gate.max-fall)"));
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
    void twiceThePopularitysRecallIsPublished() {
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
            one.examined(scored / 40, totals(scored, hits, popular / 5), items);
        }
    }

    @Test
    void restoredItIsAsClosedAsItWasUnlessItWasTurnedOff() {
        score(gate, 3 * WINDOW, 80);
        score(gate, WINDOW, 0);
        byte[] state = gate.stored().value();
        QualityGate restored = new QualityGate(new GateSettings(WINDOW, 100, 0.5, 0));
        QualityGate off = new QualityGate(new GateSettings(WINDOW, 100, 1, 0));
        Map<byte[], byte[]> drained = new TreeMap<>(Arrays::compareUnsigned);

        restored.stored().restore(state);
        off.stored().restore(state);

        assertThat(restored.closed()).isPresent().isEqualTo(gate.closed());
        restored.stored().drain(state, EntrySink.into(drained));
        assertThat(drained).isEmpty();
        assertThat(off.closed()).isEmpty();
        score(restored, WINDOW, 80);
        assertThat(restored.closed()).isEmpty();
    }

    /** Scores events one by one, of each hundred the first so many found. */
    @Test
    void theLevelOfAnotherRecallIsNotWhatItIsUsedTo() {
        score(gate, 2 * WINDOW, 80);
        QualityGate atTen = new QualityGate(new GateSettings(WINDOW, 10, 0.5, 0));

        atTen.stored().restore(gate.stored().value());
        score(atTen, 2 * WINDOW, 80); // of which none is among the first ten, as if it had fallen to nothing

        assertThat(atTen.closed()).isEmpty();
    }

    @Test
    void oneExamShowsGarbageAmongMillionItems() {
        // by exam.budget a batch of 128 is examined in some 2,300 steps: with a window of 5,000 it would be full after
        // 90,000
        QualityGate rare = new QualityGate(new GateSettings(5000, 100, 0.5, 2));
        Rare exams = new Rare(rare, 1);
        for (int exam = 0; exam < 8; exam++) {
            exams.next(0.2, 0.02);
            assertThat(rare.closed()).isEmpty();
        }

        exams.next(0.0001, 0.02); // the share of a hundred items in a million

        assertThat(rare.closed())
                .hasValueSatisfying(why -> assertThat(why).startsWith("Recall@100 over 128 scored events is 0.0000"));
        for (int exam = 0; exam < 30; exam++) {
            exams.next(0.0001, 0.02);
            assertThat(rare.closed()).isPresent();
        }
        for (int exam = 0; exam < 3; exam++) {
            exams.next(0.2, 0.02);
        }
        assertThat(rare.closed()).isEmpty();
    }

    @Test
    void theFewerAreFoundTheMoreExamsOfGarbageItTakes() {
        // for found = 0, the estimate 2 / (n + 4) and three of its errors are below half of the reference from n = 12.5
        // / reference
        // on: 250 events at .05, 625 at .02; the error of the reference adds some
        assertThat(garbageUntilClosed(0.05)).isBetween(250L, 400L);
        assertThat(garbageUntilClosed(0.02)).isBetween(600L, 900L);
    }

    private static long garbageUntilClosed(double recall) {
        QualityGate rare = new QualityGate(new GateSettings(5000, 100, 0.5, 2));
        Rare exams = new Rare(rare, 2);
        for (int exam = 0; exam < 40; exam++) {
            exams.next(recall, recall);
        }
        long before = exams.scored;
        while (rare.closed().isEmpty()) {
            exams.next(0, recall);
        }
        return exams.scored - before;
    }

    @Test
    void chanceAlmostNeverClosesItOnFewEvents() {
        for (double recall : new double[] {0.001, 0.003, 0.01, 0.02, 0.05, 0.2, 0.5}) {
            int closed = 0;
            for (int seed = 0; seed < 20; seed++) {
                QualityGate rare = new QualityGate(new GateSettings(5000, 100, 0.5, 2));
                Rare exams = new Rare(rare, seed);
                for (int exam = 0; exam < 200 && rare.closed().isEmpty(); exam++) {
                    exams.next(recall, 0);
                }
                closed += rare.closed().isPresent() ? 1 : 0;
            }
            // of 4,000 exams
            assertThat(closed).as("recall %s", recall).isLessThanOrEqualTo(1);
        }
    }

    /** Exams of 128 events each, 2,300 steps apart, of which each is found with a probability. */
    private static final class Rare {
        private final QualityGate gate;
        private final SplittableRandom random;
        private long step;
        private long scored;
        private long hits;
        private long popular;

        Rare(QualityGate gate, long seed) {
            this.gate = gate;
            this.random = new SplittableRandom(seed);
        }

        void next(double found, double byPopularity) {
            for (int event = 0; event < 128; event++) {
                hits += random.nextDouble() < found ? 1 : 0;
                popular += random.nextDouble() < byPopularity ? 1 : 0;
            }
            scored += 128;
            step += 2300;
            gate.examined(step, totals(scored, hits, popular), 1_000_000);
        }
    }

    private void score(QualityGate gate, int events, int percent) {
        for (int event = 0; event < events; event++) {
            gate.examined(scored / 40, totals(scored, hits, 0), items);
            scored++;
            hits += event * percent / 100 < (event + 1) * percent / 100 ? 1 : 0;
        }
        gate.examined(scored / 40, totals(scored, hits, 0), items);
    }

    private static ExamTotals totals(long scored, long hits, long popular) {
        return new ExamTotals(
                new RankingTotals(scored, new long[] {0, 0, 0, hits}, 0),
                new RankingTotals(scored, new long[] {0, 0, 0, popular}, 0),
                0);
    }
}
