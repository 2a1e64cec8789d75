package dev.millrace.verify.books;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.verify.books.ClockBounds.Range;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
@net.jqwik.api.Tag("slow")
class ClockBoundsTest {

    private static final long START = 1_700_000_000_000L;
    private static final long MINUTE = 60_000;
    private static final long RECENT = 30 * MINUTE;

    private ClockBounds clock = new ClockBounds(RECENT);

    @Test
    void aBurstOfFewDoesNotOutliveTheOthers() {
        for (int user = 0; user < 50; user++) {
            hear("user" + user, START + user, false);
        }

        for (int at = 0; at < 20_000; at++) {
            hear("ahead" + at % 20, START + 60 * MINUTE, false);
        }

        assertThat(clock.now().latest()).isLessThan(START + 50);
    }

    @Test
    void itDoesNotWaitForEverForUsersWhoDoNotComeBack() {
        hear("ann", START, false);
        hear("bob", START, false);

        int events = 4096 * 64 - 63; // the first of them is a whole turn
        for (int at = 1; at < events; at++) {
            hear("ann", START + at * 1000L, false);
        }
        assertThat(clock.now()).isEqualTo(exactly(START));

        assertThat(hear("ann", START + events * 1000L, false)).isEqualTo(exactly(START + events * 1000L));
    }

    @Test
    void removedUsersVoicesAreUncertainAfterwards() {
        hear("ann", START, false);
        assertThat(hear("bob", START - MINUTE, true)).isEqualTo(exactly(START));
        assertThat(hear("cid", START + 1, false)).isEqualTo(exactly(START)); // ann and cid, or all three

        // of 0, 1 and 2 the second; with bob, of four the second
        assertThat(hear("dan", START + 2, false)).isEqualTo(new Range(START, START + 1));
    }

    @Test
    void itIsKnownAgainWhenTheRemovedUserIsNotRecent() {
        hear("ann", START, false);
        hear("bob", START, true);
        hear("cid", START + 2, false);
        assertThat(hear("dan", START + 3, false)).isEqualTo(new Range(START, START + 2));

        for (int at = 1; at <= 90; at++) {
            hear("user" + at % 5, START + at * MINUTE, false);
        }

        assertThat(clock.now()).isEqualTo(exactly(START + 88 * MINUTE)); // three of the five who are still there
    }

    /** By the definition, read slowly: a user's voice is dropped wherever the removal may have been read. */
    @Property(tries = 300)
    void theTimeIsWithinTheBoundsWhereverRemovalsAreRead(
            @ForAll long seed,
            @ForAll @IntRange(min = 1, max = 300) int users,
            @ForAll @IntRange(min = 0, max = 3) int removed) {
        Random random = new Random(seed);
        clock = new ClockBounds(RECENT);
        List<Heard> all = new ArrayList<>();
        long expected = 0;
        for (int at = 0; at < 600; at++) {
            int speaker = random.nextInt(users);
            long drift = random.nextInt(6) == 0 ? (random.nextInt(200) - 100L) * MINUTE : 0;
            long time = START + (random.nextInt(100) == 0 ? 3L : 1L) * at * MINUTE / 2 + drift;
            for (int user = 0; user < removed; user++) {
                String name = "u" + user;
                if (random.nextInt(20) == 0) {
                    all.removeIf(heard -> heard.user().equals(name));
                }
            }
            String name = "u" + speaker;
            all.removeIf(heard -> heard.user().equals(name));
            all.add(new Heard(name, time, expected));
            expected = slowly(all, expected);

            Range found = hear(name, time, speaker < removed);

            assertThat(expected).isBetween(found.earliest(), found.latest());
            if (removed == 0) {
                assertThat(found).isEqualTo(exactly(expected));
            }
        }
    }

    private record Heard(String user, long time, long heardAt) {}

    /** Returns the time by its definition, and leaves those who are recent. There are fewer events than the last that count. */
    private static long slowly(List<Heard> all, long before) {
        all.removeIf(heard -> heard.heardAt < before - RECENT);
        while (all.size() > 255) {
            all.remove(0);
        }
        long reached = before;
        for (long time : Set.copyOf(all.stream().map(Heard::time).toList())) {
            if (all.stream().filter(other -> other.time >= time).count() * 2 > all.size()) {
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

    private Range hear(String user, long time, boolean isRemovable) {
        return clock.hear(IdHash.of(user), time, isRemovable);
    }

    private static Range exactly(long time) {
        return new Range(time, time);
    }
}
