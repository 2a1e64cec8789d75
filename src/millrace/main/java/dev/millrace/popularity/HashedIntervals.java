package dev.millrace.popularity;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.state.EntrySink;

/**
 * {@link Intervals} over a fixed number of buckets (Yi et al. 2019, algorithm 2 with its m hash functions):
 * {@code p = 1 / max_i B_i}, because items that share a bucket shorten its interval.
 *
 * <p>If several items of a batch fall into one bucket, the bucket is updated once: a second update would see an
 * interval of 0.
 */
final class HashedIntervals implements ItemPopularity {

    private final SketchCells cells; // last step, 0 before any; estimated interval
    private final double rate;
    private final int batchSize;
    private long step;

    /**
     * @param rate α, in (0, 1]; larger forgets faster
     * @param batchSize draws per batch; turns the probability of being in a batch into that of one draw
     */
    HashedIntervals(char prefix, int hashes, int buckets, double rate, int batchSize, Catalogue catalogue) {
        this.cells = new SketchCells(prefix, hashes, buckets, catalogue, form -> step = form.longInteger(step));
        this.rate = rate;
        this.batchSize = batchSize;
    }

    @Override
    public double logProbability(int item, int catalogueSize) {
        long fingerprint = cells.fingerprint(item);
        double batches = 1;
        for (int hash = 0; hash < cells.hashes(); hash++) {
            int cell = cells.cell(fingerprint, hash);
            boolean isSeen = cells.first(cell) > 0;
            batches = Math.max(batches, isSeen ? cells.second(cell) : Intervals.PRIOR_INTERVAL);
        }
        return -StrictMath.log(batches * batchSize);
    }

    @Override
    public void observe(int[] positives) {
        step++;
        cells.changeClock();
        for (int item : positives) {
            long fingerprint = cells.fingerprint(item);
            for (int hash = 0; hash < cells.hashes(); hash++) {
                int cell = cells.cell(fingerprint, hash);
                double last = cells.first(cell);
                if (last != step) {
                    double estimate = last == 0
                            ? Intervals.PRIOR_INTERVAL
                            : (1 - rate) * cells.second(cell) + rate * (step - last);
                    cells.put(cell, (double) step, estimate);
                }
            }
        }
    }

    @Override
    public void restore(byte[] key, byte[] value) {
        cells.restore(key, value);
    }

    @Override
    public void drainDirty(EntrySink sink) {
        cells.drainDirty(sink);
    }
}
