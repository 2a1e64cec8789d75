package dev.millrace.attribute;

import dev.millrace.state.OrderedEntries;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Entries that are read once and written once a commit, however often they change. They are read by their keys only: a scan of the store
 * would not see what changed here.
 *
 * <p>What was read or written stays on the heap until there is more than {@value #MOST_BYTES} bytes of it. Then all changes are written, and
 * all is read anew.
 */
final class EntryCache {

    private static final int MOST_BYTES = 16 << 20;
    private static final int AN_ENTRY = 160; // objects of a slot

    private final OrderedEntries entries;
    private final Map<ByteBuffer, Slot> slots = new HashMap<>();
    private final List<Slot> changed = new ArrayList<>();
    private long bytes;

    EntryCache(OrderedEntries entries) {
        this.entries = entries;
    }

    Optional<byte[]> get(byte[] key) {
        ByteBuffer name = ByteBuffer.wrap(key);
        Slot slot = slots.get(name);
        if (slot == null) {
            slot = new Slot(key, entries.get(key).orElse(null));
            keep(name, slot);
        }
        return Optional.ofNullable(slot.value);
    }

    void put(byte[] key, byte[] value) {
        change(key, value);
    }

    void delete(byte[] key) {
        change(key, null);
    }

    /** Writes what changed since the last call, in the order of the first changes. */
    void drain() {
        for (Slot slot : changed) {
            slot.isChanged = false;
            if (slot.value == null) {
                entries.delete(slot.key);
            } else {
                entries.put(slot.key, slot.value);
            }
        }
        changed.clear();
    }

    private void change(byte[] key, byte @Nullable [] value) {
        ByteBuffer name = ByteBuffer.wrap(key);
        Slot slot = slots.get(name);
        if (slot == null) {
            slot = new Slot(key, value);
            keep(name, slot);
        } else {
            bytes += size(value) - size(slot.value);
            slot.value = value;
        }
        if (!slot.isChanged) {
            slot.isChanged = true;
            changed.add(slot);
        }
    }

    private void keep(ByteBuffer name, Slot slot) {
        long more = (long) AN_ENTRY + name.capacity() + size(slot.value);
        if (bytes + more > MOST_BYTES) {
            drain();
            slots.clear();
            bytes = 0;
        }
        bytes += more;
        slots.put(name, slot);
    }

    private static int size(byte @Nullable [] value) {
        return value == null ? 0 : value.length;
    }

    private static final class Slot {

        private final byte[] key;
        private byte @Nullable [] value;
        private boolean isChanged;

        Slot(byte[] key, byte @Nullable [] value) {
            this.key = key;
            this.value = value;
        }
    }
}
