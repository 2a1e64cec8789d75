package dev.millrace.popularity;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.state.EntrySink;

/**
 * {@link Decayed} over a fixed number of cells: a count-min sketch (Cormode and Muthukrishnan 2005) of counts that
 * decay, with conservative update (Estan and Varghese 2002). For catalogues of unbounded size.
 *
 * <p>{@code p(y) = (min_i c_i + ε) / (C + ε N)}; a count is never below the true one; it is above it if the item shares
 * all its cells with others.
 */
final class CountMin implements ItemPopularity {

    private final SketchCells cells; // count, and the time as of which it holds
    private final double halfLife;
    private double positives; // a whole number
    private double total; // as of positives

    /** @param halfLife positives after which a count has halved */
    CountMin(char prefix, int hashes, int buckets, double halfLife, Catalogue catalogue) {
        this.cells = new SketchCells(prefix, hashes, buckets, catalogue, form -> {
            positives = form.number(positives);
            total = form.number(total);
        });
        this.halfLife = halfLife;
    }

    @Override
    public double logProbability(int item, int catalogueSize) {
        double sum = total + Decayed.EPSILON * Math.max(1, catalogueSize);
        return StrictMath.log((count(cells.fingerprint(item)) + Decayed.EPSILON) / sum);
    }

    @Override
    public void observe(int[] items) {
        total = total * StrictMath.pow(0.5, items.length / halfLife) + items.length;
        positives += items.length;
        cells.changeClock();
        for (int item : items) {
            long fingerprint = cells.fingerprint(item);
            double counted = count(fingerprint) + 1;
            for (int hash = 0; hash < cells.hashes(); hash++) {
                int cell = cells.cell(fingerprint, hash);
                cells.put(cell, Math.max(decayed(cell), counted), positives);
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

    private double count(long fingerprint) {
        double least = Double.POSITIVE_INFINITY;
        for (int hash = 0; hash < cells.hashes(); hash++) {
            least = Math.min(least, decayed(cells.cell(fingerprint, hash)));
        }
        return least;
    }

    private double decayed(int cell) {
        double count = cells.first(cell);
        double since = positives - cells.second(cell);
        return count == 0 || since == 0 ? count : count * StrictMath.pow(0.5, since / halfLife);
    }
}
