package dev.millrace.attribute;

import dev.millrace.event.EventLimits;
import dev.millrace.state.EntrySource;
import dev.millrace.state.Form;
import dev.millrace.state.OrderedEntries;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
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

    private static final long NOBODY = -1;

    /** @param ends last moment of its window, epoch milliseconds */
    private record Shown(String item, long ends) {

        static final Shown NONE = new Shown("", 0);

        Shown fields(Form form) {
            return new Shown(form.text(item), form.longInteger(ends));
        }
    }

    private final long passedForMillis;
    private final OrderedEntries entries;
    private final Form.Writer writer = new Form.Writer();
    private long user = NOBODY; // whose items were read last
    private List<Shown> ofUser = List.of();

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
            user = NOBODY;
            entries.put(EntryKeys.passed(exposure), writer.written(new Shown(item, ends)::fields));
        }
    }

    /** @param exposures what the keys of the user's exposures of the item begin with */
    void click(byte[] exposures) {
        if (isOn()) {
            user = NOBODY;
            entries.delete(EntryKeys.passed(exposures));
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
        if (number != user) {
            List<Shown> shown = new ArrayList<>();
            scan(number, (key, value) -> shown.add(Form.read(value, Shown.NONE::fields)));
            shown.sort(Comparator.comparingLong(Shown::ends).reversed().thenComparing(Shown::item));
            ofUser = shown;
            user = number;
        }
        return ofUser.stream()
                .filter(shown -> shown.ends < time && time - shown.ends <= passedForMillis)
                .map(Shown::item)
                .toList();
    }

    void forget(long number) {
        if (isOn()) {
            user = NOBODY;
            List<byte[]> keys = new ArrayList<>();
            scan(number, (key, value) -> keys.add(key));
            keys.forEach(entries::delete);
        }
    }

    private void scan(long number, BiPredicate<byte[], byte[]> visitor) {
        byte[] from = EntryKeys.of(EntryKeys.PASSED, number);
        entries.scan(from, EntrySource.behind(from), visitor);
    }
}
