package dev.millrace.verify.books;

import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongPredicate;

/**
 * The event time of one topic of a partition at each of its events: the latest time that more than half of the recent users have reached. A
 * user's time is that of the user's last event. Recent are the last {@value #MOST_VOICES}, but for those without an event for some time of this clock, and
 * those behind whose last event others took {@value #MOST_TURNS} turns. An event is a turn if its user was not among the newer half of the voices, and
 * a {@value #EVENTS_A_TURN}th of one otherwise. The clock never goes back. Nothing of the attribution's code is used.
 *
 * <p>A removed user has no voice until the next event. No topic tells at which event the removal was read. So behind each event of a user who was
 * ever removed, that voice may be there or not, and the time lies between two bounds. Without such voices the bounds are one.
 *
 * <p>Cost. Of an event: the logarithm of the voices, and the few voices that are uncertain. One thread.
 */
final class ClockBounds {

    private static final int MOST_VOICES = 255;
    private static final int MOST_TURNS = 4096;
    private static final int EVENTS_A_TURN = 64;
    private static final long MOST_PARTS = (long) MOST_TURNS * EVENTS_A_TURN;

    /** A time that is known to lie between two, both included; epoch milliseconds. */
    record Range(long earliest, long latest) {

        /** The range of the later of that time and this one, so much later. */
        Range orAfter(long time, long millis) {
            return new Range(Math.max(time, earliest) + millis, Math.max(time, latest) + millis);
        }
    }

    /** What a user said last, and bounds of this clock then. */
    private static final class Voice {
        final long event;
        final long time;
        final Range parts; // of turns, up to it
        long heardEarliest;
        long heardLatest;
        boolean isCertain = true;

        Voice(long event, Range parts, long time, Range heard) {
            this.event = event;
            this.parts = parts;
            this.time = time;
            this.heardEarliest = heard.earliest();
            this.heardLatest = heard.latest();
        }
    }

    private final long recentMillis;
    private final Map<IdHash, Voice> voices = new LinkedHashMap<>(); // the one heard last is the last
    private final Times certain = new Times();
    private final Times uncertain = new Times();
    private final Times certainEvents = new Times();
    private final Times uncertainEvents = new Times();
    private Optional<Voice> removable = Optional.empty(); // the last voice, if its user was ever removed
    private Range now = new Range(0, 0);
    private long events;
    private Range parts = new Range(0, 0); // of turns

    /** @param recentMillis of this clock without an event of a user, after which the user is not recent any more */
    ClockBounds(long recentMillis) {
        this.recentMillis = recentMillis;
    }

    /** The time at the event that was heard last; 0 before the first. */
    Range now() {
        return now;
    }

    /**
     * Takes the next event of the topic. Returns the time at it.
     *
     * @param isRemovable whether the user was ever removed
     */
    Range hear(IdHash user, long time, boolean isRemovable) {
        events++;
        Optional<Voice> before = Optional.ofNullable(voices.remove(user));
        removable.filter(voice -> !before.equals(Optional.of(voice))).ifPresent(this::doubt);
        parts = new Range(
                parts.earliest() + (before.filter(this::mayBeAmongNewer).isPresent() ? 1 : EVENTS_A_TURN),
                parts.latest() + (before.filter(this::isAmongNewer).isPresent() ? 1 : EVENTS_A_TURN));
        before.ifPresent(this::drop);
        Voice voice = new Voice(events, parts, time, now);
        voices.put(user, voice);
        certain.add(time);
        certainEvents.add(events);
        dropOld();
        moveTo(reached());
        removable = Optional.of(voice).filter(last -> isRemovable && voices.containsKey(user));
        return now;
    }

    /** Whether fewer than half of the voices are newer than that one, whichever of the uncertain ones are there. */
    private boolean isAmongNewer(Voice voice) {
        return voice.isCertain && newerLessOlder(voice) + newer(uncertainEvents, voice) < 0;
    }

    private boolean mayBeAmongNewer(Voice voice) {
        int own = voice.isCertain ? 0 : 1; // it counts if it is there
        return newerLessOlder(voice) - own - uncertainEvents.before(voice.event) < 0;
    }

    /** Twice the newer voices less all, of those that are certain. */
    private int newerLessOlder(Voice voice) {
        return 2 * newer(certainEvents, voice) - certainEvents.size();
    }

    private static int newer(Times events, Voice voice) {
        return events.size() - events.before(voice.event + 1);
    }

    private void drop(Voice voice) {
        timesOf(voice).remove(voice.time);
        (voice.isCertain ? certainEvents : uncertainEvents).remove(voice.event);
    }

    /** Drops the voices that are not recent for certain, and doubts those that may not be. */
    private void dropOld() {
        int newer = voices.size();
        for (Iterator<Voice> all = voices.values().iterator(); all.hasNext(); ) {
            Voice oldest = all.next();
            newer--;
            boolean isOld = oldest.parts.latest() <= parts.earliest() - MOST_PARTS
                    || oldest.heardLatest < now.earliest() - recentMillis
                    || certain.size() - (oldest.isCertain ? 1 : 0) >= MOST_VOICES;
            boolean mayBeOld = newer >= MOST_VOICES
                    || oldest.heardEarliest < now.latest() - recentMillis
                    || oldest.parts.earliest() <= parts.latest() - MOST_PARTS;
            if (isOld) {
                drop(oldest);
                all.remove();
            } else if (mayBeOld) {
                doubt(oldest);
            } else {
                return; // nor may any that was heard later
            }
        }
    }

    /** The time that more than half have reached: whichever of the uncertain voices are there, and if the best are. */
    private Range reached() {
        return new Range(
                Math.max(last(certain, this::isReached), last(uncertain, this::isReached)),
                Math.max(last(certain, this::mayBeReached), last(uncertain, this::mayBeReached)));
    }

    private boolean isReached(long time) {
        int late = certain.size() - certain.before(time);
        return 2 * late > certain.size() + uncertain.before(time);
    }

    private boolean mayBeReached(long time) {
        int late = certain.size() - certain.before(time);
        int perhaps = uncertain.size() - uncertain.before(time);
        return 2 * (late + perhaps) > certain.size() + perhaps;
    }

    /** The last of the times that a claim holds for, if it holds for all before; 0 if it holds for none. */
    private static long last(Times times, LongPredicate claim) {
        int low = 0;
        int high = times.size();
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (claim.test(times.at(middle))) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low == 0 ? 0 : times.at(low - 1);
    }

    /** Moves on. After a pause, those who have passed it were heard just now, and the others are not recent. */
    private void moveTo(Range reached) {
        boolean mayBePause = reached.latest() - now.earliest() > recentMillis;
        boolean isPause = reached.earliest() - now.latest() > recentMillis;
        for (Iterator<Voice> all = voices.values().iterator(); mayBePause && all.hasNext(); ) {
            Voice voice = all.next();
            if (isPause && voice.time < reached.earliest() - recentMillis) {
                drop(voice);
                all.remove();
                continue;
            }
            if (voice.time < reached.latest() - recentMillis) {
                doubt(voice);
            }
            voice.heardEarliest = isPause ? reached.earliest() : voice.heardEarliest;
            voice.heardLatest = Math.max(voice.heardLatest, reached.latest());
        }
        Range next = new Range(Math.max(now.earliest(), reached.earliest()), Math.max(now.latest(), reached.latest()));
        now = next.equals(now) ? now : next; // one for many events
    }

    private void doubt(Voice voice) {
        if (voice.isCertain) {
            certain.remove(voice.time);
            uncertain.add(voice.time);
            certainEvents.remove(voice.event);
            uncertainEvents.add(voice.event);
            voice.isCertain = false;
        }
    }

    private Times timesOf(Voice voice) {
        return voice.isCertain ? certain : uncertain;
    }

    /** The times of voices, ascending. */
    private static final class Times {

        private long[] times = new long[MOST_VOICES + 1];
        private int size;

        int size() {
            return size;
        }

        long at(int place) {
            return times[place];
        }

        /** Number of those before a time. */
        int before(long time) {
            int low = 0;
            int high = size;
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

        void add(long time) {
            int place = before(time);
            if (size == times.length) {
                times = Arrays.copyOf(times, 2 * size);
            }
            System.arraycopy(times, place, times, place + 1, size++ - place);
            times[place] = time;
        }

        void remove(long time) {
            int place = before(time);
            System.arraycopy(times, place + 1, times, place, --size - place);
        }
    }
}
