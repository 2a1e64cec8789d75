package dev.millrace.verify.books;

import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.checkpoint.ScratchEntries;
import dev.millrace.state.InputTopic;
import dev.millrace.topic.BatchLog.BrokenLogException;
import dev.millrace.verify.books.RecordedAttribution.LoggedCommit;
import dev.millrace.wire.TopicRecord;
import dev.millrace.wire.TrainingRecords;
import dev.millrace.wire.UndecodableException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The training examples of an attribution, made again from its events, by its own settings or by others.
 *
 * <p>The order within a partition is that of the replay. That between partitions, and to the changes of the catalogue, is that of the topic of training
 * examples: each record there is one that the replay by its own settings makes. What other settings make comes with the next of these, or
 * before it if its event was read before.
 */
public final class ReplayedExamples implements AutoCloseable {

    private static final long CACHE_BYTES = 64L << 20; // of all partitions

    private final RecordedAttribution source;
    private final Optional<RecordedAttribution> other;
    private final RecordCursor commits;
    private final Map<Integer, Part> parts = new LinkedHashMap<>();

    private ReplayedExamples(RecordedAttribution source, AttributionSettings asked) {
        this.source = source;
        this.other = Optional.of(source.with(asked)).filter(with -> !asked.equals(source.settings()));
        this.commits = source.commits();
    }

    /**
     * Reads all that is in the topic of training examples by now. The attribution may be running.
     *
     * @param asked settings to make the examples by
     * @param change takes the values of the catalogue's changes, as they are
     * @throws BrokenLogException if events or commits are gone, or make something else
     */
    public static void read(
            RecordedAttribution source,
            AttributionSettings asked,
            Consumer<TrainingExample> example,
            Consumer<byte[]> change,
            Consumer<String> userRemoval) {
        String topic = source.topics().trainingExamples();
        long end = source.log().committedEnd(topic, 0); // before that of the commits
        Consumer<Object> made = each -> {
            if (each instanceof TrainingExample again) {
                example.accept(again);
            } else {
                userRemoval.accept((String) each);
            }
        };
        TrainingRecords training = new TrainingRecords(source.wire());
        try (ReplayedExamples replayed = new ReplayedExamples(source, asked)) {
            replayed.requireWhole();
            RecordCursor records = new RecordCursor(source.log(), topic, 0, 0, end, record -> true);
            for (Optional<TopicRecord> next = records.take(); next.isPresent(); next = records.take()) {
                TopicRecord record = next.get();
                byte[] value = record.value().orElseThrow(() -> broken(record, "has no value"));
                try {
                    training.decode(
                            value,
                            found -> replayed.makeUntil(found, record, made),
                            found -> change.accept(value),
                            found -> replayed.makeUntil(found, record, made));
                } catch (UndecodableException unreadable) {
                    throw broken(record, "cannot be read: " + unreadable.getMessage());
                }
            }
        }
    }

    private static BrokenLogException broken(TopicRecord record, String why) {
        return new BrokenLogException("the record at " + RecordAddress.of(record) + " " + why);
    }

    private void requireWhole() {
        List<String> gone = new ArrayList<>();
        for (int partition = 0; partition < source.partitions(); partition++) {
            gone.addAll(source.gone(source.beginning(partition)));
        }
        String topic = source.topics().trainingExamples();
        if (source.log().begin(topic, 0) > 0) {
            gone.add(topic);
        }
        if (!gone.isEmpty()) {
            throw new BrokenLogException("the beginning of " + String.join(", ", gone) + " is gone");
        }
    }

    /** Hands on what is made up to a record of the topic. */
    private void makeUntil(Object content, TopicRecord record, Consumer<Object> to) {
        Optional<Part> made = partThatMade(content);
        while (made.isEmpty()) {
            LoggedCommit next = source.take(commits).orElseThrow(() -> broken(record, "is made by no event"));
            parts.computeIfAbsent(next.commit().partition(), Part::new).take(next);
            made = partThatMade(content);
        }
        made.get().handOn(to);
    }

    private Optional<Part> partThatMade(Object content) {
        return parts.values().stream().filter(part -> part.hasMade(content)).findFirst();
    }

    @Override
    public void close() {
        parts.values().stream()
                .flatMap(part -> Stream.of(part.own, part.asked))
                .distinct()
                .forEach(made -> made.entries.close());
    }

    /** One partition, made by its own settings and by those asked for. */
    private final class Part {

        final Made own;
        final Made asked;

        Part(int partition) {
            own = new Made(source, partition);
            asked = other.map(with -> new Made(with, partition)).orElse(own);
        }

        void take(LoggedCommit commit) {
            own.replay.take(commit);
            if (asked != own) {
                asked.replay.take(commit);
            }
        }

        boolean hasMade(Object content) {
            return !own.results.isEmpty() && own.results.element().content().equals(content);
        }

        void handOn(Consumer<Object> to) {
            Result last = own.results.element();
            while (!asked.results.isEmpty() && !last.isBefore(asked.results.element())) {
                to.accept(asked.results.remove().content());
            }
            if (asked != own) {
                own.results.remove();
            }
        }
    }

    /**
     * What the attribution made.
     *
     * @param content an example, or the id of a user to remove
     * @param event number of the event that made it
     * @param place among those of the event
     */
    private record Result(Object content, long event, int place) {
        boolean isBefore(Result later) {
            return event < later.event || (event == later.event && place < later.place);
        }
    }

    /** A replay, and what it made that is not handed on. */
    private static final class Made implements AttributionReplay.Output {

        private final ScratchEntries entries;
        private final AttributionReplay replay;
        private final Deque<Result> results = new ArrayDeque<>();
        private long events;
        private int ofEvent;

        Made(RecordedAttribution by, int partition) {
            entries = ScratchEntries.create(CACHE_BYTES / by.partitions());
            replay = new AttributionReplay(by, by.beginning(partition), entries, this);
        }

        @Override
        public void event(InputTopic topic, TopicRecord record, Optional<String> rejected) {
            events++;
            ofEvent = 0;
        }

        @Override
        public void example(TrainingExample example) {
            results.add(new Result(example, events, ofEvent++));
        }

        @Override
        public void userRemoved(String user) {
            results.add(new Result(user, events, ofEvent++));
        }
    }
}
