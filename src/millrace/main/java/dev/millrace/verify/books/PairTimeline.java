package dev.millrace.verify.books;

import dev.millrace.verify.books.UserPartition.LoggedClick;
import dev.millrace.verify.books.UserPartition.LoggedExposure;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** The exposures of one item to one user, less the repeats, and the clicks that took them: answers what a click of the pair may have met. */
final class PairTimeline {

    /*
     * Layout. The exposures lie in two orders. By time: a click that names no exposure may answer a range of it. By id, then time: a click
     * that names one may answer a range of it. Over each order there is a tree of least values; and for each action a bit set of the
     * exposures whose action is taken, the same in both.
     *
     * Cost. n log n to build, log n a question but for those of bit sets: a 64th of n at worst, next to nothing where exposures are few. Some
     * 150 bytes an exposure.
     */

    /** Where a range has no value. */
    static final long NONE = Long.MAX_VALUE;

    private final long windowMillis;
    private final Order byTime;
    private final Order byId;
    private final Map<IdHash, Range> ranges = new HashMap<>(); // of ids, in the order by id
    private final long[] goneAt; // by time: when that exposure and all before it are forgotten

    private final Map<String, Taken> taken = new HashMap<>(); // by action
    private final BitSet answeredAlone = new BitSet(); // by id

    /** A range of places in one of the orders. */
    private record Range(int from, int to) {

        boolean isEmpty() {
            return from >= to;
        }
    }

    /** The exposures whose action is taken, in both orders. */
    private record Taken(BitSet byTime, BitSet byId) {}

    /** @param shown in any order */
    PairTimeline(
            List<LoggedExposure> shown, Predicate<LoggedExposure> isNew, SettledTimeBounds times, long windowMillis) {
        this.windowMillis = windowMillis;
        LoggedExposure[] sorted = shown.stream()
                .sorted(Comparator.comparingLong(LoggedExposure::time))
                .toArray(LoggedExposure[]::new);
        Integer[] places = new Integer[sorted.length];
        Arrays.setAll(places, place -> place);
        long[] latest = new long[sorted.length];
        goneAt = new long[sorted.length];
        for (int at = 0; at < sorted.length; at++) {
            latest[at] = isNew.test(sorted[at]) ? times.at(sorted[at]).latest() : NONE;
            long gone = times.forgetting(sorted[at]).latest();
            goneAt[at] = at == 0 ? gone : Math.max(gone, goneAt[at - 1]);
        }
        Map<IdHash, Integer> numbers = new HashMap<>();
        for (LoggedExposure exposure : sorted) {
            numbers.putIfAbsent(exposure.id(), numbers.size());
        }
        byTime = new Order(sorted, latest, places.clone());
        Arrays.sort(
                places,
                Comparator.comparing(place -> numbers.getOrDefault(sorted[place].id(), 0))); // stable, so by time too
        byId = new Order(sorted, latest, places);
        for (int at = 0; at < sorted.length; at++) {
            byTime.otherPlaces[places[at]] = at;
            byId.otherPlaces[at] = places[at];
            int next = at + 1;
            ranges.merge(sorted[places[at]].id(), new Range(at, next), (range, one) -> new Range(range.from, next));
        }
    }

    /** Number of exposures of that time. */
    int count(long time) {
        Range range = byTime.between(all(), time, time);
        return range.to - range.from;
    }

    /** Returns true if the click may answer an exposure of exactly that time, within its window. */
    boolean hasOpen(LoggedClick click, long time) {
        return click.time() <= time + windowMillis
                && (isNamed(click) || time <= click.time())
                && !at(click, time).isEmpty();
    }

    /** Returns true if the click may answer an exposure, within its window. */
    boolean hasOpen(LoggedClick click) {
        return !open(click).isEmpty();
    }

    /** Event time of the first exposure that the click may answer or be late for; absent if there is none. */
    Optional<Long> firstAnswered(LoggedClick click) {
        Range range = answered(click);
        return range.isEmpty() ? Optional.empty() : Optional.of(order(click).times[range.from]);
    }

    /**
     * Of the exposures that the click may answer, that are new for certain and not before a time: the least settled time that one may have come
     * at, at most; {@link #NONE} if there is none.
     */
    long latestOfNewAnswered(LoggedClick click, long since) {
        Range range = answered(click);
        return order(click).least(order(click).firstSince(range, since), range.to);
    }

    /** As {@link #latestOfNewAnswered}, of the earlier exposures: the click would have answered one that it names. */
    long latestOfNewBefore(LoggedClick click, long since) {
        Range range = before(click);
        return byTime.least(byTime.firstSince(range, since), range.to);
    }

    /** Returns true if there is an earlier exposure that the click may not answer, and not all have been forgotten when timers up to a moment have run. */
    boolean mayKnowMissed(LoggedClick click, long cursor) {
        int before = before(click).to;
        Range own = byId.between(named(click), Long.MIN_VALUE, click.time());
        return before > own.to - own.from && goneAt[before - 1] > cursor;
    }

    /** Takes the exposures that a click has answered, as its example says: one of exactly that time. */
    void take(LoggedClick click, long time, boolean isCertain) {
        Range answered = at(click, time);
        if (!isNamed(click) && !hasOpen(click, time)) {
            return;
        }
        take(click, answered);
        if (isCertain && answered.to - answered.from == 1) {
            answeredAlone.set(isNamed(click) ? answered.from : byTime.otherPlaces[answered.from]);
        }
    }

    /** Takes all exposures that a click may have answered. */
    void takeAny(LoggedClick click) {
        take(click, open(click));
    }

    /** Forgets which actions are taken, but not who was answered alone. */
    void clearTaken() {
        taken.clear();
    }

    /** Returns true if a click can have taken the same action, on an exposure whose window holds this click. */
    boolean isTaken(LoggedClick click) {
        Taken same = taken.get(click.action());
        if (same == null) {
            return false;
        }
        Range range = open(click);
        int first = (isNamed(click) ? same.byId : same.byTime).nextSetBit(range.from);
        return first >= 0 && first < range.to;
    }

    /** Returns true if a click may have answered that exposure. */
    boolean mayBeAnswered(LoggedExposure exposure) {
        int place = placeById(exposure);
        return taken.values().stream().anyMatch(of -> of.byId.get(place));
    }

    /** Returns true if an attributed click may have answered that exposure, and no other. */
    boolean isAnsweredAlone(LoggedExposure exposure) {
        return answeredAlone.get(placeById(exposure));
    }

    /** The first of those of its id and time: what is taken of them is the same. */
    private int placeById(LoggedExposure exposure) {
        return byId.firstSince(ranges.getOrDefault(exposure.id(), all()), exposure.time());
    }

    /** An exposure that is taken stays so: each is looked at once an action, however many clicks cover it. */
    private void take(LoggedClick click, Range range) {
        Taken same = taken.computeIfAbsent(click.action(), action -> new Taken(new BitSet(), new BitSet()));
        BitSet own = isNamed(click) ? same.byId : same.byTime;
        BitSet other = isNamed(click) ? same.byTime : same.byId;
        for (int at = own.nextClearBit(range.from); at < range.to; at = own.nextClearBit(at + 1)) {
            own.set(at);
            other.set(order(click).otherPlaces[at]);
        }
    }

    private static boolean isNamed(LoggedClick click) {
        return click.exposure().isPresent();
    }

    private Order order(LoggedClick click) {
        return isNamed(click) ? byId : byTime;
    }

    private Range answered(LoggedClick click) {
        return isNamed(click) ? named(click) : byTime.between(all(), click.time() - windowMillis, click.time());
    }

    /** Of the exposures that the click may answer, those whose window holds it. */
    private Range open(LoggedClick click) {
        Range range = answered(click);
        return new Range(order(click).firstSince(range, click.time() - windowMillis), range.to);
    }

    /** Exposures that the click may answer of exactly that time, if it is not too late or too early for them. */
    private Range at(LoggedClick click, long time) {
        return order(click).between(isNamed(click) ? named(click) : all(), time, time);
    }

    /** The exposures that are too early for the click, and for one that names an exposure, all earlier ones. */
    private Range before(LoggedClick click) {
        return byTime.between(all(), Long.MIN_VALUE, click.time() - (isNamed(click) ? 0 : windowMillis + 1));
    }

    private Range named(LoggedClick click) {
        return click.exposure()
                .flatMap(id -> Optional.ofNullable(ranges.get(id)))
                .orElse(new Range(0, 0));
    }

    private Range all() {
        return new Range(0, goneAt.length);
    }

    /** The exposures in one order: their times, and the least of any range's latest settled times, by a segment tree in an array. */
    private static final class Order {

        private final long[] times;
        private final int[] otherPlaces; // in the other order
        private final long[] nodes; // node i is over nodes 2i and 2i + 1; the leaves begin at the number of exposures

        Order(LoggedExposure[] exposures, long[] values, Integer[] places) {
            int size = exposures.length;
            times = new long[size];
            otherPlaces = new int[size];
            nodes = new long[2 * size];
            for (int at = 0; at < size; at++) {
                times[at] = exposures[places[at]].time();
                nodes[size + at] = values[places[at]];
            }
            for (int node = size - 1; node > 0; node--) {
                nodes[node] = Math.min(nodes[2 * node], nodes[2 * node + 1]);
            }
        }

        /** The least of the values from one place to before another; {@link #NONE} if there is none. */
        long least(int from, int to) {
            long least = NONE;
            for (int left = from + times.length, right = to + times.length; left < right; left /= 2, right /= 2) {
                if (left % 2 == 1) {
                    least = Math.min(least, nodes[left++]);
                }
                if (right % 2 == 1) {
                    least = Math.min(least, nodes[--right]);
                }
            }
            return least;
        }

        /** Those of a range whose times are from one to another, both included. */
        Range between(Range range, long first, long last) {
            return new Range(firstSince(range, first), firstSince(range, last + 1));
        }

        /** The first place of a range whose time is not before that one. */
        int firstSince(Range range, long time) {
            int low = range.from;
            int high = range.to;
            while (low < high) {
                int middle = (low + high) >>> 1;
                if (times[middle] < time) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low;
        }
    }
}
