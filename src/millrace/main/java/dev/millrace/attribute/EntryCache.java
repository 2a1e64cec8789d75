package dev.millrace.attribute;

import dev.millrace.state.OrderedEntries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Entries that are read and decoded once, and written once a commit, however often they change. Read them by key: a scan of the store does
 * not see what changed here.
 *
 * <p>What was read or written stays on the heap, up to some {@value #MOST_BYTES} bytes. Then all changes are written and the heap is
 * emptied.
 */
final class EntryCache {

    private static final int MOST_BYTES = 16 << 20;
    private static final int A_SLOT = 200; // bytes of its objects
    private static final int DECODED = 3; // bytes of a decoded value for each of the encoded one, about

    private final OrderedEntries entries;
    private final Map<Key, Slot> slots = new HashMap<>();
    private final List<Slot> changed = new ArrayList<>();
    private long bytes;

    EntryCache(OrderedEntries entries) {
        this.entries = entries;
    }

    /**
     * Returns the value of a key. A caller that changes it must put it.
     *
     * @param decoder the same for each use of the key
     */
    @SuppressWarnings("unchecked") // what a slot holds was decoded, or put, by the one user of its key
    <T> Optional<T> get(byte[] key, Function<byte[], T> decoder) {
        Key name = new Key(key);
        Slot slot = slots.get(name);
        if (slot == null) {
            slot = new Slot(key);
            slot.encoded = entries.get(key).orElse(null);
            slot.size = slot.encoded == null ? 0 : slot.encoded.length;
            keep(name, slot);
        }
        if (slot.value == null && slot.encoded != null) {
            slot.value = decoder.apply(slot.encoded);
        }
        return Optional.ofNullable((T) slot.value);
    }

    <T> void put(byte[] key, T value, Function<T, byte[]> encoder) {
        byte[] encoded = encoder.apply(value);
        Slot slot = change(key, value, encoded.length);
        slot.encoded = encoded;
    }

    /**
     * As {@link #put}, but encodes the value as it is when it is written.
     *
     * @param size bytes that it will have, about
     */
    @SuppressWarnings("unchecked") // a slot's value is the one that its encoder came with
    <T> void putLate(byte[] key, T value, int size, Function<T, byte[]> encoder) {
        Slot slot = change(key, value, size);
        slot.encoder = (Function<Object, byte[]>) encoder;
    }

    void delete(byte[] key) {
        change(key, null, 0);
    }

    /** Writes what changed since the last call, in the order of the first changes. */
    void drain() {
        for (Slot slot : changed) {
            slot.isChanged = false;
            byte[] encoded = slot.encoded();
            if (encoded == null) {
                entries.delete(slot.key);
                bytes -= slot.bytes();
                slots.remove(new Key(slot.key)); // nothing is left of an erased user
            } else {
                entries.put(slot.key, encoded);
            }
        }
        changed.clear();
    }

    private Slot change(byte[] key, @Nullable Object value, int size) {
        Key name = new Key(key);
        Slot slot = slots.get(name);
        if (slot == null) {
            slot = new Slot(key);
            keep(name, slot);
        }
        bytes -= slot.bytes();
        slot.value = value;
        slot.encoded = null;
        slot.encoder = null;
        slot.size = size;
        bytes += slot.bytes();
        if (!slot.isChanged) {
            slot.isChanged = true;
            changed.add(slot);
        }
        return slot;
    }

    private void keep(Key name, Slot slot) {
        if (bytes + slot.bytes() > MOST_BYTES) {
            drain();
            slots.clear();
            bytes = 0;
        }
        bytes += slot.bytes();
        slots.put(name, slot);
    }

    /**
     * A key whose hash spreads well. Arrays and buffers hash with 31, which gives the numbers of eight users one hash. Keys are ordered, so
     * that hashes which somebody has made equal cost little.
     */
    private record Key(byte[] bytes) implements Comparable<Key> {

        private static final int GOLDEN = 0x9E3779B1;

        @Override
        public int compareTo(Key other) {
            return Arrays.compareUnsigned(bytes, other.bytes);
        }

        @Override
        public boolean equals(@Nullable Object other) {
            return other instanceof Key key && Arrays.equals(bytes, key.bytes);
        }

        @Override
        public int hashCode() {
            int hash = 0;
            for (byte next : bytes) {
                hash = GOLDEN * hash + next;
            }
            return hash;
        }
    }

    private static final class Slot {

        private final byte[] key;
        private byte @Nullable [] encoded;
        private @Nullable Object value;
        private @Nullable Function<Object, byte[]> encoder; // of a value that is not encoded yet
        private int size;
        private boolean isChanged;

        Slot(byte[] key) {
            this.key = key;
        }

        long bytes() {
            return A_SLOT + key.length + (1L + DECODED) * size;
        }

        byte @Nullable [] encoded() {
            if (encoder != null && value != null) {
                encoded = encoder.apply(value);
                encoder = null;
            }
            return encoded;
        }
    }
}
