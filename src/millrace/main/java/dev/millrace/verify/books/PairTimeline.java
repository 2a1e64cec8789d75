package dev.millrace.verify.books;

import dev.millrace.verify.books.UserPartition.LoggedClick;
import dev.millrace.verify.books.UserPartition.LoggedExposure;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** The exposures of one item to one user, less the repeats, and the clicks that took them: answers what a click of the pair may have met. */
final class PairTimeline {

    /*
     * Layout. Exposures of one id and one time are one place, as nothing tells them apart. Places are in the order of time. A click that names
     * an exposure may answer a stretch of the places of that id, and any other click a stretch of all.
     *
     * Cost. n log n to build. A click with an example looks at the places of one time; one without passes over its stretch, which ends with its
     * window. Some 150 bytes an exposure.
     */

    /** Where a stretch has no value. */
    static final long NONE = Long.MAX_VALUE;

    private final long windowMillis;
    private final List<Place> all = new ArrayList<>();
    private final Map<IdHash, List<Place>> byId = new HashMap<>();

    /** The exposures of one id and one time. */
    private static final class Place {
        final long time;
        int exposures;
        long latest = NONE; // settled time at which one that is new for certain came, at most
        long goneAt; // when all are forgotten
        List<String> taken = List.of(); // actions
        boolean isAnsweredAlone;

        Place(long time) {
            this.time = time;
        }

        void take(String action) {
            if (!taken.contains(action)) {
                taken = Stream.concat(taken.stream(), Stream.of(action)).toList();
            }
        }
    }

    /** @param shown in any order */
    PairTimeline(
            List<LoggedExposure> shown, Predicate<LoggedExposure> isNew, SettledTimeBounds times, long windowMillis) {
        this.windowMillis = windowMillis;
        List<LoggedExposure> byTime = shown.stream()
                .sorted(Comparator.comparingLong(LoggedExposure::time))
                .toList();
        for (LoggedExposure exposure : byTime) {
            List<Place> ofId = byId.computeIfAbsent(exposure.id(), id -> new ArrayList<>(1));
            if (ofId.isEmpty() || ofId.get(ofId.size() - 1).time < exposure.time()) {
                ofId.add(new Place(exposure.time()));
                all.add(ofId.get(ofId.size() - 1));
            }
            Place place = ofId.get(ofId.size() - 1);
            place.exposures++;
            place.latest = Math.min(
                    place.latest, isNew.test(exposure) ? times.at(exposure).latest() : NONE);
            place.goneAt = Math.max(place.goneAt, times.forgetting(exposure).latest());
        }
    }

    /** Number of exposures of that time. */
    int count(long time) {
        return count(between(all, time, time));
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
        return answered(click).stream().findFirst().map(place -> place.time);
    }

    /**
     * Of the exposures that the click may answer, that are new for certain and not before a time: the least settled time that one may have come
     * at, at most; {@link #NONE} if there is none.
     */
    long latestOfNewAnswered(LoggedClick click, long since) {
        return leastLatest(since(answered(click), since));
    }

    /** As {@link #latestOfNewAnswered}, of the earlier exposures: the click would have answered one that it names. */
    long latestOfNewBefore(LoggedClick click, long since) {
        return leastLatest(since(before(click), since));
    }

    /** Returns true if there is an earlier exposure that the click may not answer, and not all have been forgotten when timers up to a moment have run. */
    boolean mayKnowMissed(LoggedClick click, long cursor) {
        List<Place> before = before(click);
        return before.size()
                        > between(named(click), Long.MIN_VALUE, click.time()).size()
                && before.stream().anyMatch(place -> place.goneAt > cursor);
    }

    /** Takes the exposures that a click has answered, as its example says: one of exactly that time. */
    void take(LoggedClick click, long time, boolean isCertain) {
        List<Place> answered = at(click, time);
        if (isNamed(click) || hasOpen(click, time)) {
            answered.forEach(place -> place.take(click.action()));
            if (isCertain && count(answered) == 1) {
                answered.get(0).isAnsweredAlone = true;
            }
        }
    }

    /** Takes all exposures that a click may have answered. */
    void takeAny(LoggedClick click) {
        open(click).forEach(place -> place.take(click.action()));
    }

    /** Forgets which actions are taken, but not who was answered alone. */
    void clearTaken() {
        all.forEach(place -> place.taken = List.of());
    }

    /** Returns true if a click can have taken the same action, on an exposure whose window holds this click. */
    boolean isTaken(LoggedClick click) {
        return open(click).stream().anyMatch(place -> place.taken.contains(click.action()));
    }

    /** Returns true if a click may have answered that exposure. */
    boolean mayBeAnswered(LoggedExposure exposure) {
        return !place(exposure).taken.isEmpty();
    }

    /** Returns true if an attributed click may have answered that exposure, and no other. */
    boolean isAnsweredAlone(LoggedExposure exposure) {
        return place(exposure).isAnsweredAlone;
    }

    private Place place(LoggedExposure exposure) {
        return between(byId.getOrDefault(exposure.id(), List.of()), exposure.time(), exposure.time())
                .get(0);
    }

    private static boolean isNamed(LoggedClick click) {
        return click.exposure().isPresent();
    }

    /** The exposures that the click may answer, whether in time or late. */
    private List<Place> answered(LoggedClick click) {
        return isNamed(click) ? named(click) : between(all, click.time() - windowMillis, click.time());
    }

    /** Of the exposures that the click may answer, those whose window holds it. */
    private List<Place> open(LoggedClick click) {
        return since(answered(click), click.time() - windowMillis);
    }

    /** Exposures that the click may answer of exactly that time, if it is not too late or too early for them. */
    private List<Place> at(LoggedClick click, long time) {
        return between(isNamed(click) ? named(click) : all, time, time);
    }

    /** The exposures that are too early for the click, and for one that names an exposure, all earlier ones. */
    private List<Place> before(LoggedClick click) {
        return between(all, Long.MIN_VALUE, click.time() - (isNamed(click) ? 0 : windowMillis + 1));
    }

    private List<Place> named(LoggedClick click) {
        return click.exposure().map(id -> byId.getOrDefault(id, List.of())).orElse(List.of());
    }

    private static int count(List<Place> places) {
        return places.stream().mapToInt(place -> place.exposures).sum();
    }

    private static long leastLatest(List<Place> places) {
        return places.stream().mapToLong(place -> place.latest).min().orElse(NONE);
    }

    /** Those whose times are from one to another, both included. */
    private static List<Place> between(List<Place> places, long first, long last) {
        return places.subList(firstSince(places, first), firstSince(places, last + 1));
    }

    private static List<Place> since(List<Place> places, long time) {
        return places.subList(firstSince(places, time), places.size());
    }

    /** The number of the first place that is not before a time. */
    private static int firstSince(List<Place> places, long time) {
        int low = 0;
        int high = places.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (places.get(middle).time < time) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
