package dev.millrace.verify.books;

import dev.millrace.topic.TopicLog;
import dev.millrace.wire.TopicRecord;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.Predicate;

/** The committed records of a partition, or some of them, one after the other; some are held at once. One thread. */
final class RecordCursor {

    private static final int MOST_RECORDS = 2_000;
    private static final long MOST_BYTES = 4 << 20;

    private final TopicLog log;
    private final String topic;
    private final int partition;
    private final long end;
    private final Predicate<TopicRecord> isWanted;
    private final Deque<TopicRecord> held = new ArrayDeque<>();
    private long next;
    private long bytes;

    /**
     * @param from offset to begin at, if it is still there
     * @param end offset behind the last record to read
     * @param isWanted false to leave a record out
     */
    RecordCursor(TopicLog log, String topic, int partition, long from, long end, Predicate<TopicRecord> isWanted) {
        this.log = log;
        this.topic = topic;
        this.partition = partition;
        this.end = end;
        this.isWanted = isWanted;
        this.next = Math.max(from, log.begin(topic, partition));
    }

    private Optional<TopicRecord> peek() {
        if (held.isEmpty() && next < end) {
            long from = next;
            next = end; // unless it stops before
            bytes = 0;
            log.read(topic, partition, from, end, record -> {
                if (isWanted.test(record)) {
                    held.add(record);
                    bytes += record.value().map(value -> value.length).orElse(0);
                }
                boolean isFull = held.size() == MOST_RECORDS || bytes > MOST_BYTES;
                next = isFull ? record.offset() + 1 : end;
                return !isFull;
            });
        }
        return Optional.ofNullable(held.peek());
    }

    /** Returns the offset of the next record; that at which it ends if there is none. */
    long offset() {
        return peek().map(TopicRecord::offset).orElse(end);
    }

    /** Moves on. Returns the next record; absent behind the last. */
    Optional<TopicRecord> take() {
        Optional<TopicRecord> record = peek();
        held.poll();
        return record;
    }
}
