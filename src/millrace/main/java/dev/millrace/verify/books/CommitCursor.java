package dev.millrace.verify.books;

import dev.millrace.attribute.AttributionCommit;
import dev.millrace.state.Utf8;
import dev.millrace.topic.BatchLog.BrokenLogException;
import dev.millrace.topic.TopicLog;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TopicRecord;
import dev.millrace.wire.UndecodableException;
import java.util.Optional;

/** The commits of the attribution of one partition, one after the other. One thread. */
final class CommitCursor {

    private final RecordCursor commits;
    private final AvroWire wire;
    private final String key;

    /**
     * @param topic of all commits
     * @param from offset to begin at
     * @param end offset behind the last one to read
     */
    CommitCursor(TopicLog log, AvroWire wire, String topic, int partition, long from, long end) {
        this.commits = new RecordCursor(log, topic, 0, from, end);
        this.wire = wire;
        this.key = Integer.toString(partition);
    }

    /** Moves on. Returns the record of the next commit; absent behind the last. */
    Optional<TopicRecord> take() {
        Optional<TopicRecord> next = commits.take();
        while (next.isPresent() && !Utf8.text(next.get().key()).equals(key)) {
            next = commits.take();
        }
        return next;
    }

    /** @throws BrokenLogException if it cannot be read */
    AttributionCommit decoded(TopicRecord record) {
        try {
            return wire.decode(Topic.ATTRIBUTION_COMMITS, record)
                    .orElseThrow(() -> new BrokenLogException("has no value"));
        } catch (UndecodableException broken) {
            throw new BrokenLogException("cannot be read: " + broken.getMessage(), broken);
        }
    }
}
