package dev.millrace.verify.books;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongPredicate;

/**
 * The event time of one topic of a partition at each of its events: the latest time that more than half of the recent users have reached. A
 * user's time is that of the user's last event. Recent are the last {@value #MOST_VOICES}, but for those without an event for some time of this clock, and
 * those without one among the last {@value #MOST_EVENTS}. The clock never goes back. Nothing of the attribution's code is used.
 *
 * <p>A removed user has no voice until the next event. No topic tells at which event the removal was read. So behind each event of a user who was
 * ever removed, that voice may be there or not, and the time lies between two bounds. Without such voices the bounds are one.
 *
 * <p>Cost. Of an event: the logarithm of the voices, and the few voices that are uncertain. One thread.
 */
final class ClockBounds {

    private static final int MOST_VOICES = 255;
    private static final int MOST_EVENTS = 4096;

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
        long heardEarliest;
        long heardLatest;
        boolean isCertain = true;

        Voice(long event, long time, Range heard) {
            this.event = event;
            this.time = time;
            this.heardEarliest = heard.earliest();
            this.heardLatest = heard.latest();
        }
    }

    private final long recentMillis;
    private final Map<IdHash, Voice> voices = new LinkedHashMap<>(); // the one heard last is the last
    private final Times certain = new Times();
    private final Times uncertain = new Times();
    private Optional<Voice> removable = Optional.empty(); // the last voice, if its user was ever removed
    private Range now = new Range(0, 0);
    private long events;

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
        Voice before = voices.remove(user);
        if (before != null) {
            timesOf(before).remove(before.time);
        }
        removable.filter(voice -> voice != before).ifPresent(this::doubt);
        Voice voice = new Voice(events, time, now);
        voices.put(user, voice);
        certain.add(time);
        dropOld();
        moveTo(reached());
        removable = Optional.of(voice).filter(last -> isRemovable && voices.containsKey(user));
        return now;
    }

    /** Drops the voices that are not recent for certain, and doubts those that may not be. */
    private void dropOld() {
        int newer = voices.size();
        for (Iterator<Voice> all = voices.values().iterator(); all.hasNext(); ) {
            Voice oldest = all.next();
            newer--;
            boolean isOld = oldest.event <= events - MOST_EVENTS
                    || oldest.heardLatest < now.earliest() - recentMillis
                    || certain.size() - (oldest.isCertain ? 1 : 0) >= MOST_VOICES;
            boolean mayBeOld = newer >= MOST_VOICES || oldest.heardEarliest < now.latest() - recentMillis;
            if (isOld) {
                timesOf(oldest).remove(oldest.time);
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
                timesOf(voice).remove(voice.time);
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
            voice.isCertain = false;
        }
    }

    private Times timesOf(Voice voice) {
        return voice.isCertain ? certain : uncertain;
    }

    /** The times of voices, ascending. */
    private static final class Times {

        private final long[] times = new long[MOST_EVENTS + 1];
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
            System.arraycopy(times, place, times, place + 1, size++ - place);
            times[place] = time;
        }

        void remove(long time) {
            int place = before(time);
            System.arraycopy(times, place + 1, times, place, --size - place);
        }
    }
}
