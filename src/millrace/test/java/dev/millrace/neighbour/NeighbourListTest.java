package dev.millrace.neighbour;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Fields;
import dev.millrace.state.MemoryEntries;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class NeighbourListTest {

    private static final Duration WEEK = Duration.ofDays(7);
    private static final long TIME = 1_700_000_000_000L;
    private static final int ANN = NeighbourList.digest("ann");

    private final NeighbourList list = new NeighbourList();

    @Test
    void oneUserAddsNoMoreThanTheBound() {
        for (int click = 0; click < 10; click++) {
            list.add("i" + click / 4, ANN, TIME, 0.8, WEEK, 64);
        }
        list.add("small", ANN, TIME, 0.3, WEEK, 64);

        // 7 · 0.8 = 5.6, for the eighth only 0.4 are left; the last two find no room, and the third item no place; 0.3
        // find theirs
        assertThat(list.total()).isCloseTo(5.9, within(1e-6));
        assertThat(weights(list)).containsOnlyKeys("i0", "i1", "small");
        assertThat(weights(list).get("i1")).isCloseTo(2.4f, within(1e-6f));
    }

    @Test
    void anAdditionWithoutRoomLeavesTheListAsItWas() {
        list.add("x", ANN, TIME, 6, WEEK, 64);
        byte[] before = list.entry();

        boolean isAdded = list.add("y", ANN, TIME - 1, 1, WEEK, 64);

        assertThat(isAdded).isFalse();
        assertThat(list.entry()).isEqualTo(before);
    }

    @Test
    void theRoomOfAUserComesBackAsTheListDecays() {
        list.add("x", ANN, TIME, 6, WEEK, 64);
        list.add("x", ANN, TIME + WEEK.toMillis() - 1, 3, WEEK, 64);
        list.add("x", ANN, TIME + WEEK.toMillis(), 3, WEEK, 64);

        // 6, of which a week leaves 3 at last, and 3 more
        assertThat(list.total()).isCloseTo(6, within(1e-6));
    }

    /** Two accounts in turn, each of which would be forgotten when the other comes, beside 16 users who have all they can. */
    @Test
    void accountsThatTakeTurnsStayWithinTheBound() {
        for (int other = 1; other <= 16; other++) {
            list.add("x", other, TIME, 6, WEEK, 64);
        }
        double ofAnn = 0;

        for (int turn = 0; turn < 200; turn++) {
            ofAnn += list.add("y", ANN, TIME, 0.5, WEEK, 64) ? 0.5 : 0;
            list.add("y", NeighbourList.digest("ben"), TIME, 0.5, WEEK, 64);
        }

        // twelve additions, half of them ann's, empty the sums of 6; then ann has a place, and 6
        assertThat(ofAnn).isEqualTo(6 * 0.5 + 6);
        assertThat(ofAnn).isLessThan(6 + list.total() / 17);
    }

    /** Beside sums of each user that are kept exactly. */
    @Property(tries = 200)
    void whatAUserAddedIsBoundedAndNothingIsCutThatFits(@ForAll long seed) {
        Random random = new Random(seed);
        int users = 1 + random.nextInt(60);
        Map<Integer, Double> added = new HashMap<>();
        NeighbourList bounded = new NeighbourList();
        long time = TIME;
        for (int step = 0; step < 400; step++) {
            time += random.nextInt(40_000_000) - 4_000_000;
            int user = 1 + random.nextInt(users) * random.nextInt(users) / users; // some often
            double left = bounded.left(time, WEEK);
            double late = Math.min(1, Math.pow(0.5, (bounded.asOf() - time) / (double) WEEK.toMillis()));
            double amount = 1.0 / (1 + random.nextInt(6));
            double before = bounded.total();

            boolean isAdded = bounded.add("i" + random.nextInt(30), user, time, amount, WEEK, 20);

            double known = added.getOrDefault(user, 0.0) * left;
            double now = isAdded ? bounded.total() - before * left : 0;
            if (known + amount * late < NeighbourList.MOST - 1e-4) {
                assertThat(now).isCloseTo(amount * late, within(1e-9));
            }
            if (isAdded) {
                added.replaceAll((other, sum) -> sum * left);
                added.put(user, known + now);
            }
            double most = NeighbourList.MOST + bounded.total() / 17;
            assertThat(added.values()).allMatch(sum -> sum <= most + 1e-4);
        }
    }

    /** A full list whose neighbours are all lighter than what a click adds at least: 1/6. */
    @Test
    void oneUserTakesTwelveOfSixtyFourPlaces() {
        for (int other = 0; other < 64; other++) {
            list.add("o" + other, other + 1, TIME, 1, WEEK, 64);
        }

        for (int item = 0; item < 1_000; item++) {
            list.add("s" + item, ANN, TIME + 10 * WEEK.toMillis() + item * 3_600_000L, 1 / 6.0, WEEK, 64);
        }

        assertThat(weights(list)).hasSize(64);
        assertThat(weights(list).keySet())
                .filteredOn(item -> item.startsWith("s"))
                .hasSize(12);
    }

    /** Two clicks on an item, with the three before and the three after: twelve neighbours, none lost. */
    @Test
    void twoClicksOnAnItemFillTheirPlaces() {
        for (int click = 0; click < 2; click++) {
            for (int gap = 1; gap <= 3; gap++) {
                list.add("after" + click + gap, ANN, TIME, 1.0 / gap, WEEK, 64);
                list.add("before" + click + gap, ANN, TIME, 0.5 / gap, WEEK, 64);
            }
        }

        assertThat(weights(list)).hasSize(12);
        assertThat(list.total()).isCloseTo(2 * 2.75, within(1e-6));
    }

    @Test
    void onlyWhatAnErasedUserAloneClickedGoes() {
        list.add("alone", ANN, TIME, 1, WEEK, 64);
        list.add("shared", ANN, TIME, 1, WEEK, 64);
        list.add("shared", NeighbourList.digest("ben"), TIME, 1, WEEK, 64);
        list.add("shared", ANN, TIME, 1, WEEK, 64);

        boolean isChanged = list.retain(item -> true, user -> user == ANN);

        assertThat(isChanged).isTrue();
        assertThat(weights(list)).isEqualTo(Map.of("shared", 3f));
        assertThat(list.add("again", ANN, TIME, 6, WEEK, 64)).isTrue(); // as of a new user: no sum is left either
    }

    /** Drained at times, changed otherwise at times, and read again from what was drained: the same bits, and never an entry too many. */
    @Property(tries = 60)
    void aListReadFromItsAdditionsGoesOnBitForBit(@ForAll long seed) {
        Random random = new Random(seed);
        byte[] key = {'N', 'x'};
        MemoryEntries entries = new MemoryEntries();
        NeighbourList kept = new NeighbourList();
        NeighbourList read = new NeighbourList();
        long time = TIME;
        for (int step = 0; step < 300; step++) {
            time += random.nextInt(40_000_000) - 4_000_000;
            String item = (random.nextBoolean() ? "item-" : "日本") + random.nextInt(30);
            int user = 1 + random.nextInt(25);
            double amount = random.nextInt(5) == 0 ? random.nextDouble() : 1.0 / (1 + random.nextInt(6));
            String gone = random.nextInt(60) == 0 ? "item-" + random.nextInt(15) : "";
            for (NeighbourList list : List.of(kept, read)) {
                list.add(item, user, time, amount, WEEK, 40);
                list.retain(kind -> !kind.equals(gone), erased -> false);
            }
            if (random.nextInt(3) == 0 && read.size() > 0) {
                kept.drain(key, new MemoryEntries());
                read.drain(key, entries);
                read = read(entries, key);
            }
        }

        assertThat(read.entry()).isEqualTo(kept.entry());
    }

    private static NeighbourList read(MemoryEntries entries, byte[] key) {
        NeighbourList list = NeighbourList.read(entries.get(key).orElseThrow(), id -> id);
        entries.scan(ListKeys.additions(key, 0), (of, additions) -> {
            list.restore(ListKeys.number(of), additions, WEEK, 40, id -> id);
            return true;
        });
        return list;
    }

    @Test
    void aListOfAnotherBuildIsRefusedWithBothForms() {
        byte[] entry = new Fields()
                .longInteger(TIME)
                .number(1)
                .integer(-2)
                .integer(0)
                .integer(0)
                .framed();

        assertThatThrownBy(() -> NeighbourList.read(entry, id -> id))
                .isInstanceOf(CorruptEntryException.class)
                .hasMessage("a stored list of neighbours has form -2, this program reads -3: another build wrote it");
    }

    @Test
    void aListWithoutUsersIsStoredToo() {
        NeighbourList seen = new NeighbourList(TIME, 7, Arrays.asList("b", "c"), new float[] {6, 1});

        NeighbourList read = NeighbourList.read(seen.entry(), id -> id);

        assertThat(weights(read)).isEqualTo(Map.of("b", 6f, "c", 1f));
        assertThat(read.total()).isEqualTo(7);
        assertThat(read.asOf()).isEqualTo(TIME);
    }

    private static Map<String, Float> weights(NeighbourList list) {
        Map<String, Float> weights = new HashMap<>();
        list.forEach(weights::put);
        return weights;
    }
}
