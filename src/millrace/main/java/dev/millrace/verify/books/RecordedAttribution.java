package dev.millrace.verify.books;

import dev.millrace.attribute.AttributionCommit;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.settings.KeptSettings;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Utf8;
import dev.millrace.topic.BatchLog.BrokenLogException;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.ExperimentFacts;
import dev.millrace.topic.TopicLog;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TopicRecord;
import dev.millrace.wire.UndecodableException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * An attribution as its topics have it: what it read, the record of each of its commits, and what it made.
 *
 * @param settings those that it keeps
 * @param experiments finds the states that events refer to
 */
public record RecordedAttribution(
        TopicLog log,
        AvroWire wire,
        TopicNames topics,
        AttributionSettings settings,
        ExperimentReference.Lookup experiments) {

    /** A commit and its record. */
    record LoggedCommit(AttributionCommit commit, TopicRecord record) {

        /** Its topic, partition and offset, in words. */
        String place() {
            return RecordAddress.of(record).toString();
        }
    }

    /** @param kept settings that the attribution keeps */
    public static RecordedAttribution of(Cluster cluster, TopicLog log, AttributionSettings kept) {
        return new RecordedAttribution(log, cluster.wire(), cluster.topics(), kept, new ExperimentFacts(cluster));
    }

    /** Returns the same events and commits, for other settings to make something else of. */
    RecordedAttribution with(AttributionSettings other) {
        return new RecordedAttribution(log, wire, topics, other, experiments);
    }

    /** Returns the number of its partitions. */
    int partitions() {
        return log.partitions(topics.clicks());
    }

    /** Returns where a partition stands that has not read anything. */
    AttributionPlace beginning(int partition) {
        return AttributionPlace.beginning("", partition, partitions(), KeptSettings.NONE);
    }

    /** Returns the topics that do not have everything from a place on. */
    List<String> gone(AttributionPlace from) {
        List<String> gone = new ArrayList<>();
        for (InputTopic topic : AttributionCommit.TOPICS) {
            if (log.begin(topics.of(topic), from.partition()) > from.next(topic)) {
                gone.add(topics.of(topic) + "-" + from.partition());
            }
        }
        if (log.begin(topics.attributionCommits(), 0) > from.commits()) {
            gone.add(topics.attributionCommits());
        }
        return gone;
    }

    /** Reads what is committed of a topic's partition. */
    RecordCursor events(InputTopic topic, int partition, long from) {
        String name = topics.of(topic);
        return new RecordCursor(log, name, partition, from, log.committedEnd(name, partition), record -> true);
    }

    /** Reads the commits that have ended, of all partitions. */
    RecordCursor commits() {
        String name = topics.attributionCommits();
        return new RecordCursor(log, name, 0, 0, log.committedEnd(name, 0), record -> true);
    }

    /** Reads the commits of a partition between two offsets. */
    RecordCursor commits(int partition, long from, long end) {
        byte[] key = Utf8.bytes(Integer.toString(partition));
        return new RecordCursor(
                log, topics.attributionCommits(), 0, from, end, record -> Arrays.equals(record.key(), key));
    }

    /**
     * Moves on. Returns the next commit; absent behind the last.
     *
     * @throws BrokenLogException if it cannot be read
     */
    Optional<LoggedCommit> take(RecordCursor commits) {
        return commits.take().map(record -> {
            String place = "the commit at " + RecordAddress.of(record);
            try {
                return wire.decode(Topic.ATTRIBUTION_COMMITS, record)
                        .map(commit -> new LoggedCommit(commit, record))
                        .orElseThrow(() -> new BrokenLogException(place + " has no value"));
            } catch (UndecodableException broken) {
                throw new BrokenLogException(place + " cannot be read: " + broken.getMessage(), broken);
            }
        });
    }
}
