package dev.millrace.negative;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Fields;
import dev.millrace.state.Form;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * The items of the last positives, which are negatives of later batches (Wang et al. 2021). They are a function of the
 * log and are stored under {@code prefix 0 m slot}.
 */
final class LastPositives {

    private static final byte KIND = 'm';
    private static final int KEY_BYTES = 3 + Integer.BYTES;
    private static final int POSITION = -1; // in place of a slot

    private final Catalogue catalogue;
    private final byte prefix;
    /** [slots] items of the last positives; the running number modulo the number of slots gives the slot. */
    private final String[] memory;
    /** [slots] running number of the slot's item, from 1; 0 for an empty slot. */
    private final long[] numbers;

    private long remembered;
    private final TreeSet<Integer> dirtySlots = new TreeSet<>();

    /**
     * @param most number of items to remember
     * @param prefix first byte of the keys
     */
    LastPositives(Catalogue catalogue, int most, char prefix) {
        this.catalogue = catalogue;
        this.prefix = (byte) prefix;
        this.memory = new String[most];
        this.numbers = new long[most];
    }

    /** Adds the positives of a batch. */
    void observe(int[] positives) {
        for (int item : positives) {
            if (memory.length > 0) {
                int slot = (int) (remembered++ % memory.length);
                memory[slot] = catalogue.itemAt(item);
                numbers[slot] = remembered;
                dirtySlots.add(slot);
            }
        }
    }

    /** Forgets an item that left the catalogue. */
    void forget(String item) {
        for (int slot = 0; slot < memory.length; slot++) {
            if (numbers[slot] > 0 && memory[slot].equals(item)) {
                memory[slot] = "";
                numbers[slot] = 0;
                dirtySlots.add(slot);
            }
        }
    }

    /**
     * Returns the latest items, latest first. An item is left out if it left the catalogue, or if a memory of another
     * size stored it.
     */
    List<String> latest(int most) {
        List<String> latest = new ArrayList<>();
        int count = (int) Math.min(remembered, most);
        for (int back = 0; back < count; back++) {
            long number = remembered - back;
            int slot = (int) ((number - 1) % memory.length);
            if (numbers[slot] == number && catalogue.contains(memory[slot])) {
                latest.add(memory[slot]);
            }
        }
        return latest;
    }

    boolean isOwn(byte[] key) {
        return key.length == KEY_BYTES && key[1] == 0 && key[2] == KIND;
    }

    void restore(byte[] key, byte[] value) {
        int slot = ByteBuffer.wrap(key).getInt(3);
        Form.restore(value, form -> {
            long number = form.longInteger(0);
            if (slot == POSITION) {
                remembered = number;
            } else if (slot < memory.length && (number - 1) % memory.length == slot) {
                memory[slot] = form.text("");
                numbers[slot] = number;
            } else {
                dirtySlots.add(slot); // stored by a memory of another size
            }
        });
    }

    void drainDirty(EntrySink sink) {
        if (!dirtySlots.isEmpty()) {
            sink.put(key(POSITION), new Fields().longInteger(remembered).framed());
        }
        for (int slot : dirtySlots) {
            if (slot < memory.length && numbers[slot] > 0) {
                Fields item = new Fields().longInteger(numbers[slot]).text(memory[slot]);
                sink.put(key(slot), item.framed());
            } else {
                sink.delete(key(slot));
            }
        }
        dirtySlots.clear();
    }

    private byte[] key(int slot) {
        return ByteBuffer.allocate(KEY_BYTES)
                .put(prefix)
                .put((byte) 0)
                .put(KIND)
                .putInt(slot)
                .array();
    }
}
