package dev.millrace.popularity;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.CounterRandom;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Form;
import dev.millrace.state.Frame;
import dev.millrace.state.PrefixedKey;
import dev.millrace.state.StoredFields;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.function.Consumer;

/**
 * The cells of a sketch: one row of buckets per hash function, two numbers per cell. Its size is fixed, whatever the
 * number of items.
 *
 * <p>Stored in chunks of {@value #CHUNK} cells, under {@code prefix 0 c chunk}; a chunk of zeros has no entry.
 */
final class SketchCells {

    private static final int CHUNK = 16;
    private static final byte KIND = 'c';
    private static final int KEY_BYTES = 3 + Integer.BYTES;
    private static final long FNV_OFFSET = 0xcbf29ce484222325L;
    private static final long FNV_PRIME = 0x100000001b3L;

    private final byte prefix;
    private final int hashes;
    private final int buckets;
    private final Catalogue catalogue;
    private final double[] first;
    private final double[] second;
    private final BitSet dirtyChunks = new BitSet();
    private final byte[] clockKey;
    private final StoredFields clock;

    /** @param clock writes and reads the estimator's own fields */
    SketchCells(char prefix, int hashes, int buckets, Catalogue catalogue, Consumer<Form> clock) {
        this.prefix = (byte) prefix;
        this.clockKey = PrefixedKey.of(this.prefix, ItemPopularity.CLOCK);
        this.clock = new StoredFields(clock);
        this.hashes = hashes;
        this.buckets = buckets;
        this.catalogue = catalogue;
        this.first = new double[hashes * buckets];
        this.second = new double[hashes * buckets];
    }

    int hashes() {
        return hashes;
    }

    /** Returns 64 bits of an item's id: FNV-1a (Fowler, Noll and Vo) over its chars. */
    long fingerprint(int item) {
        String text = catalogue.itemAt(item);
        long hash = FNV_OFFSET;
        for (int at = 0; at < text.length(); at++) {
            hash = (hash ^ text.charAt(at)) * FNV_PRIME;
        }
        return hash;
    }

    /** Returns the cell of a fingerprint under a hash function, from 0. */
    int cell(long fingerprint, int hash) {
        return hash * buckets + CounterRandom.below(buckets, fingerprint, hash, 0);
    }

    double first(int cell) {
        return first[cell];
    }

    double second(int cell) {
        return second[cell];
    }

    void put(int cell, double newFirst, double newSecond) {
        first[cell] = newFirst;
        second[cell] = newSecond;
        dirtyChunks.set(cell / CHUNK);
    }

    /** Marks the estimator's own fields as changed. */
    void changeClock() {
        clock.change();
    }

    void restore(byte[] key, byte[] value) {
        if (Arrays.equals(key, clockKey)) {
            clock.restore(value);
            return;
        }
        int from = CHUNK * ByteBuffer.wrap(key).getInt(3);
        ByteBuffer payload = Frame.open(value);
        int count = payload.remaining() / (2 * Double.BYTES);
        if (from < 0 || from + count > first.length) {
            throw new CorruptEntryException("a sketch of " + first.length + " cells has no " + count + " at " + from);
        }
        for (int cell = from; cell < from + count; cell++) {
            first[cell] = payload.getDouble();
            second[cell] = payload.getDouble();
        }
    }

    void drainDirty(EntrySink sink) {
        clock.drain(clockKey, sink);
        for (int chunk = dirtyChunks.nextSetBit(0); chunk >= 0; chunk = dirtyChunks.nextSetBit(chunk + 1)) {
            int from = chunk * CHUNK;
            int to = Math.min(first.length, from + CHUNK);
            ByteBuffer payload = Frame.allocate((to - from) * 2 * Double.BYTES);
            for (int cell = from; cell < to; cell++) {
                payload.putDouble(first[cell]).putDouble(second[cell]);
            }
            byte[] key = ByteBuffer.allocate(KEY_BYTES)
                    .put(prefix)
                    .put((byte) 0)
                    .put(KIND)
                    .putInt(chunk)
                    .array();
            sink.put(key, Frame.seal(payload));
        }
        dirtyChunks.clear();
    }
}
