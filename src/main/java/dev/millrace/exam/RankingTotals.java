package dev.millrace.exam;

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

    /** Returns the recall at one of {@link #CUTOFFS}; 0 if nothing was scored. */
    public double recallAt(int cutoff) {
        int at = CUTOFFS.indexOf(cutoff);
        if (at < 0) {
            throw new IllegalArgumentException("Recall@" + cutoff + " is not counted");
        }
        return scored == 0 ? 0 : (double) hits[at] / scored;
    }

    /** Returns NDCG@10; 0 if nothing was scored. */
    public double ndcg10() {
        return scored == 0 ? 0 : gain10 / scored;
    }
}
