package dev.millrace.attribute;

import dev.millrace.state.MemoryEntries;
import dev.millrace.state.OrderedEntries;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.function.Function;

/** Entries on the heap that note each get, put, delete and visit of a scan, with what is made of the key. */
final class NotedEntries implements OrderedEntries {

    final List<String> noted = new ArrayList<>();

    private final MemoryEntries entries = new MemoryEntries();
    private final Function<byte[], String> name;

    NotedEntries(Function<byte[], String> name) {
        this.name = name;
    }

    @Override
    public Optional<byte[]> get(byte[] key) {
        noted.add("get " + name.apply(key));
        return entries.get(key);
    }

    @Override
    public void put(byte[] key, byte[] value) {
        noted.add("put " + name.apply(key));
        entries.put(key, value);
    }

    @Override
    public void delete(byte[] key) {
        noted.add("delete " + name.apply(key));
        entries.delete(key);
    }

    @Override
    public void scan(byte[] from, byte[] to, BiPredicate<byte[], byte[]> visitor) {
        entries.scan(from, to, noting(visitor));
    }

    @Override
    public void scan(byte[] from, BiPredicate<byte[], byte[]> visitor) {
        entries.scan(from, noting(visitor));
    }

    private BiPredicate<byte[], byte[]> noting(BiPredicate<byte[], byte[]> visitor) {
        return (key, value) -> {
            noted.add("visit " + name.apply(key));
            return visitor.test(key, value);
        };
    }
}
