package dev.millrace.exam;

import dev.millrace.state.Form;
import java.util.List;

/**
 * Sums over ranked events, from which Recall@k and NDCG@10 follow.
 *
 * @param scored events ranked
 * @param hits [cutoffs] events whose item ranked within the i-th of {@link #CUTOFFS}
 * @param gain10 Σ 1/log2(rank + 1) over events ranked within the first ten
 */
public record RankingTotals(long scored, long[] hits, double gain10) {

    /** The k of Recall@k. */
    public static final List<Integer> CUTOFFS = List.of(10, 20, 50, 100);

    public static final RankingTotals NONE = new RankingTotals(0, new long[CUTOFFS.size()], 0);

    private static final double LOG_2 = StrictMath.log(2);

    /**
     * Returns the totals with one more event.
     *
     * @param rank from 1; a tie counts half a place, so it may lie between whole numbers
     */
    public RankingTotals plus(double rank) {
        long[] more = hits.clone();
        for (int at = 0; at < CUTOFFS.size(); at++) {
            if (rank <= CUTOFFS.get(at)) {
                more[at]++;
            }
        }
        return new RankingTotals(scored + 1, more, gain10 + (rank <= 10 ? LOG_2 / StrictMath.log(rank + 1) : 0));
    }

    /** Returns what was added since {@code earlier}. */
    public RankingTotals minus(RankingTotals earlier) {
        long[] fewer = hits.clone();
        for (int at = 0; at < fewer.length; at++) {
            fewer[at] -= earlier.hits[at];
        }
        return new RankingTotals(scored - earlier.scored, fewer, gain10 - earlier.gain10);
    }

    RankingTotals fields(Form form) {
        long events = form.longInteger(scored);
        long[] found = hits.clone();
        for (int at = 0; at < found.length; at++) {
            found[at] = form.longInteger(found[at]);
        }
        return new RankingTotals(events, found, form.number(gain10));
    }

    /** Returns the recall at one of {@link #CUTOFFS}; 0 if nothing was scored. */
    public double recallAt(int cutoff) {
        long found = hitsAt(cutoff);
        return scored == 0 ? 0 : (double) found / scored;
    }

    /** Returns the standard error of the recall, {@code √(p (1 − p) / n)}; 0 if nothing was scored. */
    public double standardErrorAt(int cutoff) {
        double recall = recallAt(cutoff);
        return scored == 0 ? 0 : Math.sqrt(recall * (1 - recall) / scored);
    }

    /**
     * An estimate of a recall from few events.
     *
     * @param mean of the recall
     * @param variance of the mean
     */
    public record Estimate(double mean, double variance) {

        private static final double ERRORS = 3;

        /**
         * Returns true if it is below a share of another recall even if chance is allowed for, by three standard errors of both.
         *
         * @param variance of the other recall
         */
        public boolean isSurelyBelow(double share, double other, double variance) {
            return mean + ERRORS * Math.sqrt(this.variance + share * share * variance) < share * other;
        }
    }

    /**
     * Estimates the recall as if two more events had been found and two more not (Agresti and Coull 1998). So the variance
     * is not 0 if none or all were found.
     */
    public Estimate estimateAt(int cutoff) {
        double events = scored + 4.0;
        double mean = (hitsAt(cutoff) + 2) / events;
        return new Estimate(mean, mean * (1 - mean) / events);
    }

    private long hitsAt(int cutoff) {
        int at = CUTOFFS.indexOf(cutoff);
        if (at < 0) {
            throw new IllegalArgumentException("Recall@" + cutoff + " is not counted");
        }
        return hits[at];
    }

    /** Returns NDCG@10; 0 if nothing was scored. */
    public double ndcg10() {
        return scored == 0 ? 0 : gain10 / scored;
    }
}
