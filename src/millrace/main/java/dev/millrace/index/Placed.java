package dev.millrace.index;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What of an {@link Arrangement} an item's place in an answer comes from, beside its score.
 *
 * @param pin place that it was pinned to; 0 if it was not. In an answer of fewer items it stands last
 * @param quota by attribute with a quota that it has: which of the items of its value it is, pinned ones first; of several values, the largest
 * @param diversity with a diversity: its largest cosine to an item that was chosen before it; 0 for the first, and for pinned ones
 */
public record Placed(int pin, Map<String, Integer> quota, float diversity) {

    /** The score alone. */
    public static final Placed BY_SCORE = new Placed(0, Map.of(), 0);

    public Placed {
        quota = Collections.unmodifiableSortedMap(new TreeMap<>(quota));
    }
}
