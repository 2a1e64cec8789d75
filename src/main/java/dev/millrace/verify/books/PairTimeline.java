package dev.millrace.verify.books;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.verify.books.AttributedClicks.Attributed;
import dev.millrace.verify.books.RepeatedIds.Newness;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The exposures of one item to one user, less the repeats, with the clicks that were attributed to them: answers in logarithmic time what
 * a click or an exposure of the pair has met.
 */
final class PairTimeline {

    /*
     * Layout. All exposures lie in two orders. By time: a click that names no exposure may answer a range of it. By id, then time: a click
     * that names one may answer a range of it. Over each order there are trees of least values (RangeLeast): the latest settled
     * time of the exposures that are new for certain; and for each action the least offset and the least id of the clicks that
     * took it, or may have. Exposures of one time, or of one id and time, stand side by side: what is known of all of them is at the
     * first, their leader.
     *
     * Cost. n log n to build, log n a question; some 200 bytes an exposure.
     */

    /** Two clicks that wait are answered in the order of their ids, as bytes. */
    private static final Comparator<String> BY_BYTES =
            (one, other) -> Arrays.compareUnsigned(one.getBytes(UTF_8), other.getBytes(UTF_8));

    /** Where a range has no value. */
    static final long NONE = Long.MAX_VALUE;

    /** Owns nothing. */
    private static final int NO_ID = -1;

    private final JoinRules rules;
    private final int size;
    private final Map<IdHash, Integer> numbers = new HashMap<>(); // of ids, in the order of ids

    // by time
    private final long[] times;
    private final int[] ids;
    private final int[] placeById; // of the exposure in the other order
    private final RangeLeastOfOthers latestOfNew;
    private final RangeLeastOfOthers goneAt; // negated: the last that goes is the least

    // by id and time
    private final int[] firstOfId; // by number of the id; one more behind
    private final long[] timesById;
    private final RangeLeast latestOfNewById;

    // whether an attributed click, no late one, answered the exposures of a leader
    private final boolean[] named; // in the order by id
    private final boolean[] unnamed; // in the order by time
    private final String[] answeringIds; // in their order
    private final Map<String, Taken> takenByAction = new HashMap<>();

    /**
     * Least offset and least id, as its rank, of the clicks of one action that may have answered each exposure, in both orders: those with an example,
     * and those that may be capped.
     */
    private record Taken(RangeLeast offsetByTime, RangeLeast rankByTime, RangeLeast offsetById, RangeLeast rankById) {

        Taken(int size) {
            this(new RangeLeast(size), new RangeLeast(size), new RangeLeast(size), new RangeLeast(size));
        }
    }

    /** A range of positions in one of the orders. */
    private record Range(int from, int to) {

        boolean isEmpty() {
            return from >= to;
        }
    }

    /** @param pair hash of user and item */
    PairTimeline(JoinInput input, RepeatedIds repeated, IdHash pair, AttributedClicks clicks) {
        rules = input.rules();
        List<Attributed> attributed = rules.isClicksOnly() ? List.of() : clicks.of(pair);
        List<LoggedClick> capped = rules.isClicksOnly() ? List.of() : clicks.cappedOf(pair);
        LoggedExposure[] byTime = input.exposuresOf(pair).stream()
                .filter(exposure -> repeated.newness(exposure) != Newness.REPEAT)
                .sorted(Comparator.comparingLong(LoggedExposure::time))
                .toArray(LoggedExposure[]::new);
        size = byTime.length;
        for (LoggedExposure exposure : byTime) {
            numbers.putIfAbsent(exposure.id(), numbers.size());
        }
        times = new long[size];
        ids = new int[size];
        long[] latest = new long[size];
        long[] gone = new long[size];
        for (int at = 0; at < size; at++) {
            LoggedExposure exposure = byTime[at];
            long latestAt = input.latestAt(exposure);
            times[at] = exposure.time();
            ids[at] = numbers.getOrDefault(exposure.id(), NO_ID);
            latest[at] = repeated.newness(exposure) == Newness.NEW ? latestAt : NONE;
            gone[at] = -input.forgetting(exposure).latest();
        }
        latestOfNew = new RangeLeastOfOthers(latest, ids);
        goneAt = new RangeLeastOfOthers(gone, ids);

        firstOfId = new int[numbers.size() + 1];
        for (int id : ids) {
            firstOfId[id + 1]++;
        }
        for (int id = 0; id < numbers.size(); id++) {
            firstOfId[id + 1] += firstOfId[id];
        }
        placeById = new int[size];
        timesById = new long[size];
        long[] latestById = new long[size];
        int[] next = firstOfId.clone();
        for (int at = 0; at < size; at++) { // by time, so that each id's are in the order of their times
            placeById[at] = next[ids[at]]++;
            timesById[placeById[at]] = times[at];
            latestById[placeById[at]] = latest[at];
        }
        latestOfNewById = new RangeLeast(latestById);

        named = new boolean[size];
        unnamed = new boolean[size];
        answeringIds = Stream.concat(attributed.stream().map(Attributed::click), capped.stream())
                .map(LoggedClick::id)
                .distinct()
                .sorted(BY_BYTES)
                .toArray(String[]::new);
        attributed.forEach(this::add);
        capped.forEach(click -> take(click, open(click)));
        takenByAction.values().forEach(this::merge);
    }

    /** Returns true if the click may answer an exposure of exactly that time, within its window. */
    boolean hasOpen(LoggedClick click, long time) {
        return click.time() <= time + rules.windowMillis()
                && (click.exposure().isPresent()
                        ? !sameTime(named(click), time).isEmpty()
                        : time <= click.time() && !atTime(time).isEmpty());
    }

    /** Returns true if the click may answer an exposure, within its window. */
    boolean hasOpen(LoggedClick click) {
        return !open(click).isEmpty();
    }

    /** Event time of the first exposure that the click may answer or be late for; absent if there is none. */
    Optional<Long> firstAnswered(LoggedClick click) {
        Range range = answered(click);
        return range.isEmpty()
                ? Optional.empty()
                : Optional.of(click.exposure().isPresent() ? timesById[range.from()] : times[range.from()]);
    }

    /**
     * Of the exposures that the click may answer, that are new for certain and not before a time: the least settled time that one may have come
     * at, at most; {@link RangeLeast#NONE} if there is none.
     */
    long latestOfNewAnswered(LoggedClick click, long since) {
        Range range = answered(click);
        return click.exposure().isPresent()
                ? latestOfNewById.least(firstSince(timesById, range, since), range.to())
                : latestOfNew.least(firstSince(times, range, since), range.to(), NO_ID);
    }

    /** As {@link #latestOfNewAnswered}, of the earlier exposures that the click may not answer. */
    long latestOfNewMissed(LoggedClick click, long since) {
        Range range = missed(click);
        return latestOfNew.least(firstSince(times, range, since), range.to(), number(click));
    }

    /** Returns true if there is an earlier exposure that the click may not answer. */
    boolean hasMissed(LoggedClick click) {
        Range range = missed(click);
        return goneAt.least(range.from(), range.to(), number(click)) != NONE;
    }

    /** Returns true if an earlier exposure that the click may not answer can still be known when timers up to a moment have run. */
    boolean mayKnowMissed(LoggedClick click, long cursor) {
        Range range = missed(click);
        return goneAt.least(range.from(), range.to(), number(click)) < -cursor;
    }

    /** Returns true if another click can have taken the same action before, on an exposure whose window holds the click. */
    boolean isTaken(LoggedClick click) {
        Taken taken = takenByAction.get(click.action());
        if (taken == null) {
            return false;
        }
        Range range = open(click);
        boolean isNamed = click.exposure().isPresent();
        return (isNamed ? taken.offsetById() : taken.offsetByTime()).least(range.from(), range.to()) < click.offset()
                || (isNamed ? taken.rankById() : taken.rankByTime()).least(range.from(), range.to()) < rank(click);
    }

    /** Returns true if a click may have answered that exposure. */
    boolean mayBeAnswered(LoggedExposure exposure) {
        int at = sameTime(rangeOf(exposure.id()), exposure.time()).from();
        return takenByAction.values().stream()
                .anyMatch(taken -> taken.offsetById().least(at, at + 1) != NONE);
    }

    /** Returns true if an attributed click, no late one, may have answered that exposure, and no other. */
    boolean isAnsweredAlone(LoggedExposure exposure) {
        Range ofTime = atTime(exposure.time());
        Range ofId = sameTime(rangeOf(exposure.id()), exposure.time());
        return (unnamed[ofTime.from()] && ofTime.to() - ofTime.from() == 1)
                || (named[ofId.from()] && ofId.to() - ofId.from() == 1);
    }

    private void add(Attributed one) {
        LoggedClick click = one.click();
        long time = one.example().featureTime();
        boolean isNamed = click.exposure().isPresent();
        Range answered = isNamed ? sameTime(named(click), time) : atTime(time);
        boolean isAnswer = !answered.isEmpty()
                && (isNamed || (time <= click.time() && click.time() <= time + rules.windowMillis()));
        if (isAnswer) {
            (isNamed ? named : unnamed)[answered.from()] |= !rules.mayBeLate(click, one.example());
            take(click, answered);
        }
    }

    /** Notes that a click may have answered the exposures of a range, in the order by id if it names one. */
    private void take(LoggedClick click, Range range) {
        Taken taken = takenByAction.computeIfAbsent(click.action(), action -> new Taken(size));
        boolean isNamed = click.exposure().isPresent();
        (isNamed ? taken.offsetById() : taken.offsetByTime()).cover(range.from(), range.to(), click.offset());
        (isNamed ? taken.rankById() : taken.rankByTime()).cover(range.from(), range.to(), rank(click));
    }

    /** Makes both orders know of all clicks. */
    private void merge(Taken taken) {
        taken.offsetByTime().merge(taken.offsetById(), placeById);
        taken.rankByTime().merge(taken.rankById(), placeById);
    }

    /** Number of the answering clicks' ids before that of the click. */
    private int rank(LoggedClick click) {
        int place = Arrays.binarySearch(answeringIds, click.id(), BY_BYTES);
        return place >= 0 ? place : -place - 1;
    }

    private Range answered(LoggedClick click) {
        return click.exposure().isPresent()
                ? named(click)
                : new Range(
                        firstSince(times, all(), click.time() - rules.windowMillis()),
                        firstSince(times, all(), click.time() + 1));
    }

    /** Of the exposures that the click may answer, those whose window holds it. */
    private Range open(LoggedClick click) {
        Range range = answered(click);
        return click.exposure().isPresent()
                ? new Range(firstSince(timesById, range, click.time() - rules.windowMillis()), range.to())
                : range;
    }

    private Range missed(LoggedClick click) {
        long end = click.exposure().isPresent() ? click.time() + 1 : click.time() - rules.windowMillis();
        return new Range(0, firstSince(times, all(), end));
    }

    private Range named(LoggedClick click) {
        return click.exposure().map(this::rangeOf).orElse(new Range(0, 0));
    }

    private Range rangeOf(IdHash id) {
        int number = numbers.getOrDefault(id, NO_ID);
        return number == NO_ID ? new Range(0, 0) : new Range(firstOfId[number], firstOfId[number + 1]);
    }

    private int number(LoggedClick click) {
        return click.exposure().map(id -> numbers.getOrDefault(id, NO_ID)).orElse(NO_ID);
    }

    private Range all() {
        return new Range(0, size);
    }

    private Range atTime(long time) {
        return new Range(firstSince(times, all(), time), firstSince(times, all(), time + 1));
    }

    private Range sameTime(Range ofId, long time) {
        return new Range(firstSince(timesById, ofId, time), firstSince(timesById, ofId, time + 1));
    }

    /** The first position of a range whose time is not before that one. */
    private static int firstSince(long[] sorted, Range range, long time) {
        int low = range.from();
        int high = range.to();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (sorted[middle] < time) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    /** The least value of any range of positions, in logarithmic time: a segment tree in an array. */
    private static final class RangeLeast {

        private final int size;
        private final long[] nodes; // node i is over nodes 2i and 2i + 1; the leaves begin at size

        RangeLeast(long[] values) {
            this(values.length);
            System.arraycopy(values, 0, nodes, size, size);
            build();
        }

        /** Of no values yet. */
        RangeLeast(int size) {
            this.size = size;
            this.nodes = new long[2 * size];
            Arrays.fill(nodes, NONE);
        }

        /** Gives all values of a range a bound. All such calls come before {@link #merge}, and that before {@link #least}. */
        void cover(int from, int to, long most) {
            for (int left = from + size, right = to + size; left < right; left /= 2, right /= 2) {
                if (left % 2 == 1) {
                    nodes[left] = Math.min(nodes[left], most);
                    left++;
                }
                if (right % 2 == 1) {
                    right--;
                    nodes[right] = Math.min(nodes[right], most);
                }
            }
        }

        /**
         * Ends the covering of two trees, so that a value has the lesser bound of both.
         *
         * @param placeThere of each value in the other tree
         */
        void merge(RangeLeast other, int[] placeThere) {
            spread();
            other.spread();
            for (int at = 0; at < size; at++) {
                int there = other.size + placeThere[at];
                nodes[size + at] = Math.min(nodes[size + at], other.nodes[there]);
                other.nodes[there] = nodes[size + at];
            }
            build();
            other.build();
        }

        private void spread() {
            for (int node = 1; node < size; node++) {
                nodes[2 * node] = Math.min(nodes[2 * node], nodes[node]);
                nodes[2 * node + 1] = Math.min(nodes[2 * node + 1], nodes[node]);
            }
        }

        private void build() {
            for (int node = size - 1; node > 0; node--) {
                nodes[node] = Math.min(nodes[2 * node], nodes[2 * node + 1]);
            }
        }

        /** The least of the values from one position to before another; {@link #NONE} if there is none. */
        long least(int from, int to) {
            long least = NONE;
            if (from >= to) {
                return least;
            }
            for (int left = from + size, right = to + size; left < right; left /= 2, right /= 2) {
                if (left % 2 == 1) {
                    least = Math.min(least, nodes[left++]);
                }
                if (right % 2 == 1) {
                    least = Math.min(least, nodes[--right]);
                }
            }
            return least;
        }
    }

    /**
     * As {@link RangeLeast}, of values that have owners: the least value of a range that is not of one owner. Each node holds its least value,
     * that one's owner, and the least value of all other owners.
     */
    private static final class RangeLeastOfOthers {

        private final int size;
        private final long[] least;
        private final int[] owners;
        private final long[] others;

        RangeLeastOfOthers(long[] values, int[] ownersOfValues) {
            size = values.length;
            least = new long[2 * size];
            owners = new int[2 * size];
            others = new long[2 * size];
            System.arraycopy(values, 0, least, size, size);
            System.arraycopy(ownersOfValues, 0, owners, size, size);
            Arrays.fill(others, NONE);
            for (int node = size - 1; node > 0; node--) {
                int first = least[2 * node] <= least[2 * node + 1] ? 2 * node : 2 * node + 1;
                int second = first ^ 1;
                least[node] = least[first];
                owners[node] = owners[first];
                others[node] = Math.min(others[first], ofOthers(second, owners[first]));
            }
        }

        /** The least of the values from one position to before another that the owner does not have. */
        long least(int from, int to, int owner) {
            long found = NONE;
            if (from >= to) {
                return found;
            }
            for (int left = from + size, right = to + size; left < right; left /= 2, right /= 2) {
                if (left % 2 == 1) {
                    found = Math.min(found, ofOthers(left++, owner));
                }
                if (right % 2 == 1) {
                    found = Math.min(found, ofOthers(--right, owner));
                }
            }
            return found;
        }

        private long ofOthers(int node, int owner) {
            return owners[node] == owner ? others[node] : least[node];
        }
    }
}
