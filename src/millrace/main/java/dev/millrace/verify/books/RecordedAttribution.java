package dev.millrace.verify.books;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionCommit;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.settings.KeptSettings;
import dev.millrace.state.InputTopic;
import dev.millrace.state.OrderedEntries;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.ExperimentFacts;
import dev.millrace.topic.TopicLog;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.EventRecords;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

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

    /**
     * Begins to make a partition again.
     *
     * @param entries as they are at the place, and for the replay to change
     */
    <T extends Attribution.Output & AttributionReplay.Listener> AttributionReplay replay(
            AttributionPlace from, OrderedEntries entries, T to) {
        Map<InputTopic, RecordCursor> inputs = new EnumMap<>(InputTopic.class);
        AttributionCommit.TOPICS.forEach(
                topic -> inputs.put(topic, events(topic, from.partition(), from.position(topic))));
        return new AttributionReplay(
                new Attribution(settings, entries, to),
                EventRecords.unlimited(wire),
                experiments,
                inputs,
                entries,
                from.positions(),
                to);
    }

    /** Reads what is committed of a topic's partition. */
    RecordCursor events(InputTopic topic, int partition, long from) {
        String name = topics.of(topic);
        return new RecordCursor(log, name, partition, from, log.committedEnd(name, partition));
    }

    /** Reads the commits that have ended. */
    CommitCursor commits() {
        return commits(0, log.committedEnd(topics.attributionCommits(), 0));
    }

    CommitCursor commits(long from, long end) {
        return new CommitCursor(log, wire, topics.attributionCommits(), from, end);
    }
}
