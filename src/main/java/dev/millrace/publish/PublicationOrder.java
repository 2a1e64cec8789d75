package dev.millrace.publish;

import dev.millrace.model.MovedItems;
import dev.millrace.publish.Publications.Publication;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import dev.millrace.state.KeyIndex;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
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
    record Moment(long step, long time) {}

    /** A stored publication that the order does not have yet. */
    private record Restored(String item, Moment moment) {

        long step() {
            return moment.step();
        }
    }

    private final byte[] prefix;
    private final LatestVectors vectors = new LatestVectors();
    private final Publications publications = new Publications();
    private final FarthestFirst moved = new FarthestFirst(vectors);
    private final Set<String> dirty = new TreeSet<>();
    private final UnaryOperator<String> ids;
    private List<Restored> restored = new ArrayList<>();
    private long stepSum;

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
        return vectors.size();
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
        int[] numbers = vectors.numbers(step.items(), count);
        for (int at = 0; at < count; at++) {
            if (numbers[at] != KeyIndex.NONE) {
                moved.add(numbers[at], step.distances()[at]);
            }
        }
        for (int at = 0; at < count; at++) {
            if (numbers[at] != KeyIndex.NONE) {
                moved.rise(numbers[at]);
            }
        }
    }

    /** Returns the items published longest ago. */
    List<String> oldest(long count) {
        takeRestored();
        return vectors.oldest(count);
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
        return size() == 0 ? Optional.empty() : Optional.of(publications.oldest());
    }

    /** Returns the publication of the vector that {@code older} older ones precede; there must be more vectors. */
    Moment behind(long older) {
        takeRestored();
        return publications.behind(older);
    }

    /** Returns the mean step of the items' publications; 0 without items. */
    double meanStep() {
        return vectors.size() == 0 ? 0 : (double) stepSum / vectors.size();
    }

    void restore(byte[] key, byte[] value) {
        String item = new String(key, prefix.length, key.length - prefix.length, StandardCharsets.UTF_8);
        ByteBuffer payload = Frame.open(value);
        restored.add(new Restored(item, new Moment(payload.getLong(), payload.getLong())));
    }

    void drainDirty(EntrySink sink) {
        for (String item : dirty) {
            byte[] id = item.getBytes(StandardCharsets.UTF_8);
            byte[] key = Arrays.copyOf(prefix, prefix.length + id.length);
            System.arraycopy(id, 0, key, prefix.length, id.length);
            Optional<Moment> moment = vectors.of(item).map(vector -> vector.from.made());
            moment.ifPresentOrElse(
                    made -> sink.put(
                            key,
                            new Fields()
                                    .longInteger(made.step())
                                    .longInteger(made.time())
                                    .framed()),
                    () -> sink.delete(key));
        }
        dirty.clear();
    }

    private void add(String item, Moment moment) {
        forget(item);
        Publication publication = publications.join(moment);
        vectors.add(ids.apply(item), publication);
        stepSum += moment.step();
    }

    private boolean forget(String item) {
        Optional<LatestVector> before = vectors.remove(item);
        before.ifPresent(vector -> {
            moved.forget(vector.number);
            publications.leave(vector.from);
            stepSum -= vector.from.made().step();
        });
        return before.isPresent();
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
