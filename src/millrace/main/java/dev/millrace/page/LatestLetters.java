package dev.millrace.page;

import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.Letter;
import dev.millrace.topic.TopicReader;
import dev.millrace.topic.TopicReader.Extent;
import dev.millrace.topic.fault.BrokerUnreachableException;
import dev.millrace.topic.fault.MissingRightException;
import dev.millrace.topic.fault.UnusableTopicException;
import dev.millrace.wire.TopicRecord;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The latest dead letters of each reason, read from the topic when somebody asks for them. Safe for threads.
 *
 * <p>Nobody waits for a reading. The first who asks begins one on a thread of its own, and asks again for what it found. The reader is
 * closed after each reading, as most of the time nobody asks.
 *
 * <p>Partitions are read from their ends backwards, a block of each in turn, and each block is four times as long as the one before. So the
 * newest are found first, whatever ends the reading: {@value #MOST_RECORDS} offsets, {@value #MOST_BYTES} bytes or
 * {@value #MOST_MILLIS} ms.
 */
public final class LatestLetters implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LatestLetters.class);

    static final int OF_EACH_REASON = 3;
    static final int MOST_RECORDS = 2_000;
    private static final int MOST_BYTES = 32 << 20; // a letter may have a million
    static final int MOST_REASONS = 40; // others than Millrace may make up some
    private static final String OTHER_REASONS = ""; // they share the places of one
    private static final int MOST_MILLIS = 2_000;
    private static final int FIRST_BLOCK = 8;
    private static final int BLOCK_GROWTH = 4;
    private static final long FRESH_MILLIS = 3_000;
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    private static final int REASON_CHARACTERS = 100;

    private final ClientSettings clients;
    private final String topic;
    private final InstantSource clock;
    private final Duration patience;
    private final Duration most;
    private final AtomicBoolean isReading = new AtomicBoolean();
    private volatile Optional<Reading> latest = Optional.empty();
    private final ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
        Thread made = new Thread(task, "page-letters");
        made.setDaemon(true);
        return made;
    });

    /**
     * What a reading found.
     *
     * @param at when it ended, epoch milliseconds
     * @param read number of letters that were looked at
     * @param isWhole true if these are all that the topic holds
     * @param letters the latest of each reason, the newest first, as {@link Letter#row} gives them
     */
    public record Found(long at, long read, boolean isWhole, List<Map<String, Object>> letters) {
        public Found {
            letters = List.copyOf(letters);
        }
    }

    /**
     * What came of a reading.
     *
     * @param at when it ended, epoch milliseconds
     * @param found gives what it found, or throws why it failed
     */
    private record Reading(long at, Supplier<Found> found) {}

    LatestLetters(ClientSettings clients, String topic, InstantSource clock) {
        this(clients, topic, clock, PATIENCE, Duration.ofMillis(MOST_MILLIS));
    }

    /**
     * @param patience with brokers
     * @param most time of a reading
     */
    LatestLetters(ClientSettings clients, String topic, InstantSource clock, Duration patience, Duration most) {
        this.clients = clients.jumping();
        this.topic = topic;
        this.clock = clock;
        this.patience = patience;
        this.most = most;
    }

    /**
     * What a reading of the last seconds found; absent while the topic is being read.
     *
     * @throws BrokerUnreachableException if no broker answered
     * @throws UnusableTopicException if the topic is missing
     * @throws MissingRightException if this process may not read it
     */
    public Optional<Found> latest() {
        Optional<Reading> fresh = latest.filter(reading -> clock.millis() - reading.at() < FRESH_MILLIS);
        if (fresh.isEmpty() && isReading.compareAndSet(false, true)) {
            thread.execute(this::read);
        }
        return fresh.map(reading -> reading.found().get());
    }

    @Override
    public void close() {
        thread.shutdown();
        try {
            if (!thread.awaitTermination(patience.multipliedBy(2).plus(most).toMillis(), TimeUnit.MILLISECONDS)) {
                LOG.warn("Still reading dead letters at shutdown");
            }
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void read() {
        try (TopicReader reader = new TopicReader(clients, patience)) {
            Search search = new Search();
            boolean isWhole = search.through(reader);
            Found found = new Found(clock.millis(), search.read, isWhole, search.rows());
            latest = Optional.of(new Reading(found.at(), () -> found));
        } catch (RuntimeException failed) {
            latest = Optional.of(new Reading(clock.millis(), () -> {
                throw failed;
            }));
        } finally {
            isReading.set(false);
        }
    }

    /** One reading. */
    private final class Search {

        private final long deadline = System.nanoTime() + most.toNanos();
        private final Map<String, List<Example>> byReason = new LinkedHashMap<>();
        private long offsets;
        private long bytes;
        private long read;

        /** Returns true if all of the topic was read. */
        boolean through(TopicReader reader) {
            List<Extent> rests = reader.extents(topic).stream()
                    .map(
                            extent -> // what a transaction has not committed is not waited for
                            until(extent, Math.min(extent.end(), reader.committedEnd(topic, extent.partition()))))
                    .filter(Search::isLeft)
                    .toList();
            for (int block = FIRST_BLOCK; !rests.isEmpty(); block *= BLOCK_GROWTH) {
                List<Extent> left = new ArrayList<>();
                for (Extent rest : rests) {
                    long length = Math.min(block, MOST_RECORDS - offsets);
                    if (length <= 0 || isOver()) {
                        return false;
                    }
                    long from = Math.max(rest.first(), rest.end() - length);
                    reader.read(rest, from, this::take);
                    offsets += rest.end() - from;
                    left.add(until(rest, from));
                }
                rests = left.stream().filter(Search::isLeft).toList();
            }
            return !isOver();
        }

        private static boolean isLeft(Extent extent) {
            return extent.first() < extent.end();
        }

        private static Extent until(Extent extent, long end) {
            return new Extent(extent.topic(), extent.partition(), extent.first(), end);
        }

        private boolean take(TopicRecord record) {
            read++;
            bytes += bytes(record);
            Letter letter = new Letter(record);
            String reason = letter.reason();
            String name = reason.substring(0, Math.min(reason.length(), REASON_CHARACTERS));
            boolean isNamed = byReason.containsKey(name) || byReason.size() < MOST_REASONS;
            keep(byReason.computeIfAbsent(isNamed ? name : OTHER_REASONS, first -> new ArrayList<>()), letter);
            return !isOver();
        }

        private boolean isOver() {
            return bytes > MOST_BYTES || System.nanoTime() - deadline > 0;
        }

        List<Map<String, Object>> rows() {
            return byReason.values().stream()
                    .flatMap(List::stream)
                    .sorted()
                    .map(Example::row)
                    .toList();
        }
    }

    /**
     * A letter as it is shown. Its record may be a thousand times as large, and is let go.
     *
     * @param timestamp of the letter, epoch milliseconds
     * @param offset of the letter in its partition
     */
    private record Example(long timestamp, long offset, Map<String, Object> row) implements Comparable<Example> {

        private static final Comparator<Example> NEWEST_FIRST = Comparator.comparingLong(Example::timestamp)
                .thenComparingLong(Example::offset)
                .reversed();

        @Override
        public int compareTo(Example other) {
            return NEWEST_FIRST.compare(this, other);
        }
    }

    /** Keeps a letter if it is one of the newest of its reason. */
    private static void keep(List<Example> newest, Letter letter) {
        Example example =
                new Example(letter.record().timestamp(), letter.record().offset(), letter.row());
        newest.add(example);
        newest.sort(Comparator.naturalOrder());
        if (newest.size() > OF_EACH_REASON) {
            newest.remove(OF_EACH_REASON);
        }
    }

    private static long bytes(TopicRecord record) {
        long headers =
                record.headers().values().stream().mapToLong(String::length).sum();
        return record.key().length + record.value().map(value -> value.length).orElse(0) + headers;
    }
}
