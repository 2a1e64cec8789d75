package dev.millrace.replay;

import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.PriorityQueue;

/**
 * Events in time order, from groups of events whose earliest times are in order: a row's exposure now, its click a little later.
 * Equal times keep the order of arrival. Memory grows with what is ahead of the current group only.
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

    /** The next event, which stays. */
    Optional<ReplayEvent> peek() {
        // only once the groups have reached the head's time can none hold an earlier event
        while (groups.hasNext()
                && (waiting.isEmpty() || latestGroup < waiting.peek().time())) {
            List<ReplayEvent> group = groups.next();
            latestGroup = earliest(group);
            group.forEach(this::add);
        }
        return waiting.isEmpty() ? Optional.empty() : Optional.of(waiting.peek().event());
    }

    /** Puts in an event that is not earlier than those already taken. */
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
