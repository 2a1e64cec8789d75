package dev.millrace.batch;

import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Frame;
import dev.millrace.state.PrefixedKey;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * Counts per item that decay with a half-life. The caller chooses the unit of time.
 *
 * <p>Decay is lazy: {@code c(y) ← c(y)·g^(t − last(y)) + amount} with {@code g = 2^(−1/half-life)}, one operation per
 * count, however much time has passed. An amount of an earlier time than the count's last is decayed before it is
 * added. A count for an earlier time is returned as of its last time.
 */
public final class DecayedCounts implements Durable {

    private static final String TOTAL = ""; // no item has an empty id

    /** A count as of a time. */
    record Count(double value, double asOf) {}

    private static final Count NONE = new Count(0, 0);

    private final byte prefix;
    private final double halfLife;
    private final Map<String, Count> counts = new HashMap<>();
    private final TreeSet<String> dirty = new TreeSet<>();

    /**
     * @param prefix first byte of this state's keys
     * @param halfLife time after which a count has halved, positive
     */
    public DecayedCounts(char prefix, double halfLife) {
        this.prefix = (byte) prefix;
        this.halfLife = halfLife;
    }

    public void add(String item, double time, double amount) {
        addTo(item, time, amount);
        addTo(TOTAL, time, amount);
    }

    /** Returns the item's count as of its last addition. */
    Count stored(String item) {
        return counts.getOrDefault(item, NONE);
    }

    /** Returns the item's count, decayed to that time. */
    public double count(String item, double time) {
        Count count = counts.get(item);
        return count == null ? 0 : decayed(count, time);
    }

    /** Returns the items that have a count, in the order of their ids. */
    public SortedSet<String> items() {
        TreeSet<String> items = new TreeSet<>(counts.keySet());
        items.remove(TOTAL);
        return items;
    }

    /** Returns the sum of all counts, decayed to that time. Counts of removed items are included. */
    public double total(double time) {
        return count(TOTAL, time);
    }

    public void remove(String item) {
        if (counts.remove(item) != null) {
            dirty.add(item);
        }
    }

    @Override
    public void restore(byte[] key, byte[] value) {
        ByteBuffer payload = Frame.open(value);
        counts.put(PrefixedKey.text(key), new Count(payload.getDouble(), payload.getDouble()));
    }

    @Override
    public void drainDirty(EntrySink sink) {
        for (String item : dirty) {
            byte[] key = PrefixedKey.of(prefix, item);
            Count count = counts.get(item);
            if (count == null) {
                sink.delete(key);
            } else {
                sink.put(
                        key,
                        Frame.seal(Frame.allocate(2 * Double.BYTES)
                                .putDouble(count.value)
                                .putDouble(count.asOf)));
            }
        }
        dirty.clear();
    }

    private void addTo(String key, double time, double amount) {
        Count before = counts.get(key);
        if (before == null) {
            counts.put(key, new Count(amount, time));
        } else if (time >= before.asOf) {
            counts.put(key, new Count(decayed(before, time) + amount, time));
        } else {
            counts.put(key, new Count(before.value + decayed(new Count(amount, time), before.asOf), before.asOf));
        }
        dirty.add(key);
    }

    private double decayed(Count count, double time) {
        return time <= count.asOf ? count.value : count.value * StrictMath.pow(0.5, (time - count.asOf) / halfLife);
    }
}
