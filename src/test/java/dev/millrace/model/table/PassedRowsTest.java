package dev.millrace.model.table;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.model.engine.Team;
import dev.millrace.state.MemoryEntries;
import dev.millrace.state.SortedEntries;
import org.junit.jupiter.api.Test;

/** Rows of a table that are read in passing. */
class PassedRowsTest {

    private static final int ROWS = 100;
    private static final int ALL = 1_000_000;

    private final MemoryEntries store = new MemoryEntries();
    private final EmbeddingTable table = new EmbeddingTable(
            "t",
            4,
            new InitialRows(1, 0.1),
            new OptimiserRule.Sgd(0.1, 0),
            1,
            new TableStorage(new byte[] {'m', 'r', 't', 0}, store, Team.alone()));

    PassedRowsTest() {
        for (int row = 0; row < ROWS; row++) {
            table.touch(table.admit("k" + row), row + 1, row + 1);
        }
        SortedEntries changed = new SortedEntries();
        table.drain(changed);
        changed.passTo(store);
        for (int part = 0; part < 2 * EmbeddingTable.EVICTION_PARTS; part++) { // in the first round all are recent
            table.evict(ALL);
        }
        assertThat(table.heapBytes()).isZero();
    }

    @Test
    void ifRoomIsShortTheyLeaveTheHeapAndThoseThatWereThereStay() {
        table.touch(table.row("k1"), ROWS + 1, 1);
        int read = table.row("k2");
        long before = table.heapBytes();

        table.pass();
        for (int row = 0; row < 50; row++) {
            assertThat(table.row("k" + row)).isNotEqualTo(EmbeddingTable.NONE);
        }
        assertThat(table.heapBytes()).isEqualTo(25 * before);
        table.leavePassed(true);

        assertThat(table.heapBytes()).isEqualTo(before);
        assertThat(table.row("k2")).isEqualTo(read);
        assertThat(table.reads().all()).isEqualTo(50);
        assertThat(table.row("k49")).isNotEqualTo(EmbeddingTable.NONE);
        assertThat(table.reads()).isEqualTo(new RowReads(51, 3)); // k1, k2 and k49 were not in passing
    }

    @Test
    void ifThereIsRoomTheyStay() {
        table.pass();
        table.row("k7");
        table.leavePassed(false);

        assertThat(table.heapBytes()).isPositive();
        table.row("k7");
        assertThat(table.reads().all()).isEqualTo(1);
    }

    @Test
    void whatIsReadLaterIsNotAmongThem() {
        table.pass();
        table.row("k7");
        table.leavePassed(true);
        table.row("k8");
        long before = table.heapBytes();

        table.pass();
        table.leavePassed(true);

        assertThat(before).isPositive();
        assertThat(table.heapBytes()).isEqualTo(before);
    }
}
