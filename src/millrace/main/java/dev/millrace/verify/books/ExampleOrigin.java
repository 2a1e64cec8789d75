package dev.millrace.verify.books;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionCommit;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.checkpoint.ScratchEntries;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.feature.UserFeatures;
import dev.millrace.settings.KeptSettings;
import dev.millrace.state.InputTopic;
import dev.millrace.topic.BatchLog.BrokenLogException;
import dev.millrace.topic.TopicLog;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.EventRecords;
import dev.millrace.wire.TopicRecord;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * Where an example comes from, found by making it again from the events.
 *
 * @param example as the replay made it
 * @param event the record that made it: its click or, if that came first, its exposure; without a click, what ended its window
 * @param commit the record of the commit that read that
 * @param clock wall clock of the commit
 */
public record ExampleOrigin(TrainingExample example, String event, String commit, Instant clock) {

    /**
     * Replays each partition until it makes the example.
     *
     * @param settings those that the attribution keeps
     * @param experiments finds the states that events refer to
     * @return absent if no event makes it
     * @throws BrokenLogException if a partition cannot be replayed that far
     */
    public static Optional<ExampleOrigin> find(
            String example,
            TopicLog log,
            AvroWire wire,
            TopicNames topics,
            AttributionSettings settings,
            ExperimentReference.Lookup experiments) {
        Optional<ExampleOrigin> found = Optional.empty();
        for (int partition = 0; partition < log.partitions(topics.clicks()) && found.isEmpty(); partition++) {
            try (ScratchEntries entries = ScratchEntries.create()) {
                Map<InputTopic, RecordCursor> inputs = new EnumMap<>(InputTopic.class);
                for (InputTopic topic : AttributionCommit.TOPICS) {
                    String name = topics.of(topic);
                    inputs.put(topic, new RecordCursor(log, name, partition, 0, log.committedEnd(name, partition)));
                }
                Witness witness = new Witness(example);
                AttributionReplay replay = new AttributionReplay(
                        settings,
                        EventRecords.unlimited(wire),
                        experiments,
                        inputs,
                        entries,
                        AttributionPlace.beginning("", partition, 1, KeptSettings.NONE),
                        witness,
                        witness);
                String name = topics.attributionCommits();
                CommitCursor commits = new CommitCursor(log, wire, name, partition, 0, log.committedEnd(name, 0));
                found = witness.during(replay, commits);
            }
        }
        return found;
    }

    /** Sees the example when it is made. */
    private static final class Witness implements Attribution.Output, AttributionReplay.Listener {

        private final String id;
        private Optional<TrainingExample> seen = Optional.empty();
        private String event = "";

        Witness(String id) {
            this.id = id;
        }

        Optional<ExampleOrigin> during(AttributionReplay replay, CommitCursor commits) {
            for (Optional<TopicRecord> next = commits.take(); next.isPresent(); next = commits.take()) {
                String place = RecordAddress.of(next.get()).toString();
                try {
                    AttributionCommit commit = commits.decoded(next.get());
                    replay.take(commit);
                    if (seen.isPresent()) {
                        return Optional.of(
                                new ExampleOrigin(seen.get(), event, place, Instant.ofEpochMilli(commit.clock())));
                    }
                } catch (BrokenLogException | AttributionReplay.OtherRulesException broken) {
                    throw new BrokenLogException("the commit at " + place + " " + broken.getMessage(), broken);
                }
            }
            return Optional.empty();
        }

        @Override
        public void event(InputTopic topic, TopicRecord record, Optional<String> rejected) {
            if (seen.isEmpty()) {
                event = RecordAddress.of(record).toString();
            }
        }

        @Override
        public void example(TrainingExample example) {
            if (seen.isEmpty() && example.id().equals(id)) {
                seen = Optional.of(example);
            }
        }

        @Override
        public void userFeatures(UserFeatures user) {
            // only the example is looked for
        }

        @Override
        public void userRemoved(String user) {
            // only the example is looked for
        }
    }
}
