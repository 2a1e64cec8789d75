package dev.millrace.model.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.model.engine.Team;
import dev.millrace.state.EntrySource;
import dev.millrace.state.MemoryEntries;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rows of a table on the heap while many come and go. */
class RowArenaTest {

    private static final int DIM = 4;
    private static final int MANY = 20_000;
    private static final long ALL = 1L << 40;

    private final MemoryEntries store = new MemoryEntries();
    private final EmbeddingTable table = table(store);
    /** Has all rows on the heap. */
    private final EmbeddingTable twin = table(EntrySource.NONE);
    /** What each row must hold, by key. */
    private final Map<String, float[]> expected = new TreeMap<>();

    private long moment;

    @Test
    void roomThatIsNoLongerNeededIsGivenBack() {
        for (int row = 0; row < MANY; row++) {
            change("k" + row, row);
        }
        drain();
        int full = table.values().length;
        change("k7", 0.5f); // it may not leave: it has changed

        evictAll();

        assertThat(table.values().length).isLessThan(full / 10);
        assertThat(copy(table.row("k7"))).isEqualTo(expected.get("k7"));
        drain();
        checkAll();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void rowsComeGoAndChangeAndNoneIsTakenForAnother(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int most = 0;
        int rooms = 0;
        for (int round = 0; round < 60; round++) {
            int before = table.values().length;
            int keys = round % 20 < 10 ? 12_000 : 300; // many, then few
            for (int touch = 0; touch < 3_000; touch++) {
                String key = "k" + random.nextInt(keys);
                if (random.nextInt(20) == 0) {
                    remove(key);
                } else {
                    change(key, random.nextInt());
                }
            }
            if (random.nextInt(3) > 0) {
                drain();
            }
            for (int part = random.nextInt(3 * EmbeddingTable.EVICTION_PARTS); part > 0; part--) {
                table.evict(random.nextInt(1_000_000));
            }
            rooms += table.values().length < before ? 1 : 0;
            most = Math.max(most, table.values().length);
            for (int look = 0; look < 200; look++) {
                check("k" + random.nextInt(keys));
            }
        }

        assertThat(rooms).isPositive();
        assertThat(most).isGreaterThan(5_000 * DIM);
        drain();
        checkAll();
        evictAll();
        checkAll();
    }

    private static EmbeddingTable table(EntrySource source) {
        return RowSweepTest.table(DIM, new OptimiserRule.Adagrad(0.1, 0.1, 1e-10), 1, source, Team.alone());
    }

    private void change(String key, float to) {
        float[] values = new float[DIM];
        for (int d = 0; d < DIM; d++) {
            values[d] = to + d;
        }
        moment++;
        for (EmbeddingTable each : List.of(table, twin)) {
            int row = each.admit(key);
            System.arraycopy(values, 0, each.values(), row * DIM, DIM);
            each.slots()[row * each.slotsARow()] += to * to;
            each.touch(row, moment, moment + 1);
        }
        expected.put(key, values);
    }

    private void remove(String key) {
        table.remove(key);
        twin.remove(key);
        expected.remove(key);
    }

    private void check(String key) {
        int row = table.row(key);
        assertThat(row == EmbeddingTable.NONE).as(key).isEqualTo(!expected.containsKey(key));
        if (row != EmbeddingTable.NONE) {
            assertThat(table.key(row)).isEqualTo(key);
            assertThat(copy(row)).as(key).isEqualTo(expected.get(key));
        }
    }

    /** Checks the rows one by one, then against those of a table that is never short of room. */
    private void checkAll() {
        assertThat(table.size()).isEqualTo(expected.size());
        expected.keySet().forEach(this::check);
        assertThat(table.sum()).isEqualTo(twin.sum());
        assertThat(entries(table)).isEqualTo(entries(twin));
    }

    private float[] copy(int row) {
        return Arrays.copyOfRange(table.values(), row * DIM, (row + 1) * DIM);
    }

    /** Values of all stored entries, in the order of their keys: floats, optimiser state, moments and times. */
    private static List<String> entries(EmbeddingTable of) {
        List<String> entries = new ArrayList<>();
        of.forEachEntryFrom(
                new byte[0], (key, value) -> entries.add(Arrays.toString(key) + " " + Arrays.toString(value)));
        return entries;
    }

    private void drain() {
        RowSweepTest.drain(table, store);
        twin.drain(new MemoryEntries());
    }

    private void evictAll() {
        for (int idle = 0; idle < 2 * EmbeddingTable.EVICTION_PARTS; ) { // in the first round all are recent
            idle = table.evict(ALL) > 0 ? 0 : idle + 1;
        }
    }
}
