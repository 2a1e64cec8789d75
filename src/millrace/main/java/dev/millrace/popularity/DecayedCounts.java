package dev.millrace.popularity;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.ItemColumn;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;
import java.util.List;

/**
 * Counts per item of the catalogue that decay with one or several half-lives side by side. The caller chooses the unit of time.
 *
 * <p>Decay is lazy: {@code c(y) ← c(y)·g^(t − last(y)) + amount} with {@code g = 2^(−1/half-life)}, one operation per
 * count, however much time has passed. An amount of an earlier time than the count's last is decayed before it is
 * added. A count for an earlier time is returned as of its last time.
 *
 * <p>Where one half-life is a few times another, the faster decay is a power of the slower one, made by multiplying.
 *
 * <p>An item that has a count takes 28 bytes and 8 for each half-life. One thread.
 */
public final class DecayedCounts extends ItemColumn<double[]> {

    private static final int LARGEST_RATIO = 16; // so many multiplications cost less than a power

    private final double[] halfLives;
    /** [half-lives] How many times a half-life goes into the one before; 0 if that is no small whole number. */
    private final int[] ratios;

    /** [half-lives + 1] A row: each count's value as of its last addition, and the time of that. */
    private final double[] none;

    private final double[] left; // of a count after some time, by half-life

    /**
     * @param prefix first byte of this state's keys
     * @param halfLife time after which a count has halved, positive; of an infinite one no count decays
     */
    public DecayedCounts(char prefix, double halfLife, Catalogue catalogue) {
        this(prefix, List.of(halfLife), catalogue);
    }

    /** @param halfLives one or more, the longest first */
    public DecayedCounts(char prefix, List<Double> halfLives, Catalogue catalogue) {
        super(catalogue, (byte) prefix);
        this.halfLives = halfLives.stream().mapToDouble(halfLife -> halfLife).toArray();
        this.ratios = new int[halfLives.size()];
        for (int which = 1; which < ratios.length; which++) {
            double ratio = halfLives.get(which - 1) / halfLives.get(which);
            ratios[which] = ratio == Math.rint(ratio) && ratio <= LARGEST_RATIO ? (int) ratio : 0;
        }
        this.none = new double[ratios.length + 1];
        this.left = new double[ratios.length];
    }

    /** @param item number in the catalogue */
    public void add(int item, double time, double amount) {
        double[] known = row(item);
        double[] row = known == null ? none.clone() : known;
        double last = row[left.length];
        boolean isLater = time >= last;
        findLeft(Math.abs(time - last));
        for (int which = 0; which < left.length; which++) {
            row[which] = isLater ? row[which] * left[which] + amount : row[which] + amount * left[which];
        }
        row[left.length] = Math.max(last, time);
        put(item, row);
    }

    private double[] counts(int item) {
        double[] row = row(item);
        return row == null ? none : row;
    }

    /** Returns the item's count by the first half-life, as of its last addition. */
    double stored(int item) {
        return counts(item)[0];
    }

    /** Returns the time of the item's last addition; 0 without one. */
    double asOf(int item) {
        return counts(item)[left.length];
    }

    /** Returns the item's count by the first half-life, decayed to that time; 0 for {@link Catalogue#NO_NUMBER}. */
    public double count(int item, double time) {
        return count(item, time, 0);
    }

    /** Returns the item's count by one of the half-lives, decayed to that time. */
    double count(int item, double time, int which) {
        double[] row = counts(item);
        if (row[which] == 0 || time <= row[left.length]) {
            return row[which];
        }
        findLeft(time - row[left.length]);
        return row[which] * left[which];
    }

    /**
     * Returns true if the item has a count.
     *
     * @param counts [half-lives] filled with its counts, decayed to that time; left as they are without one
     */
    boolean counts(int item, double time, double[] counts) {
        double[] row = row(item);
        if (row == null) {
            return false;
        }
        System.arraycopy(row, 0, counts, 0, left.length);
        if (time > row[left.length]) {
            findLeft(time - row[left.length]);
            for (int which = 0; which < left.length; which++) {
                counts[which] *= left[which];
            }
        }
        return true;
    }

    /** Finds what is left of each count after a time. */
    private void findLeft(double time) {
        for (int which = 0; which < halfLives.length; which++) {
            if (ratios[which] == 0) {
                left[which] = StrictMath.pow(0.5, time / halfLives[which]);
            } else {
                double slower = left[which - 1];
                left[which] = slower;
                for (int factor = 1; factor < ratios[which]; factor++) {
                    left[which] *= slower;
                }
            }
        }
    }

    @Override
    protected double[] read(byte[] value) {
        ByteBuffer payload = Frame.open(value);
        int stored = payload.remaining() / Double.BYTES - 1;
        if (stored != halfLives.length) {
            throw new CorruptEntryException("counts by " + stored + " half-lives, must be " + halfLives.length);
        }
        double[] row = none.clone();
        payload.asDoubleBuffer().get(row);
        return row;
    }

    @Override
    protected byte[] write(double[] row) {
        ByteBuffer payload = Frame.allocate(row.length * Double.BYTES);
        for (double number : row) {
            payload.putDouble(number);
        }
        return Frame.seal(payload);
    }
}
