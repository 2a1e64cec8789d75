package dev.millrace.topic;

import dev.millrace.topic.fault.UnusableTopicException;
import dev.millrace.wire.TopicRecord;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads one topic from the beginning and follows it until closed, committed records only, on a thread of its own.
 *
 * <p>The listener is called on that thread, one record at a time, in the order of each partition. A record that it cannot decode is left
 * out, and counted. If it throws anything else, following ends and {@link #failure} says why. So it does if records were deleted before they
 * were read, or are no longer there: deletions may be among them, and only reading from the beginning shows what is left. Partitions added
 * later are not followed.
 */
public final class TopicFollower implements AutoCloseable {

    /**
     * How much has been read of the records that were in the topic when following began, over all partitions.
     *
     * @param read offsets passed, with those that compaction has emptied
     * @param end offsets that there were in all
     */
    public record Progress(long read, long end) {}

    private static final Logger LOG = LoggerFactory.getLogger(TopicFollower.class);
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(10);

    private final String topic;
    private final Consumer<TopicRecord> listener;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final Thread thread;
    private final List<Runnable> waiting = new ArrayList<>(); // for the end that there was; guarded by itself
    private volatile boolean isCaughtUp;
    private volatile boolean closing;
    private final AtomicLong records = new AtomicLong();
    private final KafkaRecords taken = new KafkaRecords();
    private volatile int partitions;
    private volatile Optional<Progress> progress = Optional.empty();
    private volatile Optional<Throwable> failure = Optional.empty();

    private TopicFollower(ClientSettings clients, String topic, Consumer<TopicRecord> listener) {
        this.topic = topic;
        this.listener = listener;
        consumer = KafkaRecords.consumer(clients, Map.of(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed"));
        thread = new Thread(this::follow, "follow-" + topic);
        thread.setDaemon(true);
    }

    /** Begins to follow. */
    public static TopicFollower start(ClientSettings clients, String topic, Consumer<TopicRecord> listener) {
        TopicFollower follower = new TopicFollower(clients, topic, listener);
        follower.thread.start();
        return follower;
    }

    /** Whether everything has been read that was in the topic when following began. */
    public boolean isCaughtUp() {
        return isCaughtUp;
    }

    /** Runs it once that is so: at once on the caller's thread, or later on the thread that follows. */
    public void onceCaughtUp(Runnable then) {
        synchronized (waiting) {
            if (!isCaughtUp) {
                waiting.add(then);
                return;
            }
        }
        then.run();
    }

    /** How far that is; absent before the cluster has said how much there is. */
    public Optional<Progress> progress() {
        return progress;
    }

    /** Partitions of the topic; 0 before it is known. */
    public int partitions() {
        return partitions;
    }

    /** Records read so far. */
    public long records() {
        return records.get();
    }

    /** Records left out so far, because they could not be decoded. */
    public long undecodable() {
        return taken.undecodable();
    }

    /** Why following ended; absent while it goes on. */
    public Optional<Throwable> failure() {
        return failure;
    }

    @Override
    public void close() {
        closing = true;
        consumer.wakeup();
        if (Thread.currentThread() == thread) {
            return;
        }
        try {
            thread.join(CLOSE_PATIENCE.toMillis());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void follow() {
        try (consumer) {
            List<TopicPartition> partitions = KafkaRecords.partitions(consumer, topic);
            this.partitions = partitions.size();
            consumer.assign(partitions);
            consumer.seekToBeginning(partitions);
            Map<TopicPartition, Long> first = consumer.beginningOffsets(partitions);
            Map<TopicPartition, Long> end = consumer.endOffsets(partitions);
            progress = Optional.of(progress(first, end));
            while (!closing) {
                ConsumerRecords<byte[], byte[]> polled = consumer.poll(POLL);
                for (ConsumerRecord<byte[], byte[]> record : polled) {
                    taken.give(record, plain -> {
                        listener.accept(plain);
                        return true;
                    });
                }
                records.addAndGet(polled.count());
                if (!isCaughtUp) {
                    Progress now = progress(first, end);
                    progress = Optional.of(now);
                    if (now.read() == now.end()) {
                        caughtUp();
                    }
                }
            }
        } catch (WakeupException woken) {
            if (!closing) {
                fail(woken);
            }
        } catch (OffsetOutOfRangeException lost) {
            fail(new UnusableTopicException(List.of("topic " + topic + " no longer has the records that come next: "
                    + lost.offsetOutOfRangePartitions().entrySet().stream()
                            .map(at ->
                                    "partition " + at.getKey().partition() + " was read up to offset " + at.getValue())
                            .sorted()
                            .collect(Collectors.joining(", "))
                    + "; start again, to read the topic from its beginning")));
        } catch (RuntimeException | Error thrown) {
            fail(thrown);
        }
    }

    private void caughtUp() {
        List<Runnable> then;
        synchronized (waiting) {
            isCaughtUp = true;
            then = List.copyOf(waiting);
        }
        then.forEach(Runnable::run);
    }

    private Progress progress(Map<TopicPartition, Long> first, Map<TopicPartition, Long> end) {
        long read = 0;
        long all = 0;
        for (Map.Entry<TopicPartition, Long> each : end.entrySet()) {
            long from = first.getOrDefault(each.getKey(), 0L);
            long position = Math.min(Math.max(consumer.position(each.getKey()), from), each.getValue());
            read += position - from;
            all += each.getValue() - from;
        }
        return new Progress(read, all);
    }

    private void fail(Throwable thrown) {
        failure = Optional.of(thrown);
        LOG.atError().addKeyValue("topic", topic).setCause(thrown).log("Following a topic ended");
    }
}
