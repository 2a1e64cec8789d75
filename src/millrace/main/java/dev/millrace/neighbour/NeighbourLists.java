package dev.millrace.neighbour;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySource;
import dev.millrace.state.Form;
import dev.millrace.state.PrefixedKey;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiFunction;
import java.util.function.BiPredicate;

/**
 * The neighbours of each item of the catalogue: items that the same users clicked shortly before or after it. They follow every click at
 * once, without a gradient step, and are a function of the log.
 *
 * <pre>
 * a click on b, whose user clicked e_0, e_1, e_2 before, e_0 the latest:
 * C[e_g, b] += 1 / (g + 1)          C[b, e_g] += 1/2 · 1 / (g + 1)
 * </pre>
 *
 * <p>Both lists change, or neither if one has no room for the user. So the bound of a list also bounds in how many other lists a user
 * places its item.
 */
public final class NeighbourLists implements Durable {

    /*
     * Layout. Lists are stored, and read when they are needed. The heap holds those that changed since the last drain, and as many of the
     * last used ones as the cache has room for. A list on the heap that is empty is one that is to be deleted. `unstored` has the keys of
     * lists that the store may not have yet; without a store, those of all. Additions that are restored wait until all entries are there, as
     * their lists may come later.
     *
     * Invariant. Which lists are on the heap changes no bit: a stored list is the one that was drained.
     *
     * Sweep. Each step visits some lists in the order of their keys, from where the step before ended. It forgets neighbours that have left the
     * catalogue, and lists that have decayed. A removed item is taken at once from the lists of its own neighbours, which are most of
     * those that name it.
     *
     * Erasure. Which lists a user added to is not known. The user's digest waits until the sweep has come round once; meanwhile each list
     * that it visits loses what is of that user alone, and a step visits SWEPT_TO_ERASE lists. If the lists are not more, that is the step
     * of the removal. What the user adds anew in lists that are still to be visited goes with the rest.
     *
     * Cost. A click: up to six additions, each a look-up and a pass over one list. A step: SWEPT lists read from the store.
     *
     * Threads. One.
     */

    private static final int REACH = 3;
    private static final double BACKWARDS = 0.5;
    private static final int HEX = 16;

    /** Lists that a step visits. */
    private static final int SWEPT = 16;

    /** The same, while a user is to be erased. */
    static final int SWEPT_TO_ERASE = 512;

    /** What is left of a list when it is forgotten. */
    private static final double LEAST_TOTAL = 0.01;

    /** Handed over in less than a second. */
    private static final int LISTS_A_DRAIN = 1 << 13;

    private final NeighbourSettings settings;
    private final Catalogue catalogue;
    private final byte prefix;
    private final byte erasurePrefix;
    private final EntrySource stored;
    private final long cacheBytes;
    /** By item, the last used last. */
    private final Map<String, NeighbourList> cached = new LinkedHashMap<>(16, 0.75f, true);

    private Set<String> dirty = new HashSet<>();
    private Map<String, SortedMap<Integer, byte[]>> restored = new TreeMap<>(); // additions, by item and number
    private final NavigableSet<byte[]> unstored = new TreeSet<>(Arrays::compareUnsigned);
    private long cachedBytes;
    private Optional<String> swept =
            Optional.empty(); // item of the list visited last; empty text at the start of a round; absent before it was
    // read
    private boolean isSweptDirty;
    private final Map<Integer, Erasure> erasures = new TreeMap<>(); // by digest of the user
    private final SortedSet<Integer> dirtyErasures = new TreeSet<>();
    private final NumberSums sums = new NumberSums(); // by number in the catalogue, of one user
    private Optional<byte[]> nextUnsent = Optional.empty(); // key from which on lists are to be handed over

    /**
     * A user who is to be erased.
     *
     * @param from item of the list that the sweep visited last when this was asked for
     * @param isTurned whether the sweep has begun anew since
     */
    private record Erasure(String from, boolean isTurned) {

        Erasure fields(Form form) {
            return new Erasure(form.text(from), form.flag(isTurned));
        }
    }

    /**
     * @param catalogue the items that have lists
     * @param prefix first byte of the lists' keys
     * @param erasurePrefix first byte of the keys of users who are to be erased; all of those are restored
     * @param stored the stored lists; {@link EntrySource#NONE} if all stay on the heap
     * @param cacheBytes of the lists on the heap, roughly
     */
    public NeighbourLists(
            NeighbourSettings settings,
            Catalogue catalogue,
            char prefix,
            char erasurePrefix,
            EntrySource stored,
            long cacheBytes) {
        this.settings = settings;
        this.catalogue = catalogue;
        this.prefix = (byte) prefix;
        this.erasurePrefix = (byte) erasurePrefix;
        this.stored = stored;
        this.cacheBytes = cacheBytes;
    }

    /** Counts a batch's positives. Call it after reading what was near before the batch. */
    public void observe(MiniBatch batch) {
        if (!settings.areOff()) {
            makeRoom();
            batch.counted().forEach(this::observe);
        }
    }

    private void observe(TrainingExample example) {
        List<String> history = example.user().history();
        OptionalInt own = catalogue.number(example.item());
        if (history.isEmpty() || own.isEmpty()) {
            return;
        }
        String item = catalogue.itemAt(own.getAsInt());
        int user = NeighbourList.digest(example.user().user());
        Optional<NeighbourList> backwards = find(item);
        for (int gap = 0; gap < Math.min(REACH, history.size()); gap++) {
            OptionalInt number = catalogue.number(history.get(gap));
            if (number.isEmpty() || number.getAsInt() == own.getAsInt()) {
                continue;
            }
            String before = catalogue.itemAt(number.getAsInt());
            double amount = 1.0 / (gap + 1);
            Optional<NeighbourList> forwards = find(before);
            if (forwards.isPresent() && !forwards.get().hasRoom(user, example.time(), amount, settings.halfLife())) {
                continue;
            }
            NeighbourList list = backwards.orElseGet(() -> begin(item));
            backwards = Optional.of(list);
            if (add(item, list, before, user, example.time(), BACKWARDS * amount)) {
                add(before, forwards.orElseGet(() -> begin(before)), item, user, example.time(), amount);
            }
        }
    }

    /** Returns false if the item's list has no room for the user. */
    private boolean add(String item, NeighbourList list, String neighbour, int user, long time, double amount) {
        cachedBytes -= list.heapBytes();
        boolean isAdded = list.add(neighbour, user, time, amount, settings.halfLife(), settings.most());
        if (isAdded) {
            dirty.add(item);
        }
        cachedBytes += list.heapBytes();
        return isAdded;
    }

    /**
     * Returns what is near to a user's latest clicks, see {@link Nearness}, of the items in the catalogue.
     *
     * @param history of the user, latest first
     * @param time epoch milliseconds
     * @param maker takes the items' numbers, ascending, and their nearness
     */
    public <T> T near(List<String> history, long time, BiFunction<int[], float[], T> maker) {
        if (!settings.areOff()) {
            sums.reserve(catalogue.size());
            Nearness.forEachList(
                    history,
                    this::find,
                    settings,
                    time,
                    (list, share) -> list.forEach(catalogue, (item, weight) -> sums.add(item, share * weight)));
        }
        int[] items = new int[sums.count()];
        float[] numbers = new float[items.length];
        sums.take(items, (at, sum) -> numbers[at] = (float) Nearness.number(sum));
        return maker.apply(items, numbers);
    }

    /** Forgets the list of an item that left the catalogue, and the item in the lists of its neighbours. */
    public void remove(String item) {
        Optional<NeighbourList> own = find(item);
        if (own.isPresent()) {
            List<String> neighbours = new ArrayList<>();
            own.get().forEach((neighbour, weight) -> neighbours.add(neighbour));
            neighbours.forEach(neighbour -> find(neighbour).ifPresent(list -> clean(neighbour, list)));
            forget(item, own.get());
        }
    }

    /** Forgets what is of a user alone: with the next sweep if the lists are few, else within a round. */
    public void removeUser(String user) {
        if (!settings.areOff()) {
            int digest = NeighbourList.digest(user);
            erasures.put(digest, new Erasure(sweptLast(), false));
            dirtyErasures.add(digest);
        }
    }

    /**
     * Visits some lists, as each step does.
     *
     * @param time of the latest click, epoch milliseconds
     */
    public void sweep(long time) {
        if (settings.areOff()) {
            return;
        }
        int left = erasures.isEmpty() ? SWEPT : SWEPT_TO_ERASE;
        do {
            left -= sweep(time, left);
        } while (left > 0 && !erasures.isEmpty());
    }

    /** Visits so many lists, or those to the end of the round. Returns how many. */
    private int sweep(long time, int most) {
        Map<String, NeighbourList> next = behind(sweptLast(), most);
        String last = "";
        for (Map.Entry<String, NeighbourList> each : next.entrySet()) {
            String item = each.getKey();
            NeighbourList list = each.getValue();
            if (list.total() * list.left(time, settings.halfLife()) < LEAST_TOTAL) {
                forget(item, list);
            } else {
                clean(item, list);
            }
            last = item;
        }
        String now = next.size() < most ? "" : last;
        isSweptDirty |= !Optional.of(now).equals(swept);
        swept = Optional.of(now);
        Map.copyOf(erasures).forEach((user, erasure) -> sweptTo(now, user, erasure));
        return next.size();
    }

    /** Ends an erasure if the sweep has come round, or notes that it begins anew. */
    private void sweptTo(String now, int user, Erasure erasure) {
        boolean isAtEnd = now.isEmpty();
        if (isAtEnd && !erasure.isTurned() && !erasure.from().isEmpty()) {
            erasures.put(user, new Erasure(erasure.from(), true));
            dirtyErasures.add(user);
        } else if (isAtEnd || (erasure.isTurned() && Arrays.compareUnsigned(key(now), key(erasure.from())) >= 0)) {
            erasures.remove(user);
            dirtyErasures.add(user);
        }
    }

    private String sweptLast() {
        return swept.orElseGet(
                () -> stored.get(sweptKey()).map(NeighbourLists::readSwept).orElse(""));
    }

    /** Takes from a list what has left the catalogue, and what is of erased users alone. */
    private void clean(String item, NeighbourList list) {
        if (list.retain(catalogue::contains, erasures::containsKey)) {
            if (list.size() == 0) {
                forget(item, list);
            } else {
                put(catalogue.ownId(item), list);
                dirty.add(catalogue.ownId(item));
            }
        }
    }

    private void forget(String item, NeighbourList list) {
        unstored.remove(key(item));
        put(item, list.emptied());
        dirty.add(item);
    }

    /** Returns the next lists in the order of their keys, by item. */
    private Map<String, NeighbourList> behind(String item, int most) {
        takeRestored();
        byte[] from = ListKeys.behind(key(item));
        NavigableMap<byte[], NeighbourList> next = new TreeMap<>(Arrays::compareUnsigned);
        stored.scan(from, EntrySource.behind(new byte[] {prefix}), (key, value) -> {
            if (ListKeys.isOfAdditions(key)) {
                byte[] whole = ListKeys.whole(key);
                NeighbourList list = next.get(whole);
                if (list != null && cached.get(PrefixedKey.text(whole)) == null) {
                    restore(list, key, value);
                }
                return true;
            }
            NeighbourList known = cached.get(PrefixedKey.text(key));
            if (next.size() < most && (known == null || known.size() > 0)) {
                next.put(key, known == null ? NeighbourList.read(value, catalogue::ownId) : known);
                return true;
            }
            return next.size() < most;
        });
        for (byte[] key : unstored.tailSet(from)) {
            if (next.size() >= most && Arrays.compareUnsigned(key, next.lastKey()) > 0) {
                break;
            }
            next.put(key, Objects.requireNonNull(cached.get(PrefixedKey.text(key))));
        }
        Map<String, NeighbourList> lists = new LinkedHashMap<>();
        next.entrySet().stream()
                .limit(most)
                .forEach(each -> lists.put(PrefixedKey.text(each.getKey()), each.getValue()));
        return lists;
    }

    private void restore(NeighbourList list, byte[] keyOfAdditions, byte[] additions) {
        int number = ListKeys.number(keyOfAdditions);
        list.restore(number, additions, settings.halfLife(), settings.most(), catalogue::ownId);
    }

    @Override
    public void restore(byte[] key, byte[] value) {
        if (key[0] == erasurePrefix) {
            erasures.put(
                    Integer.parseUnsignedInt(PrefixedKey.text(key), HEX),
                    Form.read(value, new Erasure("", false)::fields));
            return;
        }
        String item = ListKeys.item(key);
        if (item.isEmpty()) {
            swept = Optional.of(readSwept(value));
        } else if (ListKeys.isOfAdditions(key)) {
            restored.computeIfAbsent(item, of -> new TreeMap<>()).put(ListKeys.number(key), value);
        } else {
            put(item, NeighbourList.read(value, catalogue::ownId));
            unstored.add(key);
        }
    }

    /** Makes the additions that were restored once more, now that their lists are there. */
    private void takeRestored() {
        if (restored.isEmpty()) {
            return;
        }
        Map<String, SortedMap<Integer, byte[]>> additions = restored;
        restored = new TreeMap<>();
        additions.forEach((item, ofList) -> {
            NeighbourList list = cached.get(item);
            if (list == null) {
                throw new CorruptEntryException("additions to the neighbours of " + item + " have no list");
            }
            cachedBytes -= list.heapBytes();
            ofList.forEach((number, value) -> restore(list, ListKeys.additions(key(item), number), value));
            cachedBytes += list.heapBytes();
        });
    }

    private static String readSwept(byte[] value) {
        return Form.read(value, form -> form.text(""));
    }

    @Override
    public void drainDirty(EntrySink sink) {
        takeRestored();
        for (String item : dirty.stream().sorted().toList()) {
            NeighbourList list = cached.get(item);
            if (list == null) {
                throw new IllegalStateException("the changed list of " + item + " left the heap");
            }
            cachedBytes -= list.heapBytes();
            list.drain(key(item), sink);
            if (list.size() > 0) {
                cachedBytes += list.heapBytes();
            } else {
                cached.remove(item);
            }
        }
        if (isSweptDirty) {
            sink.put(sweptKey(), Form.written(form -> form.text(swept.orElse(""))));
            isSweptDirty = false;
        }
        for (int user : dirtyErasures) {
            byte[] key = PrefixedKey.of(erasurePrefix, Integer.toUnsignedString(user, HEX));
            Erasure erasure = erasures.get(user);
            if (erasure == null) {
                sink.delete(key);
            } else {
                sink.put(key, Form.written(erasure::fields));
            }
        }
        dirtyErasures.clear();
        if (nextUnsent.isPresent()) {
            handOver(nextUnsent.get(), sink);
        }
        dirty = new HashSet<>(); // clearing costs what the largest one held
        if (stored != EntrySource.NONE) {
            unstored.clear();
        }
    }

    /**
     * Makes the next drains hand over all lists, changed or not, at most {@value #LISTS_A_DRAIN} each. Of a list that did not change the whole
     * stored form is repeated, without the additions behind it; {@link #seen} returns the list.
     */
    public void touch() {
        nextUnsent = Optional.of(Arrays.copyOf(sweptKey(), 2));
    }

    /** Returns true if the next drain hands over the last of what {@link #touch} asked for. */
    public boolean areNearlyOut() {
        int[] left = {0};
        nextUnsent.ifPresent(from -> forEachStored(from, (key, value) -> left[0]++ < LISTS_A_DRAIN));
        return left[0] <= LISTS_A_DRAIN;
    }

    private void handOver(byte[] from, EntrySink sink) {
        int[] left = {LISTS_A_DRAIN};
        nextUnsent = Optional.empty();
        forEachStored(from, (key, value) -> {
            if (left[0]-- == 0) {
                nextUnsent = Optional.of(key);
                return false;
            }
            if (!dirty.contains(PrefixedKey.text(key))) {
                handOver(key, value, sink);
            }
            return true;
        });
    }

    private void handOver(byte[] key, Optional<byte[]> storedValue, EntrySink sink) {
        if (storedValue.isPresent()) {
            sink.repeat(key, storedValue.get());
        } else { // who stored it is not known here: what is written replaces all
            NeighbourList list = Objects.requireNonNull(cached.get(PrefixedKey.text(key)));
            cachedBytes -= list.heapBytes();
            list.change();
            list.drain(key, sink);
            cachedBytes += list.heapBytes();
        }
    }

    /** Visits the lists by the keys of their whole forms; without a store, without those. */
    private void forEachStored(byte[] from, BiPredicate<byte[], Optional<byte[]>> visitor) {
        if (stored != EntrySource.NONE) {
            stored.scan(
                    from,
                    EntrySource.behind(new byte[] {prefix}),
                    (key, value) -> ListKeys.isOfAdditions(key) || visitor.test(key, Optional.of(value)));
            return;
        }
        for (byte[] key : unstored.tailSet(from)) {
            if (!visitor.test(key, Optional.empty())) {
                return;
            }
        }
    }

    /** Returns an item's list as others see it; absent if it has none. It may be asked for while this is drained, and does not change any more. */
    public Optional<NeighbourList> seen(String item) {
        takeRestored();
        NeighbourList known = cached.get(item);
        return (known == null ? read(item) : Optional.of(known))
                .filter(list -> list.size() > 0)
                .map(NeighbourList::seen);
    }

    private Optional<NeighbourList> find(String item) {
        takeRestored();
        NeighbourList known = cached.get(item);
        if (known != null) {
            return Optional.of(known).filter(list -> list.size() > 0);
        }
        Optional<NeighbourList> read = read(item);
        read.ifPresent(list -> put(catalogue.ownId(item), list));
        return read;
    }

    private Optional<NeighbourList> read(String item) {
        byte[] key = key(item);
        return stored.get(key).map(whole -> {
            NeighbourList list = NeighbourList.read(whole, catalogue::ownId);
            if (NeighbourList.mayGoOn(whole)) {
                stored.scan(ListKeys.additions(key, 0), ListKeys.behind(key), (of, additions) -> {
                    restore(list, of, additions);
                    return true;
                });
            }
            return list;
        });
    }

    private NeighbourList begin(String item) {
        NeighbourList forgotten = cached.get(item); // since the last drain, perhaps
        NeighbourList list = forgotten == null ? new NeighbourList() : forgotten;
        put(catalogue.ownId(item), list);
        unstored.add(key(item));
        return list;
    }

    private void put(String item, NeighbourList list) {
        NeighbourList before = cached.put(item, list);
        cachedBytes += list.heapBytes() - (before == null ? 0 : before.heapBytes());
    }

    /** Takes lists off the heap that are stored as they are, the least recently used first. */
    private void makeRoom() {
        if (stored == EntrySource.NONE) {
            return;
        }
        for (Iterator<Map.Entry<String, NeighbourList>> oldest =
                        cached.entrySet().iterator();
                cachedBytes > cacheBytes && oldest.hasNext(); ) {
            Map.Entry<String, NeighbourList> next = oldest.next();
            if (!dirty.contains(next.getKey())) {
                cachedBytes -= next.getValue().heapBytes();
                oldest.remove();
            }
        }
    }

    private byte[] key(String item) {
        return PrefixedKey.of(prefix, item);
    }

    /** Of where the sweep is; no item has an empty id. */
    private byte[] sweptKey() {
        return new byte[] {prefix};
    }
}
