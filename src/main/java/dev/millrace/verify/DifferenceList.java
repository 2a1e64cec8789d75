package dev.millrace.verify;

import java.util.ArrayList;
import java.util.List;

/** Differences in the order in which they were found. Counts all, keeps the first. */
final class DifferenceList {

    private static final int KEPT = 20;

    private final List<Difference> first = new ArrayList<>();
    private long count;

    void add(List<Difference> differences) {
        count += differences.size();
        differences.stream().limit(KEPT - first.size()).forEach(first::add);
    }

    boolean isEmpty() {
        return count == 0;
    }

    long count() {
        return count;
    }

    List<Difference> first() {
        return List.copyOf(first);
    }
}
