package dev.millrace.publish;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.ItemColumn;
import dev.millrace.model.MovedItems;
import dev.millrace.state.Form;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The last publication of each item's vector, the oldest first; after a restore those of one step by id. One thread.
 *
 * <p>No call passes over all vectors, except the first after a restore, which sorts them.
 */
final class PublicationOrder extends ItemColumn<PublicationOrder.Latest> {
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

    /** What was published at one moment. */
    private static final class Publication {
        final Moment moment;
        int vectors; // that are the latest of their items

        Publication(Moment moment) {
            this.moment = moment;
        }
    }

    /** An item's latest vector: a link of the chain of all, in the order of their publication. */
    static final class Latest {
        private int item = Catalogue.NO_NUMBER; // number in the catalogue
        private Publication made;
        private Latest older = this;
        private Latest newer = this;

        private Latest(Publication made) {
            this.made = made;
        }

        private long step() {
            return made.moment.step();
        }
    }

    private final Catalogue catalogue;
    private final Latest ends = new Latest(new Publication(Moment.NONE)); // closes the chain
    private Publication newest = ends.made;
    /** Those with a vector that is the latest of its item, the oldest first. */
    private final Set<Publication> publications = new LinkedHashSet<>();

    private int size;
    private long stepSum;
    private final FarthestFirst moved;
    private boolean isChained = true; // otherwise vectors were restored

    /** @param prefix prefix of this state's keys; the item follows it */
    PublicationOrder(Catalogue catalogue, byte... prefix) {
        super(catalogue, prefix);
        this.catalogue = catalogue;
        this.moved = new FarthestFirst(
                catalogue::itemAt, (number, other) -> Moment.ORDER.compare(made(number), made(other)));
    }

    private Moment made(int item) {
        Latest vector = row(item);
        return vector == null ? Moment.NONE : vector.made.moment;
    }

    int size() {
        takeRestored();
        return size;
    }

    /** @param item number in the catalogue */
    void published(int item, Moment moment) {
        takeRestored();
        Latest known = row(item);
        Latest vector = known == null ? new Latest(newest) : known;
        if (known != null) {
            unlink(known);
        }
        link(item, vector, moment);
        put(item, vector);
    }

    /** Adds the distances by which a step moved items' rows. */
    void moved(MovedItems step) {
        takeRestored();
        int[] items = catalogue.numbers(step.items());
        for (int at = 0; at < items.length; at++) {
            if (row(items[at]) != null) {
                moved.add(items[at], step.distances()[at]);
            }
        }
        for (int item : items) {
            if (row(item) != null) {
                moved.rise(item);
            }
        }
    }

    /** Returns the items published longest ago. */
    List<String> oldest(long count) {
        takeRestored();
        List<String> items = new ArrayList<>();
        for (Latest next = ends.newer; items.size() < count && next != ends; next = next.newer) {
            items.add(catalogue.itemAt(next.item));
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
        return size() == 0 ? Optional.empty() : Optional.of(ends.newer.made.moment);
    }

    /** Returns the publication of the vector that {@code older} older ones precede; there must be more vectors. */
    Moment behind(long older) {
        takeRestored();
        long left = older;
        for (Publication publication : publications) {
            left -= publication.vectors;
            if (left < 0) {
                return publication.moment;
            }
        }
        throw new IllegalArgumentException("there are no more than " + older + " vectors");
    }

    /** Returns the mean step of the items' publications; 0 without items. */
    double meanStep() {
        return size == 0 ? 0 : (double) stepSum / size;
    }

    @Override
    public void restore(byte[] key, byte[] value) {
        super.restore(key, value);
        isChained = false;
    }

    @Override
    protected Latest read(byte[] value) {
        return new Latest(new Publication(Form.read(value, Moment.NONE::fields)));
    }

    @Override
    protected byte[] write(Latest vector) {
        return Form.written(vector.made.moment::fields);
    }

    @Override
    protected void removed(int item, Latest vector) {
        takeRestored();
        unlink(vector);
    }

    @Override
    protected void renumbered(int from, int to, Latest vector) {
        takeRestored();
        moved.move(from, to);
        vector.item = to;
    }

    /** Puts an item's vector at the end of the chain. */
    private void link(int item, Latest vector, Moment moment) {
        newest = newest.moment.equals(moment) ? newest : new Publication(moment);
        vector.item = item;
        vector.made = newest;
        vector.older = ends.older;
        vector.newer = ends;
        ends.older.newer = vector;
        ends.older = vector;
        if (newest.vectors++ == 0) {
            publications.add(newest);
        }
        size++;
        stepSum += moment.step();
    }

    /** Takes an item's vector out of the chain. */
    private void unlink(Latest vector) {
        moved.forget(vector.item);
        vector.older.newer = vector.newer;
        vector.newer.older = vector.older;
        if (--vector.made.vectors == 0) {
            publications.remove(vector.made);
        }
        size--;
        stepSum -= vector.step();
    }

    /** Sorts the vectors after a restore, because entries are restored in any order. */
    private void takeRestored() {
        if (!isChained) {
            isChained = true;
            List<Latest> restored = new ArrayList<>();
            numbers().forEach(item -> {
                Latest vector = row(item);
                if (vector != null && vector.item == Catalogue.NO_NUMBER) {
                    vector.item = item;
                    restored.add(vector);
                }
            });
            restored.sort(Comparator.comparingLong(Latest::step).thenComparing(one -> catalogue.itemAt(one.item)));
            restored.forEach(vector -> link(vector.item, vector, vector.made.moment));
        }
    }
}
