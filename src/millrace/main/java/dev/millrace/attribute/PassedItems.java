package dev.millrace.attribute;

import dev.millrace.event.EventLimits;
import dev.millrace.state.EntrySource;
import dev.millrace.state.Form;
import dev.millrace.state.OrderedEntries;
import java.util.ArrayList;
import java.util.Comparator;
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

    private static final int MOST_ON_HEAP = 256_000; // users and items, of those who were read last

    private static final Comparator<Shown> LATEST_FIRST =
            Comparator.comparingLong(Shown::ends).reversed().thenComparing(Shown::item);

    /** @param ends last moment of its window, epoch milliseconds */
    private record Shown(byte slot, String item, long ends) {

        Shown fields(Form form) {
            return new Shown(slot, form.text(item), form.longInteger(ends));
        }
    }

    private final long passedForMillis;
    private final OrderedEntries entries;
    private final int mostOnHeap;
    private final EntryKeys keys = new EntryKeys();
    private final Form.Writer writer = new Form.Writer();
    /** The items of users by their numbers, the latest first. The users who were read last stand last. */
    private final Map<Long, List<Shown>> read = new LinkedHashMap<>(16, .75f, true);

    private int onHeap; // users and items in it

    PassedItems(AttributionSettings settings, OrderedEntries entries) {
        this(settings.hiding().passed().toMillis(), entries, MOST_ON_HEAP);
    }

    PassedItems(long passedForMillis, OrderedEntries entries, int mostOnHeap) {
        this.passedForMillis = passedForMillis;
        this.entries = entries;
        this.mostOnHeap = mostOnHeap;
    }

    boolean isOn() {
        return passedForMillis > 0;
    }

    /** @param exposure its key */
    void show(byte[] exposure, String item, long ends) {
        if (isOn()) {
            byte[] key = EntryKeys.passed(exposure);
            Shown shown = new Shown(slot(key), item, ends);
            entries.put(key, writer.written(shown::fields));
            List<Shown> ofUser = read.get(EntryKeys.numberOf(key));
            if (ofUser != null) {
                onHeap += remove(ofUser, shown.slot) ? 0 : 1;
                insert(ofUser, shown);
            }
        }
    }

    void click(long number, String item) {
        if (isOn()) {
            byte[] key = EntryKeys.passed(keys.of(EntryKeys.EXPOSURE, number, item));
            entries.delete(key);
            List<Shown> ofUser = read.get(number);
            if (ofUser != null) {
                onHeap -= remove(ofUser, slot(key)) ? 1 : 0;
            }
        }
    }

    /**
     * Returns the items that were passed by a time, the latest first. A later exposure or click of an item takes it out, so that an exam
     * leaves out less than an answer of that time did.
     */
    List<String> asOf(long number, long time) {
        if (!isOn()) {
            return List.of();
        }
        List<Shown> ofUser = ofUser(number);
        List<String> items = new ArrayList<>(ofUser.size());
        for (Shown shown : ofUser) {
            if (shown.ends < time && time - shown.ends <= passedForMillis) {
                items.add(shown.item);
            }
        }
        return items;
    }

    void forget(long number) {
        if (isOn()) {
            List<byte[]> keys = new ArrayList<>();
            scan(number, (key, value) -> keys.add(key));
            keys.forEach(entries::delete);
            List<Shown> ofUser = read.remove(number);
            onHeap -= ofUser == null ? 0 : 1 + ofUser.size();
        }
    }

    private List<Shown> ofUser(long number) {
        List<Shown> known = read.get(number);
        if (known != null) {
            return known;
        }
        List<Shown> ofUser = new ArrayList<>();
        scan(number, (key, value) -> ofUser.add(Form.read(value, new Shown(slot(key), "", 0)::fields)));
        ofUser.sort(LATEST_FIRST);
        onHeap += 1 + ofUser.size();
        for (var users = read.values().iterator(); onHeap > mostOnHeap && users.hasNext(); users.remove()) {
            onHeap -= 1 + users.next().size();
        }
        read.put(number, ofUser);
        return ofUser;
    }

    private static boolean remove(List<Shown> ofUser, byte slot) {
        return ofUser.removeIf(shown -> shown.slot == slot);
    }

    private static void insert(List<Shown> ofUser, Shown shown) {
        int at = 0;
        while (at < ofUser.size() && LATEST_FIRST.compare(ofUser.get(at), shown) < 0) {
            at++;
        }
        ofUser.add(at, shown);
    }

    private void scan(long number, BiPredicate<byte[], byte[]> visitor) {
        byte[] from = EntryKeys.of(EntryKeys.PASSED, number);
        entries.scan(from, EntrySource.behind(from), visitor);
    }

    private static byte slot(byte[] key) {
        return key[key.length - 1];
    }
}
