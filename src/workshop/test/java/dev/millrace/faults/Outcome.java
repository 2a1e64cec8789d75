package dev.millrace.faults;

import dev.millrace.app.MillraceSettings;
import dev.millrace.state.Books;
import dev.millrace.state.Sha256;
import dev.millrace.topic.TopicReader;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.PlainValues;
import dev.millrace.wire.Topic;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a run left in its topics.
 *
 * @param books of all parts together, by topic
 * @param exampleIds of training-examples, in order; an id twice is an event learnt twice
 * @param log SHA-256 of each record of mini-batches, in order
 * @param step of the last batch learnt
 * @param digest of the model after it
 */
record Outcome(
        SortedMap<String, Books.Account> books, List<String> exampleIds, List<String> log, long step, String digest) {

    static Outcome read(MillraceSettings settings) {
        AvroWire wire = settings.cluster().wire();
        PlainValues values = new PlainValues(wire);
        List<String> ids = new ArrayList<>();
        List<String> log = new ArrayList<>();
        SortedMap<String, PartProgress> parts = new TreeMap<>();
        try (TopicReader reader = settings.cluster().reader()) {
            var names = settings.topics().names();
            reader.readAll(names.trainingExamples(), record -> record.value()
                    .flatMap(values::decode)
                    .flatMap(value -> value.record("entry"))
                    .filter(entry -> entry.is("ExampleRecord"))
                    .ifPresent(example -> ids.add(example.text("example_id", ""))));
            reader.readAll(
                    names.miniBatches(),
                    record -> log.add(Sha256.hex(record.value().orElseThrow())));
            reader.readAll(names.trainingProgress(), record -> wire.decode(Topic.TRAINING_PROGRESS, record)
                    .ifPresent(part -> parts.put(part.part(), part)));
        }
        SortedMap<String, Books.Account> books = new TreeMap<>();
        parts.values().forEach(part -> part.books()
                .forEach((topic, account) -> books.merge(topic, account, Books.Account::plus)));
        Optional<TrainingProgress> training = parts.values().stream()
                .flatMap(part -> part.training().stream())
                .findFirst();
        return new Outcome(
                books,
                ids,
                log,
                training.map(TrainingProgress::step).orElse(0L),
                training.map(TrainingProgress::digest).orElse(""));
    }

    /** The same, had so many more events of a topic come in, each with that outcome and no further effect. */
    Outcome and(String topic, String outcome, long events) {
        SortedMap<String, Books.Account> more = new TreeMap<>(books);
        more.merge(topic, new Books.Account(events, 0, new TreeMap<>(Map.of(outcome, events))), Books.Account::plus);
        return new Outcome(more, exampleIds, log, step, digest);
    }
}
