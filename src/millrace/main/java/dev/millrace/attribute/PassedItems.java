package dev.millrace.attribute;

import dev.millrace.event.EventLimits;
import dev.millrace.state.EntrySource;
import dev.millrace.state.Form;
import dev.millrace.state.OrderedEntries;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiPredicate;

/**
 * What users were shown and did not click, each item from the end of its window on.
 *
 * <p>A user has {@value #SLOTS} slots, one for each last byte of an item's hash. An exposure puts its item into a slot, whatever is there,
 * so that nothing is read for it. A click on an item empties its slot. So of two items of one slot the later shown counts.
 */
final class PassedItems {

    private static final int SLOTS = 256;

    /** Bytes of a user's passed items in a record, at most. */
    static final int MOST_BYTES = SLOTS * (EventLimits.MAX_ID_BYTES + Integer.BYTES);

    private static final int USERS = 1_000; // of whom the items are on the heap

    private static final Comparator<Shown> LATEST_FIRST =
            Comparator.comparingLong(Shown::ends).reversed().thenComparing(Shown::item);

    /** @param ends last moment of its window, epoch milliseconds */
    private record Shown(String item, long ends) {

        static final Shown NONE = new Shown("", 0);

        Shown fields(Form form) {
            return new Shown(form.text(item), form.longInteger(ends));
        }
    }

    private final long passedForMillis;
    private final OrderedEntries entries;
    private final EntryKeys keys = new EntryKeys();
    private final Form.Writer writer = new Form.Writer();
    /** By numbers of users and slots, as in the entries; of the users who were read last. */
    private final Map<Long, Map<Byte, Shown>> read = new LinkedHashMap<>(USERS, 1, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Long, Map<Byte, Shown>> eldest) {
            return size() > USERS;
        }
    };

    PassedItems(AttributionSettings settings, OrderedEntries entries) {
        this.passedForMillis = settings.hiding().passed().toMillis();
        this.entries = entries;
    }

    boolean isOn() {
        return passedForMillis > 0;
    }

    /** @param exposure its key */
    void show(byte[] exposure, String item, long ends) {
        if (isOn()) {
            byte[] key = EntryKeys.passed(exposure);
            Shown shown = new Shown(item, ends);
            entries.put(key, writer.written(shown::fields));
            Map<Byte, Shown> ofUser = read.get(EntryKeys.numberOf(key));
            if (ofUser != null) {
                ofUser.put(slot(key), shown);
            }
        }
    }

    void click(long number, String item) {
        if (isOn()) {
            byte[] key = EntryKeys.passed(keys.of(EntryKeys.EXPOSURE, number, item));
            entries.delete(key);
            Map<Byte, Shown> ofUser = read.get(number);
            if (ofUser != null) {
                ofUser.remove(slot(key));
            }
        }
    }

    /**
     * Returns the items that were passed by a time, the latest first. A later exposure or click of an item takes it out, so that an exam
     * leaves out less than an answer of that time did.
     */
    List<String> asOf(long number, long time) {
        return isOn()
                ? ofUser(number).values().stream()
                        .filter(shown -> shown.ends < time && time - shown.ends <= passedForMillis)
                        .sorted(LATEST_FIRST)
                        .map(Shown::item)
                        .toList()
                : List.of();
    }

    void forget(long number) {
        if (isOn()) {
            List<byte[]> keys = new ArrayList<>();
            scan(number, (key, value) -> keys.add(key));
            keys.forEach(entries::delete);
            read.remove(number);
        }
    }

    private Map<Byte, Shown> ofUser(long number) {
        Map<Byte, Shown> known = read.get(number);
        if (known != null) {
            return known;
        }
        Map<Byte, Shown> ofUser = new HashMap<>();
        scan(number, (key, value) -> {
            ofUser.put(slot(key), Form.read(value, Shown.NONE::fields));
            return true;
        });
        read.put(number, ofUser);
        return ofUser;
    }

    private void scan(long number, BiPredicate<byte[], byte[]> visitor) {
        byte[] from = EntryKeys.of(EntryKeys.PASSED, number);
        entries.scan(from, EntrySource.behind(from), visitor);
    }

    private static byte slot(byte[] key) {
        return key[key.length - 1];
    }
}
