package dev.millrace.topic;

import dev.millrace.batch.MiniBatch;
import dev.millrace.state.Sha256;
import dev.millrace.state.Utf8;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TopicRecord;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

/** The log of mini-batches up to the end it had when this was made. One thread. */
public final class BatchLog {

    /** A mini-batch and its record in the log. */
    public record LoggedBatch(MiniBatch batch, TopicRecord record) {

        public String topic() {
            return record.topic();
        }

        public int partition() {
            return record.partition();
        }

        public long offset() {
            return record.offset();
        }

        /** Its topic, partition and offset, in words. */
        public String place() {
            return record.place();
        }

        /** SHA-256 of the record's value, in hexadecimal: tells the batch from one of the same step in another log. */
        public String sha256() {
            return Sha256.hex(record.value().orElseThrow());
        }
    }

    /** Thrown when a topic does not hold what its writer promises: a gap, a step twice, a record that cannot be read. */
    public static class BrokenLogException extends RuntimeException {
        public BrokenLogException(String message) {
            super(message);
        }

        public BrokenLogException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    private final TopicReader reader;
    private final AvroWire wire;
    private final TopicReader.Extent extent;

    BatchLog(TopicReader reader, AvroWire wire, String topic) {
        this.reader = reader;
        this.wire = wire;
        this.extent = reader.extents(topic).get(0);
    }

    /** The step of the first batch retained; absent for a log without any. */
    public OptionalLong firstStep() {
        return firstFrom(extent.first())
                .map(record -> OptionalLong.of(step(record)))
                .orElse(OptionalLong.empty());
    }

    /** The batch of a step; absent if the log has it no longer, or not yet. */
    public Optional<LoggedBatch> find(long step) {
        return seek(step).filter(record -> step(record) == step).map(this::decoded);
    }

    /**
     * Reads the batch of that step and all later ones, in order.
     *
     * @param wantsMore takes each batch; returns false to stop reading
     * @throws BrokenLogException if a step is missing, comes twice, or cannot be read
     */
    public void read(long fromStep, Predicate<LoggedBatch> wantsMore) {
        Optional<TopicRecord> first = seek(fromStep);
        if (first.isEmpty()) {
            return;
        }
        AtomicLong next = new AtomicLong(fromStep);
        reader.read(extent, first.get().offset(), record -> {
            LoggedBatch logged = decoded(record);
            long expected = next.getAndIncrement();
            if (logged.batch().step() != expected) {
                throw new BrokenLogException("the mini-batch at " + record.place() + " is of step "
                        + logged.batch().step() + ", expected " + expected
                        + ": the log must hold every step once, in order");
            }
            return wantsMore.test(logged);
        });
    }

    /** The first record of that step or a later one: steps rise with offsets. */
    private Optional<TopicRecord> seek(long step) {
        long low = extent.first();
        long high = extent.end();
        Optional<TopicRecord> found = Optional.empty();
        while (low < high) {
            long middle = low + (high - low) / 2;
            Optional<TopicRecord> record = firstFrom(middle);
            if (record.isEmpty()) {
                high = middle;
            } else if (step(record.get()) < step) {
                low = record.get().offset() + 1;
            } else {
                found = record;
                high = middle;
            }
        }
        return found;
    }

    private Optional<TopicRecord> firstFrom(long offset) {
        return reader.firstFrom(extent, offset);
    }

    private LoggedBatch decoded(TopicRecord record) {
        try {
            return wire.decode(Topic.MINI_BATCHES, record)
                    .map(batch -> new LoggedBatch(batch, record))
                    .orElseThrow(() -> new IllegalStateException("it is a tombstone"));
        } catch (RuntimeException unreadable) {
            throw new BrokenLogException(
                    "the mini-batch at " + record.place() + " cannot be read: " + unreadable.getMessage(), unreadable);
        }
    }

    /** The step of the record, from its key: the value can be large. */
    private static long step(TopicRecord record) {
        String key = Utf8.text(record.key());
        try {
            return Long.parseLong(key);
        } catch (NumberFormatException none) {
            throw new BrokenLogException("the key at " + record.place() + " is no step: " + key, none);
        }
    }
}
