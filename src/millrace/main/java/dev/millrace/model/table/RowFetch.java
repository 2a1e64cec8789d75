package dev.millrace.model.table;

import dev.millrace.model.engine.Team;
import dev.millrace.state.EntrySource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Brings stored rows to the heap. The rows of many keys are read together, by several threads: a read mostly waits, for the disk or for
 * memory. One thread calls it.
 */
final class RowFetch {

    private static final int LEAST = 4; // reads that are worth waking a thread for
    private static final byte[] NO_VALUE = {};

    private final EntrySource stored;
    private final RowEntries entries;
    private final RowArena arena;
    private final Team readers;
    private final LinkedHashSet<String> wanted = new LinkedHashSet<>();
    /** Of the keys read together last, those that have no row. */
    private final Set<String> absent = new HashSet<>();

    private long read;
    private long missed;

    RowFetch(TableStorage storage, RowEntries entries, RowArena arena) {
        this.stored = storage.source();
        this.readers = storage.readers();
        this.entries = entries;
        this.arena = arena;
    }

    /** Rows that were read from the store. */
    long read() {
        return read;
    }

    /** Those of them that were needed for themselves, and not only in passing. */
    long missed() {
        return missed;
    }

    /** Reads the row of a key. Returns its number, or {@link EmbeddingTable#NONE} if no row of the key is stored. */
    int row(String key) {
        if (absent.contains(key)) {
            return EmbeddingTable.NONE;
        }
        byte[] entryKey = entries.key(key);
        Optional<byte[]> value = stored.get(entryKey);
        return value.isEmpty() ? EmbeddingTable.NONE : place(key, entryKey, value.get());
    }

    /** Adds a key to those of the next {@link #readWanted}. */
    void want(String key) {
        wanted.add(key);
    }

    /** Reads the rows of the wanted keys. Returns whether there were any. */
    boolean readWanted() {
        absent.clear();
        if (wanted.isEmpty()) {
            return false;
        }
        List<String> keys = new ArrayList<>(wanted);
        wanted.clear();
        byte[][] entryKeys = new byte[keys.size()][];
        byte[][] values = new byte[keys.size()][];
        Arrays.setAll(entryKeys, at -> entries.key(keys.get(at)));
        Function<byte[], Optional<byte[]>> lookup = stored.lookup();
        readers.share(keys.size(), LEAST, (from, end, member) -> {
            for (int at = from; at < end; at++) {
                values[at] = lookup.apply(entryKeys[at]).orElse(NO_VALUE);
            }
        });
        for (int at = 0; at < values.length; at++) { // in the order of the batch, whoever read them
            if (values[at].length > 0) {
                place(keys.get(at), entryKeys[at], values[at]);
            } else {
                absent.add(keys.get(at));
            }
        }
        return absent.size() < values.length;
    }

    /** Forgets which keys have no row: the caller calls it before the store changes, and when a key may leave no trace. */
    void forgetAbsent() {
        absent.clear();
    }

    private int place(String key, byte[] entryKey, byte[] value) {
        int row = arena.allocate(key);
        arena.place(row, entryKey, value);
        read++;
        missed += arena.isPassing() ? 0 : 1;
        return row;
    }
}
