package dev.millrace.publish;

import dev.millrace.state.EntrySink;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/** The last publication of each item's vector, the oldest first. One thread. */
final class PublicationOrder {

    /**
     * The moment of a publication.
     *
     * @param step step of the log
     * @param time event time, epoch milliseconds
     */
    record Moment(long step, long time) {}

    /**
     * The vector of one item. The distance that its row moved since then is an estimate; it is 0 again after a restart.
     */
    private static final class Vector {
        private final Moment made;
        private float moved;

        Vector(Moment made) {
            this.made = made;
        }
    }

    private final byte[] prefix;
    private final LinkedHashMap<String, Vector> vectors = new LinkedHashMap<>();
    private final Set<String> dirty = new TreeSet<>();
    private long stepSum;
    private boolean isOrderKept = true;

    /** @param prefix prefix of this state's keys; the item follows it */
    PublicationOrder(byte... prefix) {
        this.prefix = prefix.clone();
    }

    int size() {
        return vectors.size();
    }

    void published(String item, Moment moment) {
        keepOrder();
        forget(item);
        vectors.put(item, new Vector(moment));
        stepSum += moment.step();
        dirty.add(item);
    }

    void remove(String item) {
        if (forget(item)) {
            dirty.add(item);
        }
    }

    /** Adds the distance by which a step moved the item's row. */
    void moved(String item, float distance) {
        Vector vector = vectors.get(item);
        if (vector != null) {
            vector.moved += distance;
        }
    }

    /** Returns the items published longest ago. */
    List<String> oldest(long count) {
        keepOrder();
        return vectors.keySet().stream().limit(count).toList();
    }

    /**
     * Returns the items whose rows moved farthest since their publication. Rows that did not move are left out; of
     * equal ones the older come first.
     */
    List<String> farthest(long count, Predicate<String> isWanted) {
        if (count == 0) {
            return List.of();
        }
        keepOrder();
        PriorityQueue<Map.Entry<String, Vector>> nearestFirst =
                new PriorityQueue<>(Comparator.comparingDouble(entry -> entry.getValue().moved));
        for (Map.Entry<String, Vector> entry : vectors.entrySet()) {
            boolean isFar = entry.getValue().moved > 0
                    && (nearestFirst.size() < count
                            || entry.getValue().moved > nearestFirst.element().getValue().moved);
            if (isFar && isWanted.test(entry.getKey())) {
                nearestFirst.add(Map.entry(entry.getKey(), entry.getValue()));
                if (nearestFirst.size() > count) {
                    nearestFirst.remove();
                }
            }
        }
        return nearestFirst.stream().map(Map.Entry::getKey).sorted().toList();
    }

    /** Returns the publication that {@code older} publications precede; absent if there are not as many. */
    Optional<Moment> behind(long older) {
        keepOrder();
        return vectors.values().stream().skip(older).findFirst().map(vector -> vector.made);
    }

    /** Returns the mean step of the items' publications; 0 without items. */
    double meanStep() {
        return vectors.isEmpty() ? 0 : (double) stepSum / vectors.size();
    }

    void restore(byte[] key, byte[] value) {
        String item = new String(key, prefix.length, key.length - prefix.length, StandardCharsets.UTF_8);
        ByteBuffer payload = Frame.open(value);
        forget(item);
        Moment moment = new Moment(payload.getLong(), payload.getLong());
        vectors.put(item, new Vector(moment));
        stepSum += moment.step();
        isOrderKept = false;
    }

    void drainDirty(EntrySink sink) {
        for (String item : dirty) {
            byte[] id = item.getBytes(StandardCharsets.UTF_8);
            byte[] key = Arrays.copyOf(prefix, prefix.length + id.length);
            System.arraycopy(id, 0, key, prefix.length, id.length);
            Optional<Moment> moment = Optional.ofNullable(vectors.get(item)).map(vector -> vector.made);
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

    private boolean forget(String item) {
        Vector before = vectors.remove(item);
        if (before == null) {
            return false;
        }
        stepSum -= before.made.step();
        return true;
    }

    /** Sorts the items after a restore, because entries are restored in any order. */
    private void keepOrder() {
        if (!isOrderKept) {
            List<Map.Entry<String, Vector>> entries = new ArrayList<>(vectors.entrySet());
            entries.sort(Comparator.comparingLong((Map.Entry<String, Vector> entry) ->
                            entry.getValue().made.step())
                    .thenComparing(Map.Entry::getKey));
            vectors.clear();
            entries.forEach(entry -> vectors.put(entry.getKey(), entry.getValue()));
            isOrderKept = true;
        }
    }
}
