package dev.millrace.model.table;

import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Frame;
import dev.millrace.state.StoredFields;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.function.IntFunction;

/**
 * Approximate counts of the recent sightings of keys without a row, in a fixed number of bytes. One thread.
 *
 * <p>It is a count-min sketch (Cormode and Muthukrishnan 2005) with conservative update (Estan and Varghese 2002). A key has
 * four counters, and its count is the least of them: it is never too low. Counts are halved as in TinyLFU (Einziger et al.
 * 2017), but chunk by chunk in turn, so that no addition halves all counters. The four counters of a key lie in one chunk,
 * so one sighting changes one stored entry.
 */
public final class SightingCounts {

    static final int CHUNKS = 4096;
    static final int CHUNK_BYTES = 256;

    private static final int ROWS = 4;
    private static final int MOST = 255;
    /** Halving every chunk once takes one addition for every four counters. */
    private static final int ADDITIONS_A_HALVING = CHUNK_BYTES / ROWS;

    /** [CHUNKS * CHUNK_BYTES] counters; empty before the first sighting. */
    private byte[] counts = new byte[0];

    private final BitSet dirty = new BitSet();
    private long additions;
    private final StoredFields stored = new StoredFields(form -> additions = form.longInteger(additions));

    int count(String key) {
        return count(hash(key));
    }

    /** Counts one sighting. */
    void add(String key) {
        room();
        long hash = hash(key);
        int count = count(hash);
        if (count < MOST) {
            for (int row = 0; row < ROWS; row++) {
                int at = place(hash, row);
                if (value(at) == count) {
                    counts[at] = (byte) (count + 1);
                }
            }
            dirty.set(chunk(hash));
        }
        additions++;
        stored.change();
        if (additions % ADDITIONS_A_HALVING == 0) {
            halve((int) (additions / ADDITIONS_A_HALVING % CHUNKS));
        }
    }

    /** Restores the number of sightings counted so far; it decides which chunk is halved next. */
    public void restoreAdditions(byte[] value) {
        stored.restore(value);
    }

    public void restoreChunk(int chunk, byte[] value) {
        ByteBuffer payload = Frame.open(value);
        if (chunk < 0 || chunk >= CHUNKS || payload.remaining() != CHUNK_BYTES) {
            throw new CorruptEntryException(
                    "no sketch here has a chunk " + chunk + " of " + payload.remaining() + " counters");
        }
        room();
        payload.get(counts, chunk * CHUNK_BYTES, CHUNK_BYTES);
    }

    /**
     * Hands over what changed since the last drain.
     *
     * @param additionsKey of the number of sightings
     * @param chunks returns the key of a chunk; one whose counters are all 0 is not stored
     */
    public void drain(byte[] additionsKey, IntFunction<byte[]> chunks, EntrySink sink) {
        stored.drain(additionsKey, sink);
        dirty.stream().forEach(chunk -> {
            if (isEmpty(chunk)) {
                sink.delete(chunks.apply(chunk));
            } else {
                sink.put(chunks.apply(chunk), entry(chunk));
            }
        });
        dirty.clear();
    }

    private byte[] entry(int chunk) {
        return Frame.seal(Frame.allocate(CHUNK_BYTES).put(counts, chunk * CHUNK_BYTES, CHUNK_BYTES));
    }

    /** Returns whether all counters of a chunk are 0, so that it need not be stored. */
    private boolean isEmpty(int chunk) {
        for (int at = chunk * CHUNK_BYTES; at < Math.min(counts.length, (chunk + 1) * CHUNK_BYTES); at++) {
            if (counts[at] != 0) {
                return false;
            }
        }
        return true;
    }

    private int count(long hash) {
        if (counts.length == 0) {
            return 0;
        }
        int least = MOST;
        for (int row = 0; row < ROWS; row++) {
            least = Math.min(least, value(place(hash, row)));
        }
        return least;
    }

    private void room() {
        if (counts.length == 0) {
            counts = new byte[CHUNKS * CHUNK_BYTES];
        }
    }

    private void halve(int chunk) {
        for (int at = chunk * CHUNK_BYTES; at < (chunk + 1) * CHUNK_BYTES; at++) {
            if (counts[at] != 0) {
                counts[at] = (byte) (value(at) >>> 1);
                dirty.set(chunk);
            }
        }
    }

    private int value(int at) {
        return counts[at] & 0xff;
    }

    private static int chunk(long hash) {
        return (int) (hash >>> (Long.SIZE - Integer.numberOfTrailingZeros(CHUNKS)));
    }

    private static int place(long hash, int row) {
        return chunk(hash) * CHUNK_BYTES + (int) ((hash >>> (row * Byte.SIZE)) & (CHUNK_BYTES - 1));
    }

    private static long hash(String key) {
        return InitialRows.mix(InitialRows.hash(InitialRows.FNV_OFFSET, key));
    }
}
