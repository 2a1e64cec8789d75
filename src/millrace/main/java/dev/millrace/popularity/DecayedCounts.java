package dev.millrace.popularity;

import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Frame;
import dev.millrace.state.KeyIndex;
import dev.millrace.state.PrefixedKey;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Counts per item that decay with one or several half-lives side by side. The caller chooses the unit of time.
 *
 * <p>Decay is lazy: {@code c(y) ← c(y)·g^(t − last(y)) + amount} with {@code g = 2^(−1/half-life)}, one operation per
 * count, however much time has passed. An amount of an earlier time than the count's last is decayed before it is
 * added. A count for an earlier time is returned as of its last time.
 *
 * <p>Where one half-life is a few times another, the faster decay is a power of the slower one, made by multiplying.
 *
 * <p>An item takes 50 to 100 bytes beside its id and 8 for each further half-life. The id is shared with who gave it. One thread.
 */
public final class DecayedCounts implements Durable {

    private static final String TOTAL = ""; // no item has an empty id

    /** A count as of a time. */
    record Count(double value, double asOf) {}

    private static final Count NONE = new Count(0, 0);
    private static final int FIRST_CAPACITY = 16;
    private static final int LARGEST_RATIO = 16; // so many multiplications cost less than a power

    private final byte prefix;
    private final double[] halfLives;
    /** [half-lives] How many times a half-life goes into the one before; 0 if that is no small whole number. */
    private final int[] ratios;

    private final UnaryOperator<String> ids;
    private final KeyIndex numbers = new KeyIndex(); // without gaps
    /** [number, half-lives] Each count's values as of its last addition. */
    private double[] values;
    /** [number] Time of each count's last addition. */
    private double[] times = new double[FIRST_CAPACITY];

    private final double[] left; // of a count after some time, by half-life

    private Set<String> dirty = new HashSet<>();

    /**
     * @param prefix first byte of this state's keys
     * @param halfLife time after which a count has halved, positive; of an infinite one no count decays
     * @param ids returns the copy of an id to keep, so that all who keep the id share one
     */
    public DecayedCounts(char prefix, double halfLife, UnaryOperator<String> ids) {
        this(prefix, List.of(halfLife), ids);
    }

    /** @param halfLives one or more, the longest first */
    public DecayedCounts(char prefix, List<Double> halfLives, UnaryOperator<String> ids) {
        this.prefix = (byte) prefix;
        this.halfLives = halfLives.stream().mapToDouble(halfLife -> halfLife).toArray();
        this.ratios = new int[halfLives.size()];
        for (int which = 1; which < ratios.length; which++) {
            double ratio = halfLives.get(which - 1) / halfLives.get(which);
            ratios[which] = ratio == Math.rint(ratio) && ratio <= LARGEST_RATIO ? (int) ratio : 0;
        }
        this.values = new double[FIRST_CAPACITY * ratios.length];
        this.left = new double[ratios.length];
        this.ids = ids;
    }

    public void add(String item, double time, double amount) {
        addTo(item, time, amount);
        addTo(TOTAL, time, amount);
    }

    /** Returns the item's count by the first half-life, as of its last addition. */
    Count stored(String item) {
        int number = numbers.find(item);
        return number == KeyIndex.NONE ? NONE : new Count(values[number * halfLives.length], times[number]);
    }

    /** Returns the item's count by the first half-life, decayed to that time. */
    public double count(String item, double time) {
        return count(item, time, 0);
    }

    /** Returns the item's count by one of the half-lives, decayed to that time. */
    double count(String item, double time, int which) {
        int number = numbers.find(item);
        if (number == KeyIndex.NONE) {
            return 0;
        }
        double value = values[number * halfLives.length + which];
        if (time <= times[number]) {
            return value;
        }
        findLeft(time - times[number]);
        return value * left[which];
    }

    /**
     * Returns true if the item has a count.
     *
     * @param counts [half-lives] filled with its counts, decayed to that time; left as they are without one
     */
    boolean counts(String item, double time, double[] counts) {
        int number = numbers.find(item);
        if (number == KeyIndex.NONE) {
            return false;
        }
        System.arraycopy(values, number * halfLives.length, counts, 0, halfLives.length);
        if (time > times[number]) {
            findLeft(time - times[number]);
            for (int which = 0; which < halfLives.length; which++) {
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

    /** Visits the items that have a count, in no order. */
    void forEachItem(Consumer<String> visitor) {
        numbers.forEach((item, number) -> {
            if (!item.equals(TOTAL)) {
                visitor.accept(item);
            }
        });
    }

    /** Returns the sum of all counts, decayed to that time. Counts of removed items are included. */
    public double total(double time) {
        return count(TOTAL, time);
    }

    public void remove(String item) {
        int number = numbers.removeAndFill(item);
        if (number != KeyIndex.NONE) {
            int width = halfLives.length;
            System.arraycopy(values, numbers.size() * width, values, number * width, width);
            times[number] = times[numbers.size()];
            dirty.add(item);
        }
    }

    @Override
    public void restore(byte[] key, byte[] value) {
        ByteBuffer payload = Frame.open(value);
        int stored = payload.remaining() / Double.BYTES - 1;
        if (stored != halfLives.length) {
            throw new CorruptEntryException("counts by " + stored + " half-lives, must be " + halfLives.length);
        }
        String item = PrefixedKey.text(key);
        int found = numbers.find(item);
        int number = found == KeyIndex.NONE ? append(item) : found;
        for (int which = 0; which < halfLives.length; which++) {
            values[number * halfLives.length + which] = payload.getDouble();
        }
        times[number] = payload.getDouble();
    }

    @Override
    public void drainDirty(EntrySink sink) {
        for (String item : dirty.stream().sorted().toList()) {
            byte[] key = PrefixedKey.of(prefix, item);
            int number = numbers.find(item);
            if (number == KeyIndex.NONE) {
                sink.delete(key);
            } else {
                ByteBuffer payload = Frame.allocate((halfLives.length + 1) * Double.BYTES);
                for (int which = 0; which < halfLives.length; which++) {
                    payload.putDouble(values[number * halfLives.length + which]);
                }
                sink.put(key, Frame.seal(payload.putDouble(times[number])));
            }
        }
        dirty = new HashSet<>(); // clearing costs what the largest one held
    }

    private void addTo(String item, double time, double amount) {
        int found = numbers.find(item);
        int number = found == KeyIndex.NONE ? append(item) : found;
        if (found == KeyIndex.NONE) {
            times[number] = time;
        }
        int at = number * halfLives.length;
        boolean isLater = time >= times[number];
        findLeft(Math.abs(time - times[number]));
        for (int which = 0; which < halfLives.length; which++) {
            values[at + which] =
                    isLater ? values[at + which] * left[which] + amount : values[at + which] + amount * left[which];
        }
        times[number] = Math.max(times[number], time);
        dirty.add(item);
    }

    /** Returns the number of an item that had none; its counts are 0. */
    private int append(String item) {
        int number = numbers.size();
        if (number == times.length) {
            int capacity = number + number / 2;
            values = Arrays.copyOf(values, capacity * halfLives.length);
            times = Arrays.copyOf(times, capacity);
        }
        Arrays.fill(values, number * halfLives.length, (number + 1) * halfLives.length, 0);
        numbers.put(ids.apply(item), number);
        return number;
    }
}
