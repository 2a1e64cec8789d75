package dev.millrace.verify.books;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The event time of one topic of a partition at each of its events: the latest time that more than half of the recent users have reached. A
 * user's time is that of the user's last event. Recent are the last {@value #MOST_VOICES}, but for those without an event for some time of this clock, and
 * those behind whose last event others took {@value #MOST_TURNS} turns. An event is a turn if its user was not among the newer half of the voices, and
 * a {@value #EVENTS_A_TURN}th of one otherwise. The clock never goes back. Nothing of the attribution's code is used.
 *
 * <p>A removed user has no voice until the next event. No topic tells at which event the removal was read. So behind each event of a user who was
 * ever removed, that voice may be there or not, and the time lies between two bounds. Without such voices the bounds are one.
 *
 * <p>Cost. Of an event: a pass over the voices, some 255. One thread.
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

        /** The range of a time that lies in one or the other. */
        static Range spanning(Range one, Range other) {
            return new Range(Math.min(one.earliest, other.earliest), Math.max(one.latest, other.latest));
        }
    }

    /** What a user said last, and bounds of this clock then. */
    private static final class Voice {
        final long event;
        final long time;
        final Range parts; // of turns, up to it
        Range heard;
        boolean isCertain = true;

        Voice(long event, long time, Range parts, Range heard) {
            this.event = event;
            this.time = time;
            this.parts = parts;
            this.heard = heard;
        }
    }

    private final long recentMillis;
    private final Map<IdHash, Voice> voices = new LinkedHashMap<>(); // the one heard last is the last
    private final List<Voice> byTime = new ArrayList<>();
    private int certain; // voices
    private Optional<Voice> removable = Optional.empty(); // the last voice, if its user was ever removed
    private Range now = new Range(0, 0);
    private Range parts = new Range(0, 0); // of turns
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
        Optional<Voice> before = Optional.ofNullable(voices.get(user));
        removable.filter(voice -> !before.equals(Optional.of(voice))).ifPresent(this::doubt);
        takeTurn(before);
        voices.remove(user);
        before.ifPresent(this::drop);
        Voice voice = new Voice(++events, time, parts, now);
        voices.put(user, voice);
        byTime.add(place(voice), voice);
        certain++;
        dropOld();
        moveTo(reached());
        removable = Optional.of(voice).filter(last -> isRemovable && voices.containsKey(user));
        return now;
    }

    /** Counts a part of a turn if fewer than half of the voices are newer than that of the user before, else a whole one. */
    private void takeTurn(Optional<Voice> before) {
        int least = -1; // twice the newer voices less all, whichever of the uncertain ones are there
        int most = -1;
        int newer = -1;
        for (Voice voice : before.isPresent() ? voices.values() : List.<Voice>of()) {
            if (voice == before.get()) {
                newer = 1;
            } else {
                least += voice.isCertain || newer < 0 ? newer : 0;
                most += voice.isCertain || newer > 0 ? newer : 0;
            }
        }
        boolean mayBePart = before.isPresent() && least < 0;
        boolean isPart = before.filter(voice -> voice.isCertain).isPresent() && most < 0;
        parts = new Range(
                parts.earliest() + (mayBePart ? 1 : EVENTS_A_TURN), parts.latest() + (isPart ? 1 : EVENTS_A_TURN));
    }

    /** Drops the voices that are not recent for certain, and doubts those that may not be. */
    private void dropOld() {
        int newer = voices.size();
        for (Iterator<Voice> all = voices.values().iterator(); all.hasNext(); ) {
            Voice oldest = all.next();
            newer--;
            boolean isOld = oldest.parts.latest() <= parts.earliest() - MOST_PARTS
                    || oldest.heard.latest() < now.earliest() - recentMillis
                    || certain - (oldest.isCertain ? 1 : 0) >= MOST_VOICES;
            boolean mayBeOld = newer >= MOST_VOICES
                    || oldest.heard.earliest() < now.latest() - recentMillis
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

    /** The latest time that more than half have reached: whichever of the uncertain voices are there, and if the best are. */
    private Range reached() {
        long earliest = 0;
        long latest = 0;
        int late = 0; // certain voices that have reached the time
        int perhaps = 0; // uncertain ones
        for (int at = byTime.size() - 1; at >= 0 && earliest == 0; at--) {
            Voice voice = byTime.get(at);
            late += voice.isCertain ? 1 : 0;
            perhaps += voice.isCertain ? 0 : 1;
            latest = latest == 0 && 2 * late + perhaps > certain ? voice.time : latest;
            earliest = 2 * late + perhaps > byTime.size() ? voice.time : 0;
        }
        return new Range(earliest, latest);
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
            voice.heard = new Range(
                    isPause ? reached.earliest() : voice.heard.earliest(),
                    Math.max(voice.heard.latest(), reached.latest()));
        }
        Range next = new Range(Math.max(now.earliest(), reached.earliest()), Math.max(now.latest(), reached.latest()));
        now = next.equals(now) ? now : next; // one for many events
    }

    private void doubt(Voice voice) {
        certain -= voice.isCertain ? 1 : 0;
        voice.isCertain = false;
    }

    private void drop(Voice voice) {
        doubt(voice);
        byTime.remove(place(voice));
    }

    private int place(Voice voice) {
        int found = Collections.binarySearch(
                byTime,
                voice,
                Comparator.<Voice>comparingLong(other -> other.time).thenComparingLong(other -> other.event));
        return found < 0 ? -found - 1 : found;
    }
}
