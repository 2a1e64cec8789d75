package dev.millrace.publish;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The items whose vectors are published anew, so many at a time that a commit does not grow with the catalogue. It is not stored: after
 * a restart it begins with the first item.
 */
final class Renewal {

    /** Items of one part: those of which each vector is encoded once. */
    static final int PART = VectorTiles.KEPT * VectorTiles.ROWS;

    static final Renewal NONE = new Renewal(Map.of());

    private final Iterator<Map.Entry<String, Long>> left;

    /** @param items by id: the wall clock that {@link PublicationPlan#touch(String, long)} takes */
    Renewal(Map<String, Long> items) {
        this.left = items.entrySet().iterator();
    }

    /** Returns the next part. Some of its items may have left the catalogue. */
    Map<String, Long> next() {
        Map<String, Long> part = new LinkedHashMap<>();
        while (part.size() < PART && left.hasNext()) {
            Map.Entry<String, Long> item = left.next();
            part.put(item.getKey(), item.getValue());
            left.remove(); // so that what is published is not kept
        }
        return part;
    }

    boolean isOver() {
        return !left.hasNext();
    }
}
