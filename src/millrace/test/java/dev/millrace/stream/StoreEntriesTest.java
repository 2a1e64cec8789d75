package dev.millrace.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.model.engine.Team;
import dev.millrace.state.Durable;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@link StoreEntries} of a task that other threads look into. */
class StoreEntriesTest {

    private static final int ENTRIES = 2_000;
    private static final int THREADS = 3;
    private static final String STORE = "rows";

    private final Path directory;
    private Optional<StoreEntries> entries = Optional.empty();
    private final AtomicInteger wrong = new AtomicInteger();
    private final Set<Thread> threads = ConcurrentHashMap.newKeySet();

    StoreEntriesTest(@TempDir Path directory) {
        this.directory = directory;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void otherThreadsSeeUncommittedEntriesToo(boolean isTransactional) {
        Properties config = Streams.driver(directory);
        config.put("enable.transactional.statestores", isTransactional);
        config.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
        ProcessorSupplier<byte[], byte[], Void, Void> looking = Looking::new;
        Topology topology = new Topology()
                .addSource("in", new ByteArrayDeserializer(), new ByteArrayDeserializer(), "in")
                .addProcessor("look", looking, "in")
                .addStateStore(WriteThroughStore.builder(STORE, this::taken), "look");

        try (TopologyTestDriver driver = new TopologyTestDriver(topology, config)) {
            for (int record = 0; record < 3; record++) { // the driver commits after each
                driver.createInputTopic("in", new ByteArraySerializer(), new ByteArraySerializer())
                        .pipeInput(new byte[0], new byte[0]);
            }
        }

        assertThat(wrong).hasValue(0);
        assertThat(threads).hasSize(THREADS);
    }

    /** A processor would see a store that knows nothing of views. */
    private WriteThroughStore<Durable> taken(KeyValueStore<Bytes, byte[]> store) {
        entries = Optional.of(new StoreEntries(store));
        return new WriteThroughStore<>(store);
    }

    /** Changes one half of the entries with each record, then lets three threads look for all. */
    private final class Looking implements Processor<byte[], byte[], Void, Void> {

        private final Team team = new Team("look", THREADS);
        private int records;

        @Override
        public void process(Record<byte[], byte[]> record) {
            StoreEntries own = entries.orElseThrow();
            int now = records++;
            IntStream.range(0, ENTRIES).filter(entry -> entry % 2 == now % 2).forEach(entry -> {
                if (now < 2) {
                    own.put(bytes("k" + entry), bytes("" + now));
                } else {
                    own.delete(bytes("k" + entry));
                }
            });
            Function<byte[], Optional<byte[]>> lookup = own.lookup();
            CountDownLatch all = new CountDownLatch(THREADS);
            Set<Integer> begun = ConcurrentHashMap.newKeySet();
            team.share(ENTRIES, 1, (from, to, member) -> {
                threads.add(Thread.currentThread());
                if (begun.add(member)) { // none is so quick that it leaves nothing to another
                    all.countDown();
                    await(all);
                }
                for (int entry = from; entry < to; entry++) {
                    Optional<String> found = lookup.apply(bytes("k" + entry)).map(StoreEntriesTest::text);
                    if (!found.equals(expected(entry, now))) {
                        wrong.incrementAndGet();
                    }
                }
            });
        }

        @Override
        public void close() {
            team.close();
        }
    }

    private static void await(CountDownLatch all) {
        try {
            assertThat(all.await(1, TimeUnit.MINUTES)).isTrue();
        } catch (InterruptedException interrupted) {
            throw new IllegalStateException(interrupted);
        }
    }

    /** Even entries come with the first record and go with the third; odd ones come with the second. */
    private static Optional<String> expected(int entry, int record) {
        boolean isThere = entry % 2 == 0 ? record < 2 : record > 0;
        return isThere ? Optional.of("" + entry % 2) : Optional.empty();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
