package dev.millrace.state;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Collects changed entries, and hands them over in the order of their keys: first those to be put, then those to be deleted. One thread. */
public final class SortedEntries implements EntrySink {

    private static final Comparator<byte[]> ORDER = Arrays::compareUnsigned;

    private record Entry(byte[] key, byte[] value) {}

    private final List<Entry> put = new ArrayList<>();
    private final List<byte[]> deleted = new ArrayList<>();

    @Override
    public void put(byte[] key, byte[] value) {
        put.add(new Entry(key, value));
    }

    @Override
    public void delete(byte[] key) {
        deleted.add(key);
    }

    public void passTo(EntrySink sink) {
        put.sort(Comparator.comparing(Entry::key, ORDER));
        deleted.sort(ORDER);
        put.forEach(entry -> sink.put(entry.key, entry.value));
        deleted.forEach(sink::delete);
    }

    /** Returns the keys that are put. */
    public List<byte[]> keys() {
        return put.stream().map(Entry::key).toList();
    }
}
