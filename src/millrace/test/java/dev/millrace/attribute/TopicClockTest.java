package dev.millrace.attribute;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.state.EntrySink;
import dev.millrace.state.Form;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;

class TopicClockTest {

    private static final long START = 1_700_000_000_000L;
    private static final long MINUTE = 60_000;
    private static final long RECENT = 30 * MINUTE;

    private final TopicClock clock = new TopicClock(RECENT);

    @Test
    void aLogOfOneUserHasThatUsersLatestTime() {
        clock.hear("ann", START);
        clock.hear("ann", START + MINUTE);
        clock.hear("ann", START);

        assertThat(clock.time()).isEqualTo(START + MINUTE);
    }

    @Test
    void itIsTheTimeThatMoreThanHalfHaveReached() {
        clock.hear("ann", START);
        clock.hear("bob", START + 5);
        assertThat(clock.time()).isEqualTo(START); // both have reached it

        clock.hear("cid", START + 9);
        assertThat(clock.time()).isEqualTo(START + 5); // two of three
    }

    @Test
    void oneUserMovesItByOneVoiceHoweverManyEventsThereAre() {
        for (int at = 0; at < 10; at++) {
            clock.hear("user" + at, START + at);
        }

        for (int at = 0; at < 1000; at++) {
            clock.hear("user9", START + at * MINUTE);
        }

        assertThat(clock.time()).isEqualTo(START + 4); // 6 of 10, as before
    }

    @Test
    void afterAPauseAsManyMustComeAsWereThereBefore() {
        for (int at = 0; at < 5; at++) {
            clock.hear("early" + at, START + at);
        }

        long morning = START + 480 * MINUTE;
        for (int at = 0; at < 5; at++) {
            clock.hear("late" + at, morning + at);
            assertThat(clock.time()).isLessThan(START + 5);
        }
        clock.hear("late5", morning + 5);
        assertThat(clock.time()).isEqualTo(morning); // 6 of 11

        // those of the evening are not recent any more: 4 of 7
        clock.hear("late6", morning + 6);
        assertThat(clock.time()).isEqualTo(morning + 3);
    }

    @Test
    void itDoesNotWaitForEverForUsersWhoDoNotComeBack() {
        clock.hear("ann", START);
        clock.hear("bob", START);

        int events = (TopicClock.TURNS - 1) * TopicClock.EVENTS_A_TURN + 1; // the first of them is a whole turn
        for (int at = 1; at < events; at++) {
            clock.hear("ann", START + at * 1000L);
        }
        assertThat(clock.time()).isEqualTo(START);

        clock.hear("ann", START + events * 1000L);
        assertThat(clock.time()).isEqualTo(START + events * 1000L);
    }

    @Test
    void aBurstOfFewDoesNotOutliveTheOthers() {
        for (int user = 0; user < 50; user++) {
            clock.hear("user" + user, START + user);
        }

        for (int at = 0; at < 20_000; at++) {
            clock.hear("ahead" + at % 20, START + 60 * MINUTE);
        }

        assertThat(clock.time()).isLessThan(START + 50);
    }

    @Test
    void anErasedUserHasNoVoice() {
        clock.hear("ann", START);
        clock.hear("bob", START - MINUTE);

        clock.forget("bob");
        clock.hear("ann", START + 1);

        assertThat(clock.time()).isEqualTo(START + 1);
    }

    @Property(tries = 200)
    void itIsAsTheSlowTwinHasItWhereverItIsRestored(
            @ForAll @Size(min = 1, max = 300) List<@IntRange(min = 0, max = 5000) Integer> drawn) {
        List<Heard> all = new ArrayList<>();
        Map<Integer, byte[]> stored = new HashMap<>();
        long expected = 0;
        TopicClock twin = new TopicClock(RECENT);
        for (int at = 0; at < drawn.size(); at++) {
            String user = "u" + drawn.get(at) % 7;
            long time = START + (at + drawn.get(at) % 100) * MINUTE;
            all.removeIf(heard -> heard.user().equals(user));
            all.add(new Heard(user, time, expected)); // too few events for a turn to matter
            expected = slowly(all, expected);

            twin.hear(user, time);
            assertThat(twin.time()).isEqualTo(expected);
            if (drawn.get(at) % 3 == 0) {
                twin = restored(twin, stored);
            }
        }
    }

    private record Heard(String user, long time, long heardAt) {}

    /** Returns the time by its definition, and leaves those who are recent. */
    private static long slowly(List<Heard> all, long before) {
        all.removeIf(heard -> heard.heardAt < before - RECENT);
        List<Long> times = new ArrayList<>(all.stream().map(Heard::time).toList());
        Collections.sort(times);
        long reached = before;
        for (long time : times) {
            if (times.stream().filter(other -> other >= time).count() * 2 > times.size()) {
                reached = Math.max(reached, time);
            }
        }
        if (reached - before > RECENT) {
            long now = reached;
            all.removeIf(heard -> heard.time < now - RECENT);
            all.replaceAll(heard -> new Heard(heard.user, heard.time, now));
        }
        return reached;
    }

    private static TopicClock restored(TopicClock from, Map<Integer, byte[]> stored) {
        from.drainVoices(slot -> EntryKeys.voice((byte) 'x', slot), new EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {
                stored.put(EntryKeys.slotOf(key), value);
            }

            @Override
            public void delete(byte[] key) {
                assertThat(stored.remove(EntryKeys.slotOf(key))).isNotNull();
            }
        });
        TopicClock anew = new TopicClock(RECENT);
        Form.restore(Form.written(from::fields), anew::fields);
        stored.forEach(anew::restoreVoice);
        Map<byte[], byte[]> written = new TreeMap<>(Arrays::compareUnsigned);
        anew.drainVoices(slot -> EntryKeys.voice((byte) 'x', slot), EntrySink.into(written));
        assertThat(written).isEmpty(); // what was restored is stored
        return anew;
    }
}
