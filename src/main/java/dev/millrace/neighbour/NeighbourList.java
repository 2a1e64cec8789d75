package dev.millrace.neighbour;

import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * The neighbours of one item, with weights that decay in event time. One thread writes it.
 *
 * <p>It decays when something is added. A full list gives the place of its lightest neighbour to a new one.
 */
public final class NeighbourList {

    private static final int FIRST_CAPACITY = 4;
    private static final int BYTES = 96;
    private static final int BYTES_A_NEIGHBOUR = 8;

    private String[] items = new String[FIRST_CAPACITY];
    private float[] weights = new float[FIRST_CAPACITY];
    private int size;
    private double total;
    private long asOf; // epoch milliseconds

    /** An empty list. */
    public NeighbourList() {}

    /**
     * A list as it was.
     *
     * @param asOf event time of the last addition, epoch milliseconds
     * @param total weight of all that was ever added
     * @param items the neighbours
     * @param weights [items] theirs, as of the last addition
     */
    public NeighbourList(long asOf, double total, List<String> items, float[] weights) {
        this.asOf = asOf;
        this.total = total;
        this.size = weights.length;
        this.items = Arrays.copyOf(items.toArray(String[]::new), Math.max(FIRST_CAPACITY, size));
        this.weights = Arrays.copyOf(weights, Math.max(FIRST_CAPACITY, size));
    }

    /** Receives a neighbour and its weight. */
    public interface Visitor {
        void visit(String item, float weight);
    }

    /** Number of neighbours. */
    public int size() {
        return size;
    }

    /** Visits the neighbours, with their weights as of the last addition. */
    public void forEach(Visitor visitor) {
        for (int at = 0; at < size; at++) {
            visitor.visit(items[at], weights[at]);
        }
    }

    /** Returns the weight of all that was ever added, as of the last addition; at least the sum of the weights. */
    public double total() {
        return total;
    }

    /** Returns the event time of the last addition, epoch milliseconds. */
    public long asOf() {
        return asOf;
    }

    /** Returns what is left at that time of a weight as of the last addition. */
    double left(long time, Duration halfLife) {
        return time <= asOf ? 1 : decay(time - asOf, halfLife);
    }

    private static double decay(long millis, Duration halfLife) {
        return StrictMath.pow(0.5, (double) millis / halfLife.toMillis());
    }

    /**
     * Adds to a neighbour's weight.
     *
     * @param time of the click, epoch milliseconds; an amount of an earlier time than the last is decayed before it is added
     * @param most neighbours that may be left, at least 1
     */
    void add(String item, long time, double amount, Duration halfLife, int most) {
        double added = amount;
        if (time > asOf) {
            double left = size == 0 ? 0 : left(time, halfLife);
            for (int at = 0; at < size; at++) {
                weights[at] = (float) (weights[at] * left);
            }
            total *= left;
            asOf = time;
        } else {
            added *= decay(asOf - time, halfLife);
        }
        total += added;
        int at = place(item, most);
        weights[at] = (float) (weights[at] + added);
    }

    /** Returns the item's place; takes one, with weight 0, if it has none. */
    private int place(String item, int most) {
        for (int at = 0; at < size; at++) {
            if (items[at].equals(item)) {
                return at;
            }
        }
        int at = size < most ? append() : lightest();
        items[at] = item;
        weights[at] = 0;
        return at;
    }

    private int append() {
        if (size == items.length) {
            items = Arrays.copyOf(items, 2 * size);
            weights = Arrays.copyOf(weights, 2 * size);
        }
        return size++;
    }

    private int lightest() {
        int lightest = 0;
        for (int at = 1; at < size; at++) {
            if (weights[at] < weights[lightest]) {
                lightest = at;
            }
        }
        return lightest;
    }

    /** Keeps only some neighbours. What the others weighed stays in the total. Returns true if any had to go. */
    boolean retain(Predicate<String> isKept) {
        int kept = 0;
        for (int at = 0; at < size; at++) {
            if (isKept.test(items[at])) {
                items[kept] = items[at];
                weights[kept++] = weights[at];
            }
        }
        boolean isChanged = kept < size;
        size = kept;
        return isChanged;
    }

    /** Bytes on the heap, roughly, without the ids. */
    int heapBytes() {
        return BYTES + BYTES_A_NEIGHBOUR * items.length;
    }

    /** Returns the stored form: time of the last addition [int64] and total [float64], then id and weight [float32] of each neighbour. */
    public byte[] entry() {
        Fields fields = new Fields().longInteger(asOf).number(total).integer(size);
        for (int at = 0; at < size; at++) {
            fields.text(items[at]).integer(Float.floatToRawIntBits(weights[at]));
        }
        return fields.framed();
    }

    /**
     * Reads a stored form.
     *
     * @param ids returns the copy of an id to keep
     * @throws CorruptEntryException if it is damaged
     */
    public static NeighbourList read(byte[] entry, UnaryOperator<String> ids) {
        ByteBuffer payload = Frame.open(entry);
        long asOf = payload.getLong();
        double total = payload.getDouble();
        int size = payload.getInt();
        int least = 2 * Integer.BYTES; // of a neighbour
        if (size < 0 || size > payload.remaining() / least) {
            throw new CorruptEntryException(
                    "a list names " + size + " neighbours, " + payload.remaining() + " bytes are left");
        }
        List<String> items = new ArrayList<>(size);
        float[] weights = new float[size];
        for (int at = 0; at < size; at++) {
            items.add(ids.apply(Fields.text(payload)));
            weights[at] = payload.getFloat();
        }
        return new NeighbourList(asOf, total, items, weights);
    }
}
