package dev.millrace.replay;

import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.PriorityQueue;

/**
 * Puts events in time order. Events come in groups, such as the exposure and the later click of one row; the earliest times of the groups are
 * in order. Events with equal times keep the order of arrival. Memory holds only the events later than the current group.
 */
final class TimeOrder implements Iterator<ReplayEvent> {

    private final Iterator<List<ReplayEvent>> groups;
    private final PriorityQueue<Waiting> waiting =
            new PriorityQueue<>(Comparator.comparingLong(Waiting::time).thenComparingLong(Waiting::arrival));
    private long latestGroup = Long.MIN_VALUE;
    private long arrivals;

    /**
     * @param groups none empty, earliest times ascending
     */
    TimeOrder(Iterator<List<ReplayEvent>> groups) {
        this.groups = groups;
    }

    /** Returns the next event without taking it. */
    Optional<ReplayEvent> peek() {
        // a group holds no event earlier than its own earliest time
        while (groups.hasNext()
                && (waiting.isEmpty() || latestGroup < waiting.peek().time())) {
            List<ReplayEvent> group = groups.next();
            latestGroup = earliest(group);
            group.forEach(this::add);
        }
        return waiting.isEmpty() ? Optional.empty() : Optional.of(waiting.peek().event());
    }

    /** Adds an event, which must not be earlier than any event that was taken. */
    void add(ReplayEvent event) {
        waiting.add(new Waiting(event.time(), arrivals++, event));
    }

    @Override
    public boolean hasNext() {
        return peek().isPresent();
    }

    @Override
    public ReplayEvent next() {
        ReplayEvent event = peek().orElseThrow(NoSuchElementException::new);
        waiting.remove();
        return event;
    }

    static long earliest(List<ReplayEvent> group) {
        return group.stream().mapToLong(ReplayEvent::time).min().orElseThrow();
    }

    private record Waiting(long time, long arrival, ReplayEvent event) {}
}
