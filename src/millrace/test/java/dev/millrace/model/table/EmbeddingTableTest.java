package dev.millrace.model.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.model.engine.Team;
import dev.millrace.state.EntrySource;
import dev.millrace.state.KeyIndex;
import dev.millrace.state.MemoryEntries;
import dev.millrace.state.PrefixedKey;
import java.util.Arrays;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BiPredicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Stored rows of a table that are read together, or in passing. */
class EmbeddingTableTest {

    private static final int ROWS = 100;
    private static final int DIM = 4;

    private final WatchedEntries store = new WatchedEntries();
    private final Team readers = new Team("rows", 2);
    private final EmbeddingTable table = RowSweepTest.table(DIM, new OptimiserRule.Sgd(0.1, 0), 2, store, readers);

    EmbeddingTableTest() {
        for (int row = 0; row < ROWS; row++) {
            table.touch(table.admit("k" + row), row + 1, row + 1);
        }
        toStore();
    }

    @AfterEach
    void end() {
        readers.close();
    }

    @Test
    void eachKeysRowIsReadOnce() {
        String[] keys = Stream.of(
                        "k3", "never", "k7", "k3", "k99", "k0", "k7", "other", "k8", "k9", "k10", "k11", "never")
                .toArray(String[]::new);

        int[] rows = rows(keys);

        for (int at = 0; at < keys.length; at++) {
            boolean isStored = keys[at].startsWith("k");
            assertThat(rows[at]).isEqualTo(isStored ? table.row(keys[at]) : EmbeddingTable.NONE);
            if (isStored) {
                assertThat(Arrays.copyOfRange(table.values(), rows[at] * table.dim(), (rows[at] + 1) * table.dim()))
                        .as(keys[at])
                        .isEqualTo(table.initial(keys[at]));
            }
        }
        assertThat(table.read()).isEqualTo(8);
        assertThat(store.read).hasSize(10).doesNotHaveDuplicates();
    }

    @Test
    void severalThreadsRead() {
        store.meeting = Optional.of(new CyclicBarrier(2)); // a read waits for one on another thread

        int[] rows = rows(IntStream.range(0, 64).mapToObj(row -> "k" + row).toArray(String[]::new));

        assertThat(rows).doesNotContain(EmbeddingTable.NONE);
        assertThat(store.threads).hasSize(2);
    }

    @Test
    void absentRowsAreReadAgainAfterStoreChanges() {
        rows("k1", "new");
        assertThat(table.sight("new")).isEqualTo(EmbeddingTable.NONE);
        table.countSightings();
        assertThat(table.sight("new")).isNotEqualTo(EmbeddingTable.NONE);
        assertThat(store.read).containsExactly("k1", "new");

        table.touch(table.row("new"), ROWS + 1, 1);
        toStore();

        assertThat(table.row("new")).isNotEqualTo(EmbeddingTable.NONE);
        assertThat(store.read).containsExactly("k1", "new", "new");
    }

    @Test
    void aRemovedRowStaysRemoved() {
        table.remove("k5");

        assertThat(rows("k4", "k5", "k6")[1]).isEqualTo(EmbeddingTable.NONE);
        toStore();
        assertThat(rows("k4", "k5", "k6")[1]).isEqualTo(EmbeddingTable.NONE);
    }

    @Test
    void aReadThatFailsIsTheCallersAndTheNextOneReads() {
        String[] keys = IntStream.range(0, 64).mapToObj(row -> "k" + row).toArray(String[]::new);
        store.damaged = "k50";

        assertThatThrownBy(() -> rows(keys)).hasMessage("k50 cannot be read");

        store.damaged = "";
        assertThat(rows(keys)).doesNotContain(EmbeddingTable.NONE);
    }

    @Test
    void passingRowsLeaveAFullHeapFirst() {
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
        assertThat(table.read()).isEqualTo(50);
        assertThat(table.row("k49")).isNotEqualTo(EmbeddingTable.NONE);
        assertThat(table.read()).isEqualTo(51);
        assertThat(table.missed()).isEqualTo(3); // k1, k2 and k49 were not in passing
    }

    @Test
    void ifThereIsRoomTheyStayAndThoseReadLaterToo() {
        table.pass();
        table.row("k7");
        table.leavePassed(false);
        table.row("k7");
        table.row("k8");
        long before = table.heapBytes();
        table.pass();
        table.leavePassed(true);

        assertThat(table.read()).isEqualTo(2);
        assertThat(before).isPositive();
        assertThat(table.heapBytes()).isEqualTo(before);
    }

    @Test
    void aRowThatAStepMakesInfiniteIsToldUntilItWasDrained() {
        RowGradients gradients = new RowGradients(table, readers);

        step(gradients, 1f);
        assertThat(table.unusableChange()).isEmpty();
        step(gradients, Float.POSITIVE_INFINITY);

        assertThat(table.unusableChange()).contains("k2");
        RowSweepTest.drain(table, store.entries);
        assertThat(table.unusableChange()).isEmpty(); // nothing has changed since
    }

    private void step(RowGradients gradients, float gradientOfK2) {
        int[] slots = new int[2];
        gradients.open(rows("k1", "k2"), slots.length, slots);
        gradients.addTo(slots[0], new float[] {1, 1, 1, 1}, 0, 1);
        gradients.addTo(slots[1], new float[] {1, gradientOfK2, 1, 1}, 0, 1);
        gradients.squaredNorm();
        gradients.apply(0.1f, ROWS + 1, ROWS + 1);
        gradients.clear();
    }

    private int[] rows(String... keys) {
        int[] rows = new int[keys.length];
        long[] fingerprints =
                Arrays.stream(keys).mapToLong(KeyIndex::fingerprint).toArray();
        table.rows(keys, fingerprints, keys.length, rows);
        return rows;
    }

    /** Stores all rows, and takes them off the heap. */
    private void toStore() {
        RowSweepTest.drain(table, store.entries);
        RowSweepTest.evict(table);
        assertThat(table.heapBytes()).isZero();
    }

    /** Entries that say who reads what. */
    private static final class WatchedEntries implements EntrySource {

        private final MemoryEntries entries = new MemoryEntries();
        private final Queue<String> read = new ConcurrentLinkedQueue<>();
        private final Set<Thread> threads = ConcurrentHashMap.newKeySet();
        private volatile Optional<CyclicBarrier> meeting = Optional.empty();
        private volatile String damaged = "";

        @Override
        public Optional<byte[]> get(byte[] key) {
            String name = PrefixedKey.text(Arrays.copyOfRange(key, 3, key.length)); // behind the table's name
            read.add(name);
            threads.add(Thread.currentThread());
            meeting.ifPresent(WatchedEntries::meet);
            if (name.equals(damaged)) {
                throw new IllegalStateException(name + " cannot be read");
            }
            return entries.get(key);
        }

        private static void meet(CyclicBarrier barrier) {
            try {
                barrier.await(10, TimeUnit.SECONDS);
            } catch (InterruptedException | BrokenBarrierException | TimeoutException alone) {
                throw new IllegalStateException("one thread reads alone", alone);
            }
        }

        @Override
        public void scan(byte[] from, byte[] to, BiPredicate<byte[], byte[]> visitor) {
            entries.scan(from, to, visitor);
        }

        @Override
        public void scan(byte[] from, BiPredicate<byte[], byte[]> visitor) {
            entries.scan(from, visitor);
        }
    }
}
