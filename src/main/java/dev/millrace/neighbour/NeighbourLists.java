package dev.millrace.neighbour;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.Catalogue;
import dev.millrace.batch.MiniBatch;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySource;
import dev.millrace.state.PrefixedKey;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
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
 * <p>Lists are stored, and read when they are needed. The heap holds those that changed since the last drain, and as many of the last used
 * ones as the cache has room for. One thread.
 */
public final class NeighbourLists implements Durable {

    private static final int REACH = Integer.getInteger("n.reach", 3);
    /** Handed over in less than a second. */
    private static final int LISTS_A_DRAIN = 1 << 13;

    private static final double BACKWARDS = Double.parseDouble(System.getProperty("n.back", "0.5"));

    private final NeighbourSettings settings;
    private final Catalogue catalogue;
    private final byte prefix;
    private final EntrySource stored;
    private final long cacheBytes;
    /** By item, the last used last. A list that became empty is to be deleted. */
    private final Map<String, NeighbourList> cached = new LinkedHashMap<>(16, 0.75f, true);

    private final TreeSet<String> dirty = new TreeSet<>();
    private long cachedBytes;
    private Optional<byte[]> nextUnsent = Optional.empty(); // key from which on lists are to be handed over

    /**
     * @param catalogue the items that have lists
     * @param prefix first byte of the keys
     * @param stored the stored lists; {@link EntrySource#NONE} if all stay on the heap
     * @param cacheBytes of the lists on the heap, roughly
     */
    public NeighbourLists(
            NeighbourSettings settings, Catalogue catalogue, char prefix, EntrySource stored, long cacheBytes) {
        this.settings = settings;
        this.catalogue = catalogue;
        this.prefix = (byte) prefix;
        this.stored = stored;
        this.cacheBytes = cacheBytes;
    }

    /** Counts a batch's positives. What is near as of before the batch must be read before this call. */
    public void observe(MiniBatch batch) {
        if (settings.areOff()) {
            return;
        }
        makeRoom();
        batch.counted().forEach(this::observe);
    }

    private void observe(TrainingExample example) {
        List<String> history = example.user().history();
        for (int gap = 0; gap < Math.min(REACH, history.size()); gap++) {
            String before = history.get(gap);
            if (!before.equals(example.item())) {
                double amount = 1.0 / (gap + 1);
                add(before, example.item(), example.time(), amount);
                add(example.item(), before, example.time(), BACKWARDS * amount);
            }
        }
    }

    private void add(String item, String neighbour, long time, double amount) {
        if (!catalogue.contains(item) || !catalogue.contains(neighbour)) {
            return;
        }
        NeighbourList list = find(item).orElseGet(() -> cache(catalogue.ownId(item), new NeighbourList()));
        cachedBytes -= list.heapBytes();
        list.add(catalogue.ownId(neighbour), time, amount, settings.halfLife(), settings.most());
        cachedBytes += list.heapBytes();
        dirty.add(catalogue.ownId(item));
    }

    /**
     * Visits what is near to a user's latest clicks, see {@link Nearness}.
     *
     * @param history of the user, latest first
     * @param time epoch milliseconds
     */
    public void forEachNear(List<String> history, long time, Nearness.Visitor visitor) {
        if (!settings.areOff()) {
            Nearness.forEach(history, this::find, settings, time, visitor);
        }
    }

    /** Forgets an item's list. In the lists of others the item stays until it has decayed. */
    public void remove(String item) {
        if (find(item).isPresent()) {
            put(item, new NeighbourList());
            dirty.add(item);
        }
    }

    @Override
    public void restore(byte[] key, byte[] value) {
        put(PrefixedKey.text(key), NeighbourList.read(value, catalogue::ownId));
    }

    @Override
    public void drainDirty(EntrySink sink) {
        for (String item : dirty) {
            NeighbourList list = cached.get(item);
            if (list == null) {
                throw new IllegalStateException("the changed list of " + item + " left the heap");
            }
            byte[] key = PrefixedKey.of(prefix, item);
            if (list.size() > 0) {
                sink.put(key, list.entry());
            } else {
                sink.delete(key);
                cached.remove(item);
                cachedBytes -= list.heapBytes();
            }
        }
        if (nextUnsent.isPresent()) {
            handOver(nextUnsent.get(), sink);
        }
        dirty.clear();
    }

    /** Makes the next drains hand over all lists, changed or not, at most {@value #LISTS_A_DRAIN} each. */
    public void touch() {
        nextUnsent = Optional.of(new byte[] {prefix});
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
                sink.repeat(key, value);
            }
            return true;
        });
    }

    private void forEachStored(byte[] from, BiPredicate<byte[], byte[]> visitor) {
        if (stored != EntrySource.NONE) {
            stored.scan(from, EntrySource.behind(new byte[] {prefix}), visitor);
            return;
        }
        SortedMap<byte[], byte[]> all = new TreeMap<>(Arrays::compareUnsigned);
        cached.forEach((item, list) -> all.put(PrefixedKey.of(prefix, item), list.entry()));
        var unused = all.tailMap(from).entrySet().stream().allMatch(each -> visitor.test(each.getKey(), each.getValue()));
    }

    private Optional<NeighbourList> find(String item) {
        NeighbourList known = cached.get(item);
        if (known != null) {
            return known.size() > 0 ? Optional.of(known) : Optional.empty();
        }
        return stored.get(PrefixedKey.of(prefix, item))
                .map(value -> cache(catalogue.ownId(item), NeighbourList.read(value, catalogue::ownId)));
    }

    private NeighbourList cache(String item, NeighbourList list) {
        put(item, list);
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
        for (Iterator<Map.Entry<String, NeighbourList>> oldest = cached.entrySet().iterator();
                cachedBytes > cacheBytes && oldest.hasNext(); ) {
            Map.Entry<String, NeighbourList> next = oldest.next();
            if (!dirty.contains(next.getKey())) {
                cachedBytes -= next.getValue().heapBytes();
                oldest.remove();
            }
        }
    }
}
