package dev.millrace.verify.books;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * Compares what a replay makes for the topic of training examples with what the topic has, in the order of both. One of them may lack some, or have
 * some more: behind these it goes on, if that is not far.
 */
final class ExampleComparison {

    private static final int FAR = 200;
    private static final int NOWHERE = Integer.MAX_VALUE;

    /**
     * An example, or the removal of a user.
     *
     * @param content equal if it is the same
     * @param name for messages
     * @param place of its record; of one that was made, that of the event which made it
     * @param isDue whether the topic must have it or, of what the topic has, whether an event of this partition must make it
     */
    record Entry(Object content, String name, RecordAddress place, boolean isDue) {}

    private final Supplier<Optional<Entry>> topic;
    private final boolean isWhole;
    private final List<String> faults = new ArrayList<>();
    private final Deque<Entry> made = new ArrayDeque<>();
    private final Deque<Entry> found = new ArrayDeque<>();
    private boolean isBegun; // some were equal
    private long end;

    /**
     * @param topic gives the next entry of the topic
     * @param from offset at which the topic is read
     * @param isWhole whether the topic still has all from there: else it may lack all before its first entry
     */
    ExampleComparison(Supplier<Optional<Entry>> topic, long from, boolean isWhole) {
        this.topic = topic;
        this.end = from;
        this.isWhole = isWhole;
    }

    /** Takes the next entry that the replay made. */
    void made(Entry entry) {
        made.add(entry);
        settle(FAR);
    }

    /** Returns the offset behind the last entry of the topic that was made again; absent if that lacks one, or has one too many before. */
    OptionalLong equalUntil() {
        return made.isEmpty() && faults.isEmpty() ? OptionalLong.of(end) : OptionalLong.empty();
    }

    /** The replay has ended. Returns what differs. */
    List<String> end() {
        settle(1);
        while (fill(1)) {
            excess(found.remove());
        }
        return faults;
    }

    /** Settles the first that were made: equal ones at once, the others when there are so many. */
    private void settle(int many) {
        while (!made.isEmpty() && (isEqual() || made.size() >= many)) {
            if (isEqual()) {
                made.remove();
                end = found.remove().place().offset() + 1;
                isBegun = true;
            } else if (!isWhole && !isBegun) {
                made.remove();
            } else {
                settleUnequal();
            }
        }
    }

    /** The one that the other side has sooner waits; if neither does, both are settled. */
    private void settleUnequal() {
        boolean unused = fill(FAR);
        int ahead = place(found, made.element());
        int behind = found.isEmpty() ? 0 : place(made, found.element());
        if (ahead <= behind) {
            excess(found.remove());
        }
        if (ahead > behind || ahead == NOWHERE) {
            missing(made.remove());
        }
    }

    private boolean isEqual() {
        while (fill(1) && !found.element().content().equals(made.element().content())) {
            if (found.element().isDue()) {
                return false;
            }
            found.remove();
        }
        return !found.isEmpty();
    }

    private boolean fill(int count) {
        while (found.size() < count) {
            Optional<Entry> next = topic.get();
            if (next.isEmpty()) {
                return false;
            }
            found.add(next.get());
        }
        return true;
    }

    /** The place of an entry; that of none if it is not there. */
    private static int place(Deque<Entry> in, Entry entry) {
        int at = 0;
        for (Entry each : in) {
            if (each.content().equals(entry.content())) {
                return at;
            }
            at++;
        }
        return NOWHERE;
    }

    private void missing(Entry entry) {
        if (entry.isDue()) {
            faults.add("the event at " + entry.place() + " makes " + entry.name() + ", which the topic does not have");
        }
    }

    private void excess(Entry entry) {
        if (entry.isDue()) {
            faults.add("no event makes " + entry.name() + " at " + entry.place());
        }
    }
}
