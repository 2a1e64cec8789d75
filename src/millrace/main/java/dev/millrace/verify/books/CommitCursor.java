package dev.millrace.verify.books;

import dev.millrace.attribute.AttributionCommit;
import dev.millrace.state.Utf8;
import dev.millrace.topic.BatchLog.BrokenLogException;
import dev.millrace.topic.TopicLog;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TopicRecord;
import dev.millrace.wire.UndecodableException;
import java.util.Arrays;
import java.util.Optional;

/** The commits of an attribution, one after the other. One thread. */
final class CommitCursor {

    /** A commit and its record. */
    record LoggedCommit(AttributionCommit commit, TopicRecord record) {

        /** Its topic, partition and offset, in words. */
        String place() {
            return RecordAddress.of(record).toString();
        }
    }

    private final RecordCursor commits;
    private final AvroWire wire;

    /**
     * @param topic of all commits
     * @param from offset to begin at
     * @param end offset behind the last one to read
     */
    CommitCursor(TopicLog log, AvroWire wire, String topic, long from, long end) {
        this.commits = new RecordCursor(log, topic, 0, from, end);
        this.wire = wire;
    }

    /** Returns the offset of a partition's next commit; that at which this ends if there is none. */
    long offset(int partition) {
        byte[] key = Utf8.bytes(Integer.toString(partition));
        while (commits.peek().filter(next -> !Arrays.equals(next.key(), key)).isPresent()) {
            commits.take();
        }
        return commits.offset();
    }

    /**
     * Moves on. Returns the next commit; absent behind the last.
     *
     * @throws BrokenLogException if it cannot be read
     */
    Optional<LoggedCommit> take() {
        return commits.take().map(this::decoded);
    }

    /** As {@link #take()}, of a partition. */
    Optional<LoggedCommit> take(int partition) {
        long unused = offset(partition);
        return take();
    }

    private LoggedCommit decoded(TopicRecord record) {
        try {
            return wire.decode(Topic.ATTRIBUTION_COMMITS, record)
                    .map(commit -> new LoggedCommit(commit, record))
                    .orElseThrow(() ->
                            new BrokenLogException("the commit at " + RecordAddress.of(record) + " has no value"));
        } catch (UndecodableException broken) {
            throw new BrokenLogException(
                    "the commit at " + RecordAddress.of(record) + " cannot be read: " + broken.getMessage(), broken);
        }
    }
}
