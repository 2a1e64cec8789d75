package dev.millrace.model.table;

import dev.millrace.model.engine.Loops;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntryShare;
import dev.millrace.state.EntrySource;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Comparator;

/**
 * The stored form of a table's rows. One thread.
 *
 * <p>A key is the table's prefix and the row's key in UTF-8. A value is a {@link Frame} of: dim [short integer], the row [dim
 * float32], the optimiser's state of the row [slots float32], moment and time of the last touch [short
 * integers, see {@link Fields}].
 */
final class RowEntries {

    /** The order of the stored keys: by code points, as UTF-8 compares. */
    static final Comparator<String> ORDER = RowEntries::compare;

    private final String table;
    private final byte[] prefix;
    private final int dim;
    private final int slots;

    /** The last touch of a row, see {@link EmbeddingTable#touch}. */
    record Touch(long moment, long time) {}

    /** @param prefix of the keys; no other entry's key begins with it */
    RowEntries(String table, byte[] prefix, int dim, int slots) {
        this.table = table;
        this.prefix = prefix;
        this.dim = dim;
        this.slots = slots;
    }

    byte[] key(String rowKey) {
        byte[] utf8 = rowKey.getBytes(StandardCharsets.UTF_8);
        byte[] key = Arrays.copyOf(prefix, prefix.length + utf8.length);
        System.arraycopy(utf8, 0, key, prefix.length, utf8.length);
        return key;
    }

    String rowKey(byte[] key) {
        return new String(key, prefix.length, key.length - prefix.length, StandardCharsets.UTF_8);
    }

    /** Returns a key before that of every row. */
    byte[] first() {
        return prefix;
    }

    /** Returns a key behind that of every row. */
    byte[] end() {
        return EntrySource.behind(prefix);
    }

    /** Returns the first possible key behind a row's. */
    byte[] behind(String rowKey) {
        byte[] key = key(rowKey);
        return Arrays.copyOf(key, key.length + 1);
    }

    /**
     * Returns the value of a row.
     *
     * @param rows [.., dim] the row's components begin at {@code row}
     * @param memory [.., slots] the row's slots begin at {@code slot}
     */
    byte[] value(float[] rows, int row, float[] memory, int slot, long moment, long time) {
        ByteBuffer value = Frame.allocate(floatBytes() + Fields.shortBytes(moment) + Fields.shortBytes(time));
        Fields.putShort(value, dim);
        write(value, rows, row, dim);
        write(value, memory, slot, slots);
        Fields.putShort(value, moment);
        Fields.putShort(value, time);
        return Frame.seal(value);
    }

    private static void write(ByteBuffer to, float[] floats, int from, int count) {
        to.asFloatBuffer().put(floats, from, count);
        to.position(to.position() + count * Float.BYTES);
    }

    /**
     * Reads a value, and returns the last touch.
     *
     * @param rows [.., dim] filled from {@code row}
     * @param memory [.., slots] filled from {@code slot}
     * @throws CorruptEntryException if the value is damaged, or is not one of this table
     */
    Touch read(byte[] value, float[] rows, int row, float[] memory, int slot) {
        ByteBuffer payload = open(value);
        read(payload, rows, row, dim);
        read(payload, memory, slot, slots);
        return touch(payload);
    }

    private static void read(ByteBuffer from, float[] floats, int at, int count) {
        from.asFloatBuffer().get(floats, at, count);
        from.position(from.position() + count * Float.BYTES);
    }

    /** Returns whether the row of an entry has only finite components. */
    boolean isFinite(byte[] value) {
        float[] row = new float[dim];
        read(open(value), row, 0, dim);
        return Loops.now().areFinite(row, 0, dim);
    }

    /** Reads the last touch alone, as {@link #read}. */
    Touch readTouch(byte[] value) {
        ByteBuffer payload = open(value);
        return touch(payload.position(payload.position() + (dim + slots) * Float.BYTES));
    }

    private Touch touch(ByteBuffer payload) {
        Touch touch = new Touch(Fields.shortInteger(payload), Fields.shortInteger(payload));
        if (payload.hasRemaining()) {
            throw foreign(payload.array());
        }
        return touch;
    }

    EntryShare share(byte[] key, byte[] value) {
        return EntryShare.of(key, value);
    }

    /** Bytes before the last touch. */
    private int floatBytes() {
        return Fields.shortBytes(dim) + (dim + slots) * Float.BYTES;
    }

    /** Returns what is behind the dim. */
    private ByteBuffer open(byte[] value) {
        ByteBuffer payload = Frame.open(value);
        if (payload.remaining() < floatBytes() + 2 || Fields.shortInteger(payload) != dim) {
            throw foreign(value);
        }
        return payload;
    }

    private CorruptEntryException foreign(byte[] value) {
        return new CorruptEntryException("a stored row of " + value.length + " bytes does not fit table " + table
                + ", which has " + dim + " floats a row and " + slots + " of its optimiser");
    }

    private static int compare(String left, String right) {
        int common = Math.min(left.length(), right.length());
        for (int at = 0; at < common; at++) {
            char one = left.charAt(at);
            char other = right.charAt(at);
            if (one != other) {
                // a surrogate is a part of a code point above all that one char holds
                boolean isPart = Character.isSurrogate(one);
                return isPart == Character.isSurrogate(other) ? one - other : isPart ? 1 : -1;
            }
        }
        return left.length() - right.length();
    }
}
