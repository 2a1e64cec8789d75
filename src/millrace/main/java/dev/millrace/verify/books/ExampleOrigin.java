package dev.millrace.verify.books;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.checkpoint.ScratchEntries;
import dev.millrace.state.InputTopic;
import dev.millrace.topic.BatchLog.BrokenLogException;
import dev.millrace.verify.books.RecordedAttribution.LoggedCommit;
import dev.millrace.wire.TopicRecord;
import java.time.Instant;
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
     * @return absent if no event makes it
     * @throws BrokenLogException if a partition cannot be replayed that far
     */
    public static Optional<ExampleOrigin> find(String example, RecordedAttribution source) {
        Optional<ExampleOrigin> found = Optional.empty();
        for (int partition = 0; partition < source.partitions() && found.isEmpty(); partition++) {
            try (ScratchEntries entries = ScratchEntries.create()) {
                Witness witness = new Witness(example);
                AttributionReplay replay = new AttributionReplay(source, source.beginning(partition), entries, witness);
                RecordCursor commits = source.commits(
                        partition, 0, source.log().committedEnd(source.topics().attributionCommits(), 0));
                for (Optional<LoggedCommit> next = source.take(commits);
                        next.isPresent() && found.isEmpty();
                        next = source.take(commits)) {
                    replay.take(next.get());
                    found = witness.seenIn(next.get());
                }
            }
        }
        return found;
    }

    /** Sees the example when it is made. */
    private static final class Witness implements AttributionReplay.Output {

        private final String id;
        private Optional<TrainingExample> seen = Optional.empty();
        private String event = "";

        Witness(String id) {
            this.id = id;
        }

        Optional<ExampleOrigin> seenIn(LoggedCommit logged) {
            return seen.map(example -> new ExampleOrigin(
                    example,
                    event,
                    logged.place(),
                    Instant.ofEpochMilli(logged.commit().clock())));
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
        public void userRemoved(String user) {
            // only the example is looked for
        }
    }
}
