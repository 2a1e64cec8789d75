package dev.millrace.neighbour;

import java.util.Arrays;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Stored lists of neighbours as if no addition were behind any. How many there are depends on when commits were made, and the lists do not.
 */
public final class WholeLists {

    private WholeLists() {}

    /** Returns entries of a learner with each list whole; the others as they are. */
    public static SortedMap<byte[], byte[]> of(
            SortedMap<byte[], byte[]> entries, char prefix, NeighbourSettings settings) {
        SortedMap<byte[], byte[]> whole = new TreeMap<>(Arrays::compareUnsigned);
        entries.forEach((key, value) -> {
            boolean isOfLists = key[0] == prefix;
            if (isOfLists && ListKeys.isOfAdditions(key)) {
                whole.computeIfPresent(ListKeys.whole(key), (of, before) -> {
                    NeighbourList list = NeighbourList.read(before, id -> id);
                    list.restore(0, value, settings.halfLife(), settings.most(), id -> id);
                    return list.entry();
                });
            } else {
                whole.put(key, value);
            }
        });
        return whole;
    }
}
