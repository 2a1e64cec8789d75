package dev.millrace.attribute;

import dev.millrace.state.EntrySink;
import dev.millrace.state.Form;
import dev.millrace.state.KeyIndex;
import java.util.function.IntFunction;

/**
 * The event time of one topic, as its users tell it: the latest time that more than half of the recent users have reached. One thread.
 *
 * <p>A user's time is that of the user's last event. So each user has one voice, however many events there are and whatever their times. The
 * clock never goes back. It is a function of the events alone.
 *
 * <p>A user is recent by three rules. First, the user is among the last {@value Voices#USERS}: many users make many voices. Second, the user had
 * an event within {@code recent} of the clock's own time: in a quiet hour, the few who are there decide. Third, others took fewer than
 * {@value #TURNS} turns since: nobody waits for users who do not come back. An event is a turn if its user was not among the newer half of
 * the voices. Otherwise it is a {@value #EVENTS_A_TURN}th of one, so that few who talk among themselves do not outlive the others. A pause
 * longer than {@code recent} ends when more than half of all voices have passed it. Those from before it are then no longer recent.
 */
public final class TopicClock {

    static final int TURNS = 4096;
    static final int EVENTS_A_TURN = 64;

    private final long recentMillis;
    private final Voices voices = new Voices();
    private long time;
    private long turns; // times EVENTS_A_TURN

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
        turns += voices.isAmongNewer(who) ? 1 : EVENTS_A_TURN;
        voices.say(who, turns, eventTime, time);
        while (!isRecent(voices.oldest())) {
            voices.forget(voices.oldest());
        }
        moveTo(voices.value((voices.count() - 1) / 2));
    }

    /** Forgets a user. */
    public void forget(String user) {
        voices.forget(user);
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
        voices.drain(key, sink);
    }

    public void restoreVoice(int slot, byte[] value) {
        voices.restore(slot, value);
    }

    private boolean isRecent(Voices.Voice voice) {
        return voices.count() <= Voices.USERS
                && voice.turn() > turns - (long) TURNS * EVENTS_A_TURN
                && voice.heardAt() >= time - recentMillis;
    }

    /** Moves on. After a pause, those who have passed it were heard just now, and the others are not recent. */
    private void moveTo(long reached) {
        if (reached - time > recentMillis) {
            for (Voices.Voice voice : voices.all()) {
                voices.forget(voice);
                if (voice.value() >= reached - recentMillis) {
                    voices.add(new Voices.Voice(voice.slot(), voice.user(), voice.turn(), voice.value(), reached));
                }
            }
        }
        time = Math.max(time, reached);
    }
}
