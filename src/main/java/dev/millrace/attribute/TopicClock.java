package dev.millrace.attribute;

import dev.millrace.state.EntrySink;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import dev.millrace.state.KeyIndex;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The event time of one topic, as its users tell it: the latest time that more than half of the recent users have reached. One thread.
 *
 * <p>A user's time is that of the user's last event. So each user has one voice, however many events there are and whatever their times. The
 * clock never goes back. It is a function of the events alone.
 *
 * <p>Recent are the last {@value #USERS} users, but for those without an event for {@code recent} of the clock's own time, and those without one
 * among the last {@value #EVENTS}. The first bound makes the voices many where users are many. The second leaves it to the few of a quiet hour.
 * The third ends the wait for users who do not come back. After a pause longer than {@code recent} more than half of those before and after it
 * must have passed it; then those before it are no longer recent.
 *
 * <p>Layout: each voice has a slot, and each slot is an entry. So a commit writes what was said since the last one.
 */
final class TopicClock {

    /** Of so many, half are wrong by chance once in a hundred million times where a third of all users are: 5.7 standard deviations. */
    static final int USERS = 255;

    static final int EVENTS = 4096;

    private final long recentMillis;
    private final TreeMap<Long, Voice> byEvent = new TreeMap<>();
    private final Map<Long, Voice> byUser = new HashMap<>();
    private final @Nullable Voice[] slots = new Voice[USERS + 1];
    private final BitSet dirty = new BitSet();
    private final BitSet stored = new BitSet();
    /** The times of the voices, ascending, at the beginning of the array. */
    private final long[] times = new long[USERS + 1];

    private long time;
    private long events;

    /**
     * What a user said last.
     *
     * @param user fingerprint of the id
     * @param event its number in the topic
     * @param time of the event, epoch milliseconds
     * @param heardAt the clock's time then
     */
    private record Voice(int slot, long user, long event, long time, long heardAt) {}

    /** @param recentMillis of the clock's time without an event of a user, after which the user is not recent any more */
    TopicClock(long recentMillis) {
        this.recentMillis = recentMillis;
    }

    /** Returns the time, epoch milliseconds; 0 before the first event. */
    long time() {
        return time;
    }

    /** Takes an event of a user. */
    void hear(String user, long eventTime) {
        events++;
        forget(user);
        say(new Voice(freeSlot(), KeyIndex.fingerprint(user), events, eventTime, time));
        while (!isRecent(byEvent.firstEntry().getValue())) {
            forget(byEvent.firstEntry().getValue());
        }
        moveTo(times[(byEvent.size() - 1) / 2]);
    }

    /** Forgets a user. */
    void forget(String user) {
        Voice voice = byUser.get(KeyIndex.fingerprint(user));
        if (voice != null) {
            forget(voice);
        }
    }

    /** Appends what is no voice. */
    void write(Fields fields) {
        fields.longInteger(time).longInteger(events);
    }

    /** Restores what {@link #write} appended. */
    void read(ByteBuffer payload) {
        time = payload.getLong();
        events = payload.getLong();
    }

    /** Writes the voices that changed since the last call. */
    void drainVoices(byte topic, EntrySink sink) {
        dirty.stream().forEach(slot -> {
            Voice voice = slots[slot];
            if (voice == null && stored.get(slot)) {
                sink.delete(EntryKeys.voice(topic, slot));
            } else if (voice != null) {
                sink.put(
                        EntryKeys.voice(topic, slot),
                        new Fields()
                                .longInteger(voice.user)
                                .longInteger(voice.event)
                                .longInteger(voice.time)
                                .longInteger(voice.heardAt)
                                .framed());
            }
            stored.set(slot, voice != null);
        });
        dirty.clear();
    }

    void restoreVoice(int slot, byte[] value) {
        ByteBuffer payload = Frame.open(value);
        say(new Voice(slot, payload.getLong(), payload.getLong(), payload.getLong(), payload.getLong()));
        dirty.clear(slot);
        stored.set(slot);
    }

    private boolean isRecent(Voice voice) {
        return byEvent.size() <= USERS && voice.event > events - EVENTS && voice.heardAt >= time - recentMillis;
    }

    /** Moves on. After a pause, those who have passed it were heard just now, and the others are not recent. */
    private void moveTo(long reached) {
        if (reached - time > recentMillis) {
            for (Voice voice : List.copyOf(byEvent.values())) {
                forget(voice);
                if (voice.time >= reached - recentMillis) {
                    say(new Voice(voice.slot, voice.user, voice.event, voice.time, reached));
                }
            }
        }
        time = Math.max(time, reached);
    }

    private void say(Voice voice) {
        int at = place(voice.time);
        System.arraycopy(times, at, times, at + 1, byEvent.size() - at);
        times[at] = voice.time;
        byEvent.put(voice.event, voice);
        byUser.put(voice.user, voice);
        slots[voice.slot] = voice;
        dirty.set(voice.slot);
    }

    private void forget(Voice voice) {
        int at = place(voice.time);
        System.arraycopy(times, at + 1, times, at, byEvent.size() - 1 - at);
        byEvent.remove(voice.event);
        byUser.remove(voice.user);
        slots[voice.slot] = null;
        dirty.set(voice.slot);
    }

    /** Returns the place of a time among the voices' times. */
    private int place(long of) {
        int found = Arrays.binarySearch(times, 0, byEvent.size(), of);
        return found < 0 ? -found - 1 : found;
    }

    private int freeSlot() {
        int slot = 0;
        while (slots[slot] != null) {
            slot++;
        }
        return slot;
    }
}
