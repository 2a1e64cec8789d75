package dev.millrace.topic;

import dev.millrace.wire.TopicRecord;
import dev.millrace.wire.UndecodableException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Leaves out records of Millrace's own topics that are none, since the same bytes would come at each start. Counts them. Safe for threads. */
final class UndecodableRecords {

    private static final Logger LOG = LoggerFactory.getLogger(UndecodableRecords.class);

    private final AtomicLong count = new AtomicLong();

    long count() {
        return count.get();
    }

    /**
     * Gives a record to its reader.
     *
     * @return what the reader returns; true if it cannot decode the record
     */
    boolean give(TopicRecord record, Predicate<TopicRecord> reader) {
        try {
            return reader.test(record);
        } catch (UndecodableException foreign) {
            long counted = count.incrementAndGet();
            if (Long.bitCount(counted) == 1) { // the first, second, fourth, eighth, …: many leave no gigabytes of log
                LOG.atWarn()
                        .addKeyValue("topic", record.topic())
                        .addKeyValue("partition", record.partition())
                        .addKeyValue("offset", record.offset())
                        .addKeyValue("count", counted)
                        .log("A record cannot be decoded and is left out: " + foreign.getMessage());
            }
            return true;
        }
    }
}
