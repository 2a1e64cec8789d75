package dev.millrace.popularity;

import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Frame;
import dev.millrace.state.KeyIndex;
import dev.millrace.state.PrefixedKey;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * Counts per item that decay with a half-life. The caller chooses the unit of time.
 *
 * <p>Decay is lazy: {@code c(y) ← c(y)·g^(t − last(y)) + amount} with {@code g = 2^(−1/half-life)}, one operation per
 * count, however much time has passed. An amount of an earlier time than the count's last is decayed before it is
 * added. A count for an earlier time is returned as of its last time.
 *
 * <p>A count takes 50 to 100 bytes beside its item's id, and the id is shared with who gave it. One thread.
 */
public final class DecayedCounts implements Durable {

    private static final String TOTAL = ""; // no item has an empty id

    /** A count as of a time. */
    record Count(double value, double asOf) {}

    private static final Count NONE = new Count(0, 0);
    private static final int FIRST_CAPACITY = 16;

    private final byte prefix;
    private final double halfLife;
    private final UnaryOperator<String> ids;
    private final KeyIndex numbers = new KeyIndex(); // without gaps
    /** [number] Each count's value as of its last addition. */
    private double[] values = new double[FIRST_CAPACITY];
    /** [number] Time of each count's last addition. */
    private double[] times = new double[FIRST_CAPACITY];

    private final TreeSet<String> dirty = new TreeSet<>();

    /**
     * @param prefix first byte of this state's keys
     * @param halfLife time after which a count has halved, positive
     * @param ids returns the copy of an id to keep, so that all who keep the id share one
     */
    public DecayedCounts(char prefix, double halfLife, UnaryOperator<String> ids) {
        this.prefix = (byte) prefix;
        this.halfLife = halfLife;
        this.ids = ids;
    }

    public void add(String item, double time, double amount) {
        addTo(item, time, amount);
        addTo(TOTAL, time, amount);
    }

    /** Returns the item's count as of its last addition. */
    Count stored(String item) {
        int number = numbers.find(item);
        return number == KeyIndex.NONE ? NONE : new Count(values[number], times[number]);
    }

    /** Returns the item's count, decayed to that time. */
    public double count(String item, double time) {
        int number = numbers.find(item);
        return number == KeyIndex.NONE ? 0 : decayed(values[number], times[number], time);
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
            values[number] = values[numbers.size()];
            times[number] = times[numbers.size()];
            dirty.add(item);
        }
    }

    @Override
    public void restore(byte[] key, byte[] value) {
        ByteBuffer payload = Frame.open(value);
        String item = PrefixedKey.text(key);
        int found = numbers.find(item);
        int number = found == KeyIndex.NONE ? append(item) : found;
        values[number] = payload.getDouble();
        times[number] = payload.getDouble();
    }

    @Override
    public void drainDirty(EntrySink sink) {
        for (String item : dirty) {
            byte[] key = PrefixedKey.of(prefix, item);
            int number = numbers.find(item);
            if (number == KeyIndex.NONE) {
                sink.delete(key);
            } else {
                sink.put(
                        key,
                        Frame.seal(Frame.allocate(2 * Double.BYTES)
                                .putDouble(values[number])
                                .putDouble(times[number])));
            }
        }
        dirty.clear();
    }

    private void addTo(String item, double time, double amount) {
        int number = numbers.find(item);
        if (number == KeyIndex.NONE) {
            number = append(item);
            values[number] = amount;
            times[number] = time;
        } else if (time >= times[number]) {
            values[number] = decayed(values[number], times[number], time) + amount;
            times[number] = time;
        } else {
            values[number] += decayed(amount, time, times[number]);
        }
        dirty.add(item);
    }

    /** Returns the number of an item that had none. */
    private int append(String item) {
        int number = numbers.size();
        if (number == values.length) {
            int capacity = number + number / 2;
            values = Arrays.copyOf(values, capacity);
            times = Arrays.copyOf(times, capacity);
        }
        numbers.put(ids.apply(item), number);
        return number;
    }

    private double decayed(double value, double asOf, double time) {
        return time <= asOf ? value : value * StrictMath.pow(0.5, (time - asOf) / halfLife);
    }
}
