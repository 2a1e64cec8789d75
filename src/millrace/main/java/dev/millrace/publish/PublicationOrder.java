package dev.millrace.publish;

import dev.millrace.model.MovedItems;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Form;
import dev.millrace.state.KeyIndex;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * The last publication of each item's vector, the oldest first; after a restore those of one step by id. One thread.
 *
 * <p>No call passes over all vectors, except the first after a restore, which sorts them.
 */
final class PublicationOrder {
    /**
     * The moment of a publication.
     *
     * @param step step of the log
     * @param time event time, epoch milliseconds
     */
    record Moment(long step, long time) {
        private static final Comparator<Moment> ORDER =
                Comparator.comparingLong(Moment::step).thenComparingLong(Moment::time);

        static final Moment NONE = new Moment(0, 0);

        Moment fields(Form form) {
            return new Moment(form.longInteger(step), form.longInteger(time));
        }
    }

    /** An item's latest vector: a link of the chain of all, in the order of their publication. */
    private static final class Latest {
        private final String item;
        private final Moment made;
        private Latest older = this;
        private Latest newer = this;

        Latest(String item, Moment made) {
            this.item = item;
            this.made = made;
        }
    }

    /** A stored publication that the order does not have yet. */
    private record Restored(String item, Moment moment) {
        long step() {
            return moment.step();
        }
    }

    private final byte[] prefix;
    private final UnaryOperator<String> ids;
    /** An item's number is its place in arrays; that of a removed one is free for another. */
    private final KeyIndex numbers = new KeyIndex();

    private Latest[] vectors = new Latest[16];
    private int[] free = new int[16];
    private int freeCount;
    private final Latest ends = new Latest("", Moment.NONE); // closes the chain
    private Moment newest = ends.made;
    /** Vectors that are the latest of their items, by publication, the oldest first. */
    private final Map<Moment, Integer> publications = new LinkedHashMap<>();

    private long stepSum;
    private final FarthestFirst moved = new FarthestFirst(
            number -> vectors[number].item,
            (number, other) -> Moment.ORDER.compare(vectors[number].made, vectors[other].made));
    private Set<String> dirty = new HashSet<>();
    private List<Restored> restored = new ArrayList<>();
    private long[] fingerprints = new long[0];
    private int[] found = new int[0];

    /**
     * @param ids returns the copy of an item's id to keep
     * @param prefix prefix of this state's keys; the item follows it
     */
    PublicationOrder(UnaryOperator<String> ids, byte... prefix) {
        this.ids = ids;
        this.prefix = prefix.clone();
    }

    int size() {
        takeRestored();
        return numbers.size();
    }

    void published(String item, Moment moment) {
        takeRestored();
        add(item, moment);
        dirty.add(item);
    }

    void remove(String item) {
        takeRestored();
        if (forget(item)) {
            dirty.add(item);
        }
    }

    /** Adds the distances by which a step moved items' rows. */
    void moved(MovedItems step) {
        takeRestored();
        int count = step.count();
        if (found.length < count) {
            fingerprints = new long[2 * count];
            found = new int[2 * count];
        }
        for (int at = 0; at < count; at++) {
            fingerprints[at] = KeyIndex.fingerprint(step.items()[at]);
        }
        numbers.findAll(step.items(), fingerprints, count, found);
        for (int at = 0; at < count; at++) {
            if (found[at] != KeyIndex.NONE) {
                moved.add(found[at], step.distances()[at]);
            }
        }
        for (int at = 0; at < count; at++) {
            if (found[at] != KeyIndex.NONE) {
                moved.rise(found[at]);
            }
        }
    }

    /** Returns the items published longest ago. */
    List<String> oldest(long count) {
        takeRestored();
        List<String> items = new ArrayList<>();
        for (Latest next = ends.newer; items.size() < count && next != ends; next = next.newer) {
            items.add(next.item);
        }
        return items;
    }

    /**
     * Returns the items whose rows moved farthest since their publication. Rows that did not move are left out; of
     * equal ones the older come first.
     */
    List<String> farthest(long count, Predicate<String> isWanted) {
        return moved.farthest(count, isWanted);
    }

    /** Returns the publication of the oldest vector; absent without vectors. */
    Optional<Moment> oldest() {
        return size() == 0 ? Optional.empty() : Optional.of(ends.newer.made);
    }

    /** Returns the publication of the vector that {@code older} older ones precede; there must be more vectors. */
    Moment behind(long older) {
        takeRestored();
        long left = older;
        for (Map.Entry<Moment, Integer> publication : publications.entrySet()) {
            left -= publication.getValue();
            if (left < 0) {
                return publication.getKey();
            }
        }
        throw new IllegalArgumentException("there are no more than " + older + " vectors");
    }

    /** Returns the mean step of the items' publications; 0 without items. */
    double meanStep() {
        return numbers.size() == 0 ? 0 : (double) stepSum / numbers.size();
    }

    void restore(byte[] key, byte[] value) {
        String item = new String(key, prefix.length, key.length - prefix.length, StandardCharsets.UTF_8);
        restored.add(new Restored(item, Form.read(value, Moment.NONE::fields)));
    }

    void drainDirty(EntrySink sink) {
        for (String item : dirty.stream().sorted().toList()) {
            byte[] id = item.getBytes(StandardCharsets.UTF_8);
            byte[] key = Arrays.copyOf(prefix, prefix.length + id.length);
            System.arraycopy(id, 0, key, prefix.length, id.length);
            int number = numbers.find(item);
            if (number == KeyIndex.NONE) {
                sink.delete(key);
            } else {
                sink.put(key, Form.written(vectors[number].made::fields));
            }
        }
        dirty = new HashSet<>(); // clearing costs what the largest one held
    }

    private void add(String item, Moment moment) {
        newest = newest.equals(moment) ? newest : moment; // one object for all of a publication
        int known = numbers.find(item);
        int number = known == KeyIndex.NONE ? number(ids.apply(item)) : known;
        if (known != KeyIndex.NONE) {
            unlink(number);
        }
        Latest vector = new Latest(numbers.key(number), newest);
        vectors[number] = vector;
        vector.older = ends.older;
        vector.newer = ends;
        ends.older.newer = vector;
        ends.older = vector;
        publications.merge(newest, 1, Integer::sum);
        stepSum += moment.step();
    }

    /** Gives a number to an item that has none. */
    private int number(String item) {
        int number = freeCount > 0 ? free[--freeCount] : numbers.size();
        if (number == vectors.length) {
            vectors = Arrays.copyOf(vectors, 2 * number);
        }
        numbers.put(item, number);
        return number;
    }

    /** Returns true if the item had a vector. */
    private boolean forget(String item) {
        int number = numbers.find(item);
        if (number == KeyIndex.NONE) {
            return false;
        }
        unlink(number);
        numbers.remove(item);
        vectors[number] = ends;
        if (freeCount == free.length) {
            free = Arrays.copyOf(free, 2 * freeCount);
        }
        free[freeCount++] = number;
        return true;
    }

    /** Takes an item's vector out of the chain. */
    private void unlink(int number) {
        moved.forget(number);
        Latest removed = vectors[number];
        removed.older.newer = removed.newer;
        removed.newer.older = removed.older;
        publications.computeIfPresent(removed.made, (made, count) -> count == 1 ? null : count - 1);
        stepSum -= removed.made.step();
    }

    /** Sorts the items after a restore, because entries are restored in any order. */
    private void takeRestored() {
        if (!restored.isEmpty()) {
            List<Restored> entries = restored;
            restored = new ArrayList<>();
            entries.sort(Comparator.comparingLong(Restored::step).thenComparing(Restored::item));
            entries.forEach(entry -> add(entry.item, entry.moment));
        }
    }
}
