package dev.millrace.topic;

import dev.millrace.state.Utf8;
import dev.millrace.topic.fault.MissingRightException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delivers events to their topics, and knows when the brokers have acknowledged them. Safe for threads.
 *
 * <p>Events that wait for the brokers take a bounded number of bytes, and wait for a bounded time. What is not acknowledged by then may
 * have been written all the same. Delivering it again is safe: the trainer tells events apart by their ids.
 */
public final class EventDelivery implements AutoCloseable {

    /**
     * An event as its topic takes it.
     *
     * @param key id that it is partitioned by
     * @param value null to remove what has the key
     * @param time event time, epoch milliseconds
     */
    public record Event(String topic, String key, byte @Nullable [] value, long time) {}

    /** Thrown when the brokers did not acknowledge all events in time. Any of them may have been written. */
    public static final class UndeliveredException extends Exception {

        public UndeliveredException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(EventDelivery.class);

    /** Of a wait for room, or for the partitions of a topic that was not written for long. */
    private static final Duration LONGEST_BLOCK = Duration.ofSeconds(1);

    private static final int TRIES = 2; // fit into the time of a delivery, if a broker does not answer
    private static final String BUFFER_BYTES = "buffer-total-bytes";
    private static final String FREE_BYTES = "buffer-available-bytes";

    private final KafkaProducer<byte[], byte[]> producer;
    private final Duration timeout;
    private final InstantSource clock;
    private final AtomicBoolean isFailing = new AtomicBoolean();

    /**
     * @param bufferBytes most bytes of events that wait for the brokers
     * @param timeout most time that an event waits for them
     */
    public EventDelivery(ClientSettings clients, long bufferBytes, Duration timeout, InstantSource clock) {
        Map<String, Object> config = EventProducer.config(clients);
        config.put(ProducerConfig.BUFFER_MEMORY_CONFIG, bufferBytes);
        config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, LONGEST_BLOCK.toMillis());
        config.put(ProducerConfig.LINGER_MS_CONFIG, EventProducer.LINGER_MILLIS); // it is part of the timeout
        config.put(ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG, (int) timeout.toMillis() / TRIES);
        config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, (int) timeout.toMillis());
        this.producer = new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
        this.timeout = timeout;
        this.clock = clock;
    }

    /**
     * Returns when the brokers have acknowledged all events.
     *
     * @throws UndeliveredException if they have not in time, or there is no room for the events to wait
     */
    public void deliver(List<Event> events) throws UndeliveredException {
        try {
            long until = System.nanoTime() + timeout.toNanos();
            List<Future<RecordMetadata>> sent = new ArrayList<>(events.size());
            for (Event event : events) {
                Future<RecordMetadata> last = producer.send(record(event));
                if (last.isDone()) {
                    last.get(); // it may have failed: then the others need not be tried
                }
                if (System.nanoTime() - until > 0) {
                    throw new TimeoutException();
                }
                sent.add(last);
            }
            for (Future<RecordMetadata> each : sent) {
                each.get(Math.max(0, until - System.nanoTime()), TimeUnit.NANOSECONDS);
            }
            if (isFailing.compareAndSet(true, false)) {
                LOG.info("Brokers take events again");
            }
        } catch (ExecutionException failed) {
            throw undelivered(failed.getCause() == null ? failed : failed.getCause());
        } catch (TimeoutException late) {
            throw undelivered(late);
        } catch (KafkaException unusable) { // interrupted, or the producer can do no more
            throw undelivered(unusable);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw undelivered(interrupted);
        }
    }

    /** Bytes of the events that wait for the brokers. */
    public long waitingBytes() {
        return (long) (metric(BUFFER_BYTES) - metric(FREE_BYTES));
    }

    /** Ends the deliveries that are under way, each within its time. */
    @Override
    public void close() {
        producer.close();
    }

    private double metric(String name) {
        return producer.metrics().entrySet().stream()
                .filter(each -> each.getKey().name().equals(name))
                .mapToDouble(each -> ((Number) each.getValue().metricValue()).doubleValue())
                .findFirst()
                .orElse(0);
    }

    /** Brokers refuse a timestamp that is more than an hour ahead of their clock; that of an event may be. Its own time is in the value. */
    private ProducerRecord<byte[], byte[]> record(Event event) {
        long timestamp = Math.min(event.time(), clock.millis());
        return new ProducerRecord<>(event.topic(), null, timestamp, Utf8.bytes(event.key()), event.value());
    }

    private UndeliveredException undelivered(Throwable why) {
        String reason = MissingRightException.in(why)
                .map(Throwable::getMessage)
                .orElseGet(() -> why instanceof TimeoutException
                        ? "no acknowledgement within " + timeout.toMillis() + " ms"
                        : why instanceof org.apache.kafka.common.errors.TimeoutException
                                ? "no broker answered (" + why.getMessage() + ")"
                                : String.valueOf(why.getMessage()));
        if (isFailing.compareAndSet(false, true)) {
            LOG.atWarn()
                    .addKeyValue("why", reason)
                    .log("Brokers do not accept events; logged once until they do again");
        }
        return new UndeliveredException(reason, why);
    }
}
