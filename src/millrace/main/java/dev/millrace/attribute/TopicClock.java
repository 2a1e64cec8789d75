package dev.millrace.attribute;

import dev.millrace.state.EntrySink;
import dev.millrace.state.Form;
import dev.millrace.state.KeyIndex;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * The event time of one topic, as its users tell it: the latest time that more than half of the recent users have reached. One thread.
 *
 * <p>A user's time is that of the user's last event. So each user has one voice, however many events there are and whatever their times. The
 * clock never goes back. It is a function of the events alone.
 *
 * <p>A user is recent by three rules. First, the user is among the last {@value #USERS}: many users make many voices. Second, the user had
 * an event within {@code recent} of the clock's own time: in a quiet hour, the few who are there decide. Third, others took fewer than
 * {@value #TURNS} turns since: nobody waits for users who do not come back. An event is a turn if its user was not among the newer half of
 * the voices. Otherwise it is a {@value #EVENTS_A_TURN}th of one, so that few who talk among themselves do not outlive the others. A pause
 * longer than {@code recent} ends when more than half of all voices have passed it. Those from before it are then no longer recent.
 *
 * <p>Layout: each voice has a slot, and each slot is an entry. So a commit writes only what was said since the last one.
 */
public final class TopicClock {

    /** If a third of all users are wrong, half of so many are wrong by chance once in a hundred million times: 5.7 standard deviations. */
    static final int USERS = 255;

    static final int TURNS = 4096;
    static final int EVENTS_A_TURN = 64;

    private final long recentMillis;
    private final Map<Long, Voice> byUser = new HashMap<>();
    private final @Nullable Voice[] slots = new Voice[USERS + 1];
    private final BitSet dirty = new BitSet();
    private final BitSet stored = new BitSet();
    /** [count, …] The times of the voices, ascending. */
    private final long[] times = new long[USERS + 1];
    /** [count, …] Their turns, ascending. */
    private final long[] spoken = new long[USERS + 1];
    /** [count, …] The slots of the voices in the order of their turns. */
    private final int[] speakers = new int[USERS + 1];

    private int count;

    private long time;
    private long turns; // times EVENTS_A_TURN

    /**
     * What a user said last.
     *
     * @param user fingerprint of the id
     * @param turn the turns up to it, its own included
     * @param time of the event, epoch milliseconds
     * @param heardAt the clock's time then
     */
    private record Voice(int slot, long user, long turn, long time, long heardAt) {
        Voice fields(Form form) {
            return new Voice(
                    slot,
                    form.longInteger(user),
                    form.longInteger(turn),
                    form.longInteger(time),
                    form.longInteger(heardAt));
        }
    }

    /** @param recentMillis time of the clock after which a user without an event is no longer recent */
    public TopicClock(long recentMillis) {
        this.recentMillis = recentMillis;
    }

    /** Returns the time, epoch milliseconds; 0 before the first event. */
    public long time() {
        return time;
    }

    /** Takes an event of a user. */
    public void hear(String user, long eventTime) {
        long who = KeyIndex.fingerprint(user);
        Voice before = byUser.get(who);
        turns += before != null && isAmongNewer(before) ? 1 : EVENTS_A_TURN;
        if (before != null) {
            forget(before);
        }
        say(new Voice(freeSlot(), who, turns, eventTime, time));
        while (!isRecent(oldest())) {
            forget(oldest());
        }
        moveTo(times[(count - 1) / 2]);
    }

    /** Forgets a user. */
    public void forget(String user) {
        Voice voice = byUser.get(KeyIndex.fingerprint(user));
        if (voice != null) {
            forget(voice);
        }
    }

    /** Writes or reads all but the voices. */
    public void fields(Form form) {
        time = form.longInteger(time);
        turns = form.longInteger(turns);
    }

    /**
     * Writes the voices that changed since the last call.
     *
     * @param key of the entry of a slot
     */
    public void drainVoices(IntFunction<byte[]> key, EntrySink sink) {
        dirty.stream().forEach(slot -> {
            Voice voice = slots[slot];
            if (voice != null) {
                sink.put(key.apply(slot), Form.written(voice::fields));
            } else if (stored.get(slot)) {
                sink.delete(key.apply(slot));
            }
            stored.set(slot, voice != null);
        });
        dirty.clear();
    }

    public void restoreVoice(int slot, byte[] value) {
        say(Form.read(value, new Voice(slot, 0, 0, 0, 0)::fields));
        dirty.clear(slot);
        stored.set(slot);
    }

    private boolean isRecent(Voice voice) {
        return count <= USERS
                && voice.turn > turns - (long) TURNS * EVENTS_A_TURN
                && voice.heardAt >= time - recentMillis;
    }

    /** Returns true if fewer than half of the voices are newer. */
    private boolean isAmongNewer(Voice voice) {
        return 2 * (count - 1 - place(spoken, voice.turn)) < count;
    }

    private Voice oldest() {
        return voice(speakers[0]);
    }

    private Voice voice(int slot) {
        return Objects.requireNonNull(slots[slot]);
    }

    /** Moves on. After a pause, those who have passed it were heard just now, and the others are not recent. */
    private void moveTo(long reached) {
        if (reached - time > recentMillis) {
            for (int slot : Arrays.copyOf(speakers, count)) {
                Voice voice = voice(slot);
                forget(voice);
                if (voice.time >= reached - recentMillis) {
                    say(new Voice(voice.slot, voice.user, voice.turn, voice.time, reached));
                }
            }
        }
        time = Math.max(time, reached);
    }

    private void say(Voice voice) {
        insert(times, voice.time);
        int at = insert(spoken, voice.turn);
        System.arraycopy(speakers, at, speakers, at + 1, count - at);
        speakers[at] = voice.slot;
        count++;
        byUser.put(voice.user, voice);
        slots[voice.slot] = voice;
        dirty.set(voice.slot);
    }

    private void forget(Voice voice) {
        remove(times, voice.time);
        int at = remove(spoken, voice.turn);
        count--;
        System.arraycopy(speakers, at + 1, speakers, at, count - at);
        byUser.remove(voice.user);
        slots[voice.slot] = null;
        dirty.set(voice.slot);
    }

    /** Returns where the value is now. */
    private int insert(long[] ascending, long value) {
        int at = place(ascending, value);
        System.arraycopy(ascending, at, ascending, at + 1, count - at);
        ascending[at] = value;
        return at;
    }

    /** Returns where the value was. */
    private int remove(long[] ascending, long value) {
        int at = place(ascending, value);
        System.arraycopy(ascending, at + 1, ascending, at, count - 1 - at);
        return at;
    }

    /** Returns the place of a value. */
    private int place(long[] ascending, long value) {
        int found = Arrays.binarySearch(ascending, 0, count, value);
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
