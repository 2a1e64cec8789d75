package dev.millrace.model.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.model.engine.Team;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySource;
import dev.millrace.state.MemoryEntries;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

/** The sweep, through the table that it belongs to. Rows have one component and no slots, unless said otherwise. */
class RowSweepTest {

    private static final byte[] PREFIX = {'m', 'r', 't', 0};
    private static final long NEVER = Long.MIN_VALUE;
    private static final int MANY = 1_000_000;

    @Property
    void keysCompareAsTheirBytesDo(@ForAll String one, @ForAll String other) {
        byte[] left = one.getBytes(StandardCharsets.UTF_8);
        byte[] right = other.getBytes(StandardCharsets.UTF_8);
        boolean areWhole = new String(left, StandardCharsets.UTF_8).equals(one)
                && new String(right, StandardCharsets.UTF_8).equals(other);

        if (areWhole) { // a lone surrogate has no bytes of its own
            assertThat(Integer.signum(RowEntries.ORDER.compare(one, other)))
                    .isEqualTo(Integer.signum(Arrays.compareUnsigned(left, right)));
        }
    }

    @Test
    void surrogatesComeBehindAllOtherCharacters() {
        String last = "\uffee";
        String beyond = new String(Character.toChars(0x1f600));

        assertThat(RowEntries.ORDER.compare(last, beyond)).isNegative();
        assertThat(last.compareTo(beyond)).isPositive(); // in the order of Java's chars
    }

    @Test
    void expiredRowsGoWhenTheCursorComesByWhereverTheyAre() {
        MemoryEntries store = new MemoryEntries();
        EmbeddingTable table = table(store);
        for (int row = 0; row < 100; row++) {
            touch(table, "k" + row, row + 1, row < 50 ? 10 : 90);
        }
        drain(table, store);
        evict(table);
        for (int row = 100; row < 140; row++) { // not stored yet
            touch(table, "k" + row, row + 1, row % 2 == 0 ? 10 : 90);
        }

        int expired = 0;
        for (int step = 0; step < 140 / 16 + 1; step++) {
            expired += table.keepUp(50, MANY).expired();
        }

        assertThat(expired).isEqualTo(50 + 20);
        assertThat(table.size()).isEqualTo(50 + 20);
        assertThat(table.row("k3")).isEqualTo(EmbeddingTable.NONE);
        assertThat(table.row("k77")).isNotEqualTo(EmbeddingTable.NONE);
    }

    @Test
    void aRowTouchedSinceItWasStoredCountsAsItIsOnTheHeap() {
        MemoryEntries store = new MemoryEntries();
        EmbeddingTable table = table(store);
        touch(table, "old", 1, 10);
        touch(table, "used", 2, 10);
        drain(table, store);
        touch(table, "used", 3, 90);

        assertThat(table.keepUp(50, MANY)).isEqualTo(new EmbeddingTable.Removals(1, 0));
        assertThat(table.row("used")).isNotEqualTo(EmbeddingTable.NONE);
    }

    @Test
    void ofARowTooManyTheOldestOfTheNextEightGoes() {
        EmbeddingTable table = table(EntrySource.NONE);
        for (int row = 10; row < 30; row++) {
            touch(table, "k" + row, 100 - row, 0); // in the order of the keys, each was touched before the one before
        }

        EmbeddingTable.Removals removals = table.keepUp(NEVER, 19);

        // 20 rows are fewer than are visited at once, so the sweep has come round; of k10 to k17, k17 was touched first
        assertThat(removals).isEqualTo(new EmbeddingTable.Removals(0, 1));
        assertThat(table.row("k17")).isEqualTo(EmbeddingTable.NONE);
        assertThat(table.size()).isEqualTo(19);
    }

    @Test
    void aRowLostFromTheStoreIsMissedAtTheEndOfARound() {
        MemoryEntries store = new MemoryEntries();
        EmbeddingTable table = table(store);
        for (int row = 0; row < 200; row++) {
            touch(table, "k" + row, row + 1, 0);
        }
        drain(table, store);
        Optional<TableRows> all = Optional.of(new TableRows(table.sum(), Optional.empty(), 0));
        store.delete(new RowEntries("t", PREFIX, 1, 0).key("k150"));
        EmbeddingTable started = table(store);
        started.restore(all.orElseThrow());
        started.begin(0); // as if the table were too large for a check at the start

        assertThatThrownBy(() -> {
                    for (int step = 0; step < 3 * 200 / 16; step++) {
                        started.keepUp(NEVER, MANY);
                    }
                })
                .isInstanceOf(CorruptEntryException.class)
                .hasMessage(
                        "the store has 199 rows of the 200 that the commits wrote, or rows that they did not write");
    }

    @Test
    void changesBehindAndBeforeTheCursorMakeNoRowMissed() {
        MemoryEntries store = new MemoryEntries();
        EmbeddingTable table = table(store);
        long moment = 0;
        for (int step = 0; step < 400; step++) {
            for (int change = 0; change < 3; change++) {
                touch(table, "k" + step * 37 % 211 + change, ++moment, 0);
            }
            if (step % 5 == 0) {
                table.remove("k" + step * 13 % 211);
            }
            table.keepUp(NEVER, MANY); // throws if a round's sum is not the table's
            if (step % 3 != 0) {
                drain(table, store);
                if (step % 7 == 0) {
                    evict(table);
                }
            }
        }

        assertThat(table.size()).isGreaterThan(200);
    }

    @Test
    void noTraceOfARemovedKeyStaysInTheCursor() {
        EmbeddingTable table = table(EntrySource.NONE);
        for (String key : List.of("ann", "bob", "cem")) {
            touch(table, key, 1, key.equals("cem") ? 10 : 90);
        }
        table.keepUp(50, MANY); // cem expires, and is the last that was visited
        assertThat(rows(table).cursor()).contains("cem");

        table.remove("cem");

        assertThat(rows(table).cursor()).isEmpty();
    }

    private static TableRows rows(EmbeddingTable table) {
        return table.drain(new MemoryEntries()).orElseThrow();
    }

    private static EmbeddingTable table(EntrySource source) {
        return table(1, new OptimiserRule.Sgd(0.1, 0), 1, source, Team.alone());
    }

    static EmbeddingTable table(int dim, OptimiserRule rule, int admitAfter, EntrySource source, Team readers) {
        TableStorage storage = new TableStorage(PREFIX, source, readers);
        return new EmbeddingTable("t", dim, new InitialRows(1, 0.1), rule, admitAfter, storage);
    }

    /** Takes all rows off the heap that are stored: in the first round they are recent. */
    static void evict(EmbeddingTable table) {
        for (int part = 0; part < 2 * EmbeddingTable.EVICTION_PARTS; part++) {
            table.evict(MANY);
        }
    }

    private static void touch(EmbeddingTable table, String key, long moment, long time) {
        table.touch(table.admit(key), moment, time);
    }

    static void drain(EmbeddingTable table, MemoryEntries store) {
        table.drain(store);
    }
}
