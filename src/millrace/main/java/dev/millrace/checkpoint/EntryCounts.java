package dev.millrace.checkpoint;

import dev.millrace.train.EntryKind;
import java.util.SortedMap;
import java.util.TreeMap;

/** How many entries of each kind a checkpoint has, and their bytes. */
public final class EntryCounts {

    /** Entries of one kind. */
    public record Count(long entries, long bytes) {
        private Count plus(long more) {
            return new Count(entries + 1, bytes + more);
        }
    }

    private final SortedMap<String, Count> counts = new TreeMap<>();

    /** Counts an entry. */
    public void add(byte[] key, byte[] value) {
        String kind = EntryKind.words(key);
        counts.put(kind, counts.getOrDefault(kind, new Count(0, 0)).plus(key.length + value.length));
    }

    /** By kind, in words. */
    public SortedMap<String, Count> counts() {
        return counts;
    }
}
