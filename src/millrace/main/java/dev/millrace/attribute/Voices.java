package dev.millrace.attribute;

import dev.millrace.state.EntrySink;
import dev.millrace.state.Form;
import dev.millrace.state.KeyIndex;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/**
 * What recent users said last: one value of each, in the order of the values and in that of their turns. One thread.
 *
 * <p>The owner removes the voices that are no longer recent, so that there are at most {@value #USERS} between two events.
 *
 * <p>Layout: each voice has a slot, and each slot is an entry. So a commit writes what was said since the last one.
 */
final class Voices {

    /** If a third of all users are wrong, half of so many are wrong by chance once in a hundred million times: 5.7 standard deviations. */
    static final int USERS = 255;

    private final Map<Long, Voice> byUser = new HashMap<>();
    private final @Nullable Voice[] slots = new Voice[USERS + 1];
    private final BitSet dirty = new BitSet();
    private final BitSet stored = new BitSet();
    /** [count, …] The values, ascending. */
    private final long[] values = new long[USERS + 1];
    /** [count, …] The turns, ascending. */
    private final long[] spoken = new long[USERS + 1];
    /** [count, …] The slots of the voices in the order of their turns. */
    private final int[] speakers = new int[USERS + 1];

    private int count;

    /**
     * What a user said last.
     *
     * @param user fingerprint of the id
     * @param turn greater than that of each voice before
     * @param heardAt time of the owner when it was said
     */
    record Voice(int slot, long user, long turn, long value, long heardAt) {
        private Voice fields(Form form) {
            return new Voice(
                    slot,
                    form.longInteger(user),
                    form.longInteger(turn),
                    form.longInteger(value),
                    form.longInteger(heardAt));
        }
    }

    int count() {
        return count;
    }

    /** @param rank from 0, the least, to {@link #count} − 1 */
    long value(int rank) {
        return values[rank];
    }

    Voice oldest() {
        return voice(speakers[0]);
    }

    /** In the order of their turns. */
    List<Voice> all() {
        List<Voice> all = new ArrayList<>();
        for (int at = 0; at < count; at++) {
            all.add(voice(speakers[at]));
        }
        return all;
    }

    /** Returns true if the user has a voice, and fewer than half of the voices are newer. */
    boolean isAmongNewer(long user) {
        Voice voice = byUser.get(user);
        return voice != null && 2 * (count - 1 - place(spoken, voice.turn)) < count;
    }

    /** Takes the place of what the user said before. */
    void say(long user, long turn, long value, long heardAt) {
        Voice before = byUser.get(user);
        if (before != null) {
            forget(before);
        }
        int slot = 0;
        while (slots[slot] != null) {
            slot++;
        }
        add(new Voice(slot, user, turn, value, heardAt));
    }

    /** @param voice whose slot and user have none */
    void add(Voice voice) {
        insert(values, voice.value);
        int at = insert(spoken, voice.turn);
        System.arraycopy(speakers, at, speakers, at + 1, count - at);
        speakers[at] = voice.slot;
        count++;
        byUser.put(voice.user, voice);
        slots[voice.slot] = voice;
        dirty.set(voice.slot);
    }

    void forget(String user) {
        Voice voice = byUser.get(KeyIndex.fingerprint(user));
        if (voice != null) {
            forget(voice);
        }
    }

    void forget(Voice voice) {
        remove(values, voice.value);
        int at = remove(spoken, voice.turn);
        count--;
        System.arraycopy(speakers, at + 1, speakers, at, count - at);
        byUser.remove(voice.user);
        slots[voice.slot] = null;
        dirty.set(voice.slot);
    }

    /**
     * Writes the voices that changed since the last call.
     *
     * @param key of the entry of a slot
     */
    void drain(IntFunction<byte[]> key, EntrySink sink) {
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

    void restore(int slot, byte[] value) {
        add(Form.read(value, new Voice(slot, 0, 0, 0, 0)::fields));
        dirty.clear(slot);
        stored.set(slot);
    }

    private Voice voice(int slot) {
        return Objects.requireNonNull(slots[slot]);
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
}
