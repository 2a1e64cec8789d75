package dev.millrace.catalogue;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.feature.FeatureFields;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Fields;
import dev.millrace.state.Form;
import dev.millrace.state.KeyIndex;
import dev.millrace.state.PrefixedKey;
import dev.millrace.state.StoredFields;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;

/**
 * The items that can be recommended, with their features, numbered without gaps.
 *
 * <p>Numbers depend on the order of the changes alone: a new item takes the next number, and the last item takes the
 * number of a removed one. They are used for uniform draws. The id of a removed item is remembered for a while, so that
 * a click that arrives after the removal does not bring the item back.
 *
 * <p>An item is unannounced if only examples named it, and no producer. It stays in the catalogue as long as examples
 * name it, see {@link #unannouncedRemovals}.
 */
public final class Catalogue implements Durable {

    /** In place of a number: the item has none. */
    public static final int NO_NUMBER = KeyIndex.NONE;

    /**
     * How long unannounced items stay.
     *
     * @param expireAfter event time without an example after which an item leaves; 0: never
     * @param max unannounced items; beyond it the one named longest ago leaves
     */
    public record Unannounced(Duration expireAfter, int max) {}

    private static final int REMOVED = -1;
    private static final int FIRST_CAPACITY = 16;
    private static final String CLOCK = "\0"; // no id holds a NUL
    private static final int PLACE_BITS = 24; // examples of a batch

    /**
     * When an example last named an item.
     *
     * @param moment step and place in its batch as one growing number; 0 before any
     * @param time event time, epoch milliseconds
     */
    private record Sighting(long moment, long time) {}

    private final byte prefix;
    private final KeyIndex numbers = new KeyIndex();
    /** [number] Event time from which an item's features hold, epoch milliseconds. */
    private long[] times = new long[FIRST_CAPACITY];
    /** [number] Features of an item; none behind the last. */
    private Features[] features = new Features[FIRST_CAPACITY];

    /** Restored items whose number is behind a gap. */
    private final Map<Integer, CatalogueItem> early = new HashMap<>();
    /** Event time of each item's removal, epoch milliseconds; {@code removedByTime} is its inverse. */
    private final Map<String, Long> removed = new HashMap<>();

    private final TreeMap<Long, Set<String>> removedByTime = new TreeMap<>();
    private final TreeSet<String> dirty = new TreeSet<>();
    private final TreeSet<String> repeated = new TreeSet<>();
    /** Unannounced items with their last sighting, the latest sighting last. */
    private final Map<String, Sighting> unannounced = new LinkedHashMap<>();

    private final List<ItemColumn<?>> columns = new ArrayList<>();
    private boolean isSightingOrderKept = true;
    private long clock;
    private final StoredFields storedClock = new StoredFields(form -> clock = form.longInteger(clock));
    private long changes;
    private long edits;

    /** @param prefix first byte of this state's keys */
    public Catalogue(char prefix) {
        this.prefix = (byte) prefix;
    }

    /** Tells a column from now on which numbers come and go. */
    void attach(ItemColumn<?> column) {
        columns.add(column);
    }

    public void apply(CatalogueChange change) {
        edits++;
        change.<Boolean>match(this::put, this::remove);
    }

    /** Forgets the ids of items that were removed before that event time. */
    public void forgetRemovedBefore(long eventTimeMillis) {
        while (!removedByTime.isEmpty() && removedByTime.firstKey() < eventTimeMillis) {
            List.copyOf(removedByTime.firstEntry().getValue()).forEach(id -> {
                forget(id);
                dirty.add(id);
            });
        }
    }

    /**
     * Updates the sightings of the unannounced items that a batch's examples name, if they count. Call it after the batch's changes
     * are applied.
     *
     * @param examples of the batch of that step, in its order
     * @param isCounted tells by its place whether an example counts as a positive
     */
    public void recordSightings(long step, List<TrainingExample> examples, IntPredicate isCounted) {
        orderSightings();
        for (TrainingExample example : examples) {
            if (example.time() > clock) {
                clock = example.time();
                storedClock.change();
            }
        }
        for (int place = 0; place < examples.size(); place++) {
            TrainingExample example = examples.get(place);
            if (isCounted.test(place) && unannounced.remove(example.item()) != null) {
                unannounced.put(example.item(), new Sighting((step << PLACE_BITS) + place + 1, clock));
                dirty.add(example.item());
            }
        }
    }

    /**
     * Returns the removals of unannounced items, the oldest sighting first: items that no example that counts has named for long, and
     * as many more as are above the maximum. An item that the latest batch's examples name is never removed.
     *
     * @param settings event time to wait, and maximum of unannounced items
     * @param latest examples of the latest batch
     * @param most most removals at once
     */
    public List<CatalogueChange> unannouncedRemovals(Unannounced settings, List<TrainingExample> latest, int most) {
        orderSightings();
        Set<String> named = latest.stream().map(TrainingExample::item).collect(Collectors.toSet());
        long expireMillis = settings.expireAfter().toMillis();
        int surplus = unannounced.size() - settings.max();
        List<CatalogueChange> gone = new ArrayList<>();
        for (Map.Entry<String, Sighting> entry : unannounced.entrySet()) {
            boolean isExpired = expireMillis > 0 && entry.getValue().time < clock - expireMillis;
            if (gone.size() == most || !(isExpired || gone.size() < surplus)) {
                break;
            }
            if (!named.contains(entry.getKey())) {
                gone.add(new CatalogueChange.Removal(entry.getKey(), clock, false));
            }
        }
        return gone;
    }

    /** Returns the number of unannounced items. */
    public int unannouncedCount() {
        return unannounced.size();
    }

    public int size() {
        return numbers.size();
    }

    /** Returns a number that is another one whenever items have come or gone: numbers of items that were found before may be wrong. */
    public long changes() {
        return changes;
    }

    /** Returns a number that is another one whenever a change was applied. */
    public long edits() {
        return edits;
    }

    /** @param number from 0, below {@link #size} */
    public String itemAt(int number) {
        return numbers.key(number);
    }

    /**
     * Returns the event time from which an item's features hold, epoch milliseconds.
     *
     * @param number from 0, below {@link #size}
     */
    public long timeAt(int number) {
        return times[number];
    }

    /** Returns the item's number, if it is in the catalogue. */
    public OptionalInt number(String item) {
        int number = numbers.find(item);
        return number == KeyIndex.NONE ? OptionalInt.empty() : OptionalInt.of(number);
    }

    /**
     * Returns the item's number, or {@link #NO_NUMBER} if it is not in the catalogue.
     *
     * @param guess which number it probably is, as it was when it was asked for before; any other costs a look-up
     */
    public int number(String item, int guess) {
        return guess >= 0 && guess < size() && itemAt(guess).equals(item) ? guess : numbers.find(item);
    }

    /** Returns the number of each item, or {@link #NO_NUMBER}: one wait for the memory of many items, see {@link KeyIndex#findAll}. */
    public int[] numbers(List<String> items) {
        String[] wanted = items.toArray(String[]::new);
        int[] found = new int[wanted.length];
        numbers.findAll(
                wanted, Arrays.stream(wanted).mapToLong(KeyIndex::fingerprint).toArray(), wanted.length, found);
        return found;
    }

    /** @param number from 0, below {@link #size} */
    public Features features(int number) {
        return features[number];
    }

    public boolean contains(String item) {
        return numbers.find(item) != KeyIndex.NONE;
    }

    /** Returns true if the item was removed, has not come back, and its id is still remembered. */
    public boolean wasRemoved(String item) {
        return removed.containsKey(item);
    }

    /** @param number from 0, below {@link #size} */
    public CatalogueItem item(int number) {
        return new CatalogueItem(itemAt(number), times[number], features[number]);
    }

    /** Returns the features of an item; none if it is not in the catalogue. */
    public Features features(String item) {
        int number = numbers.find(item);
        return number == KeyIndex.NONE ? Features.NONE : features[number];
    }

    /** Returns the catalogue's own copy of an item's id; the given one if the item is not in the catalogue. */
    public String ownId(String item) {
        int number = numbers.find(item);
        return number == KeyIndex.NONE ? item : numbers.key(number);
    }

    /** Returns the item that an entry of a catalogue is of; absent if it is of no item. */
    public static Optional<String> itemOf(byte[] key) {
        return Optional.of(PrefixedKey.text(key)).filter(id -> !id.equals(CLOCK));
    }

    /** Returns whether the value of an item's entry says that the item was removed. */
    public static boolean isOfRemoved(byte[] value) {
        return Form.read(value, form -> form.integer(REMOVED)) == REMOVED;
    }

    /**
     * Returns the features in the value of an item's entry, of an item that was not removed.
     *
     * @throws CorruptEntryException if the value fails its check
     */
    public static Features featuresOf(byte[] value) {
        return Form.read(value, form -> {
            form.integer(0);
            form.longInteger(0);
            return FeatureFields.features(form, Features.NONE);
        });
    }

    /** Makes the next drain hand over an item's entry, changed or not. */
    public void repeat(String item) {
        repeated.add(item);
    }

    @Override
    public void restore(byte[] key, byte[] value) {
        String id = PrefixedKey.text(key);
        if (id.equals(CLOCK)) {
            storedClock.restore(value);
            return;
        }
        Form.restore(value, form -> {
            int number = form.integer(REMOVED);
            long time = form.longInteger(0);
            if (number == REMOVED) {
                remember(id, time);
                return;
            }
            place(number, new CatalogueItem(id, time, FeatureFields.features(form, Features.NONE)));
            if (form.goesOn(false)) {
                unannounced.put(id, new Sighting(form.longInteger(0), form.longInteger(0)));
                isSightingOrderKept = false;
            }
        });
    }

    /** Takes a restored item. Entries come in any order: an item waits for those of all lower numbers. */
    private void place(int number, CatalogueItem item) {
        if (number < size()) {
            throw new CorruptEntryException("item " + item.item() + " has number " + number + ", which another has");
        }
        early.put(number, item);
        for (CatalogueItem next = early.remove(size()); next != null; next = early.remove(size())) {
            append(next);
        }
    }

    @Override
    public void drainDirty(EntrySink sink) {
        storedClock.drain(PrefixedKey.of(prefix, CLOCK), sink);
        for (String id : dirty) {
            byte[] key = PrefixedKey.of(prefix, id);
            int number = numbers.find(id);
            Long removedAt = removed.get(id);
            if (removedAt != null) {
                sink.put(
                        key,
                        new Fields().integer(REMOVED).longInteger(removedAt).framed());
            } else if (number == KeyIndex.NONE) {
                sink.delete(key);
            } else {
                sink.put(key, Form.written(form -> write(form, id, number)));
            }
        }
        for (String id : repeated) {
            int number = numbers.find(id);
            if (number != KeyIndex.NONE && !dirty.contains(id)) {
                sink.repeat(PrefixedKey.of(prefix, id), Form.written(form -> write(form, id, number)));
            }
        }
        repeated.clear();
        dirty.clear();
    }

    private void write(Form form, String id, int number) {
        form.integer(number);
        form.longInteger(times[number]);
        FeatureFields.features(form, features[number]);
        Sighting last = unannounced.get(id);
        if (last != null) {
            form.longInteger(last.moment);
            form.longInteger(last.time);
        }
    }

    /** Sorts the sightings after a restore, because entries are restored in any order. */
    private void orderSightings() {
        if (isSightingOrderKept) {
            return;
        }
        isSightingOrderKept = true;
        List<Map.Entry<String, Sighting>> sightings = new ArrayList<>();
        unannounced.forEach((item, last) -> sightings.add(Map.entry(item, last)));
        sightings.sort(Comparator.comparingLong(entry -> entry.getValue().moment));
        unannounced.clear();
        sightings.forEach(entry -> unannounced.put(entry.getKey(), entry.getValue()));
    }

    private void remember(String id, long time) {
        forget(id);
        removed.put(id, time);
        removedByTime.computeIfAbsent(time, at -> new TreeSet<>()).add(id);
    }

    private void forget(String id) {
        Long time = removed.remove(id);
        if (time != null) {
            Set<String> sameTime = removedByTime.getOrDefault(time, Set.of());
            sameTime.remove(id);
            if (sameTime.isEmpty()) {
                removedByTime.remove(time);
            }
        }
    }

    private boolean put(CatalogueChange.Upsert upsert) {
        int number = numbers.find(upsert.itemId());
        if (number == KeyIndex.NONE) {
            append(upsert.item());
        } else {
            times[number] = upsert.item().time();
            features[number] = upsert.item().features();
        }
        forget(upsert.itemId());
        dirty.add(upsert.itemId());
        if (upsert.isAnnounced()) {
            unannounced.remove(upsert.itemId());
        } else if (number == KeyIndex.NONE) {
            unannounced.put(upsert.itemId(), new Sighting(0, upsert.item().time()));
        }
        return true;
    }

    private boolean remove(CatalogueChange.Removal removal) {
        String id = removal.itemId();
        if (removal.isAnnounced()) {
            remember(id, removal.time());
        }
        dirty.add(id);
        unannounced.remove(id);
        int number = numbers.find(id);
        if (number == KeyIndex.NONE) {
            return false;
        }
        changes++;
        int last = size() - 1;
        columns.forEach(column -> column.removed(number, last));
        numbers.removeAndFill(id);
        times[number] = times[last];
        features[number] = features[last];
        features[last] = Features.NONE;
        if (number != last) {
            dirty.add(itemAt(number));
        }
        return true;
    }

    private void append(CatalogueItem item) {
        changes++;
        int number = size();
        if (number == times.length) {
            int capacity = number + number / 2;
            times = Arrays.copyOf(times, capacity);
            features = Arrays.copyOf(features, capacity);
        }
        numbers.put(item.item(), number);
        times[number] = item.time();
        features[number] = item.features();
        columns.forEach(column -> column.appended(number));
    }
}
