package dev.millrace.verify.books;

import dev.millrace.attribute.AttributionCommit;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.UnusableEventException;
import dev.millrace.feature.UserFeatures;
import dev.millrace.settings.KeptSettings;
import dev.millrace.state.Books;
import dev.millrace.state.EntrySink;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import dev.millrace.state.Utf8;
import dev.millrace.topic.TopicLog;
import dev.millrace.topic.TopicNames;
import dev.millrace.verify.books.LearnerAudit.Change;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.EventRecords;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TopicRecord;
import dev.millrace.wire.TrainingRecords;
import dev.millrace.wire.UndecodableException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Makes what the attribution made again from the topics, counts what the learner counted, and compares both. The trainer may be running. */
public final class CountAudit {

    /*
     * What is audited. The state that each part last wrote to `training-progress`: its counts, and the position up to which it
     * has counted each input partition; the examples; the latest features of each user.
     *
     * Order. First the snapshot of the books; then the ends of the topics that the parts write, that of the commits last. What a
     * part wrote in the transactions of its books lies before all ends, and what lies before the others is of commits before
     * theirs. So each example and each user that is found was made by a commit that is replayed; only what commits behind the
     * books made may be missing.
     *
     * Layout. PartitionAudit replays the attribution of a user partition; UserStates compares what they publish of users.
     * DeadLetters judges what was rejected, which a replay takes from the commits. LearnerAudit follows the examples into
     * the mini-batches.
     *
     * Memory. Some 300 bytes for each user, of whom two hashes are kept up to three times, and as much for each training example; the
     * attribution's own entries are on disk. Cost. One pass over each topic, and one over examples and commits for each partition. One thread.
     */
    final RecordedAttribution source;
    final Optional<Checkpoints> checkpoints;
    final CountReport.Findings findings = new CountReport.Findings();
    final BooksSnapshot snapshot;
    final UserStates states = new UserStates();
    final DeadLetters letters;
    final long examplesEnd;
    final long commitsEnd;
    private final TopicLog log;
    private final TopicNames topics;
    private final AvroWire wire;
    private final LearnerAudit learner;
    private final List<String> rejections = new ArrayList<>(); // that are wrong
    private final long batchesEnd;

    private CountAudit(RecordedAttribution source, Optional<Checkpoints> checkpoints) {
        this.source = source;
        this.log = source.log();
        this.topics = source.topics();
        this.wire = source.wire();
        this.checkpoints = checkpoints;
        this.snapshot = BooksSnapshot.read(log, wire, topics.trainingProgress());
        this.learner = new LearnerAudit(snapshot.position(topics.trainingExamples(), 0), topics);
        this.examplesEnd = log.end(topics.trainingExamples(), 0);
        this.batchesEnd = log.end(topics.miniBatches(), 0);
        this.letters = new DeadLetters(log, topics, source.settings().placement(), rejections);
        log.readAll(topics.userFeatures(), record -> {
            Optional<UserFeatures> user = wire.decode(Topic.USER_FEATURES, record);
            states.found(Utf8.text(record.key()), user, RecordAddress.of(record));
        });
        this.commitsEnd = log.end(topics.attributionCommits(), 0);
    }

    /** The state that an attribution has. */
    public interface State {

        /**
         * Reads a partition.
         *
         * @param into empty; filled with its entries
         * @return offsets behind its last events, by topic and partition
         */
        Map<String, Long> read(int partition, EntrySink into);
    }

    /**
     * Where audits of an attribution begin, and leave where others may begin.
     *
     * @param directory folder of the files
     * @param application id of the attribution
     * @param settings that its state depends on
     * @param trusted the state to begin anew with, whatever made it; absent to begin with the newest file
     */
    public record Checkpoints(Path directory, String application, KeptSettings settings, Optional<State> trusted) {

        AttributionPlace beginning(int partition, int partitions) {
            return AttributionPlace.beginning(application, partition, partitions, settings);
        }
    }

    /**
     * Audits the counts of all topics.
     *
     * @param checkpoints absent to replay from the beginning
     */
    public static CountReport run(RecordedAttribution source, Optional<Checkpoints> checkpoints) {
        return new CountAudit(source, checkpoints).run();
    }

    private CountReport run() {
        snapshot.faults().forEach(findings::fault);
        if (snapshot.parts().isEmpty()) {
            findings.note("no part has written any books yet");
        }
        auditEvents();
        long lost = lost(topics.trainingExamples(), 0, examplesEnd);
        readExamples();
        auditItems(lost);
        findings.faults(rejections);
        auditLearner(lost + lost(topics.miniBatches(), 0, batchesEnd));
        return findings.report();
    }

    private void auditEvents() {
        List<Map<String, Books.Account>> made = new ArrayList<>();
        for (int partition = 0; partition < source.partitions(); partition++) {
            PartitionAudit.run(this, partition).ifPresent(made::add);
        }
        if (made.size() == source.partitions()) {
            Map<String, Books.Account> sums = Books.sum(made.stream());
            AttributionCommit.TOPICS.forEach(
                    topic -> findings.show(topic, snapshot.books(topic), Books.Account.of(topic, sums)));
            findings.faults(states.faults(topics.userFeatures()));
        } else {
            findings.note("features of users: not compared, " + (source.partitions() - made.size()) + " of "
                    + source.partitions() + " partitions could not be replayed");
        }
    }

    /** Records of a partition before an offset that are gone from its beginning; says so in a note. */
    private long lost(String topic, int partition, long until) {
        long gone = Math.min(until, log.begin(topic, partition));
        if (gone > 0) {
            findings.note(topic + "-" + partition + " begins at offset " + gone + ": its beginning is gone");
        }
        return gone;
    }

    private void readExamples() {
        TrainingRecords training = new TrainingRecords(wire);
        log.read(
                topics.trainingExamples(),
                0,
                examplesEnd,
                record -> readable(record, value -> {
                    long offset = record.offset();
                    training.decode(
                            value,
                            example -> learner.example(example, offset),
                            change -> learner.change(Change.of(change), offset),
                            user -> learner.change(Change.ofUser(user), offset));
                }));
    }

    private void readable(TopicRecord record, Consumer<byte[]> reader) {
        try {
            reader.accept(record.value().orElse(new byte[0]));
        } catch (UndecodableException | UnusableEventException broken) {
            findings.fault(RecordAddress.of(record) + " cannot be read");
        }
    }

    /**
     * Each record of items is counted, and is a change in the topic of training examples, which gives them one order.
     *
     * @param lostExamples records that are gone from the beginning of that topic
     */
    private void auditItems(long lostExamples) {
        EventRecords events = EventRecords.unlimited(wire);
        PossibleOutcomes outcomes = new PossibleOutcomes();
        Map<Change, Deque<RecordAddress>> missing = new LinkedHashMap<>();
        long lost = lostExamples;
        for (int partition = 0; partition < log.partitions(topics.items()); partition++) {
            long position = snapshot.position(topics.items(), partition);
            lost += lost(topics.items(), partition, position);
            log.read(topics.items(), partition, position, record -> {
                RecordAddress address = RecordAddress.of(record);
                Optional<String> rejected = letters.reason(record);
                letters.judgePlace(record, rejected);
                outcomes.add(Set.of(outcome(record, rejected)), address);
                if (rejected.isEmpty()) {
                    readable(record, value -> missing.computeIfAbsent(change(record, events), of -> new ArrayDeque<>(1))
                            .add(address));
                }
            });
        }
        if (lost > 0) {
            findings.note("changes of items: not checkable, " + lost + " records are gone from the beginning of "
                    + topics.items() + " or " + topics.trainingExamples());
            return;
        }
        findings.compare(InputTopic.ITEMS, snapshot.books(InputTopic.ITEMS), outcomes);
        learner.changes().forEach(change -> missing.getOrDefault(change, new ArrayDeque<>(0))
                .pollLast());
        findings.faults(missing.values().stream()
                .flatMap(left -> left.stream().limit(1))
                .map(address -> "the change of the catalogue at " + address + " is not in " + topics.trainingExamples())
                .toList());
    }

    private static Change change(TopicRecord record, EventRecords events) {
        return Change.of(record.value()
                .<CatalogueChange>map(value -> new CatalogueChange.Upsert(events.item(value)))
                .orElseGet(() -> new CatalogueChange.Removal(Utf8.text(record.key()), 0)));
    }

    private static String outcome(TopicRecord record, Optional<String> rejected) {
        return rejected.map(Outcome.REJECTED::label)
                .orElse((record.value().isPresent() ? Outcome.APPLIED : Outcome.REMOVED).label());
    }

    /** @param lost records that are gone from the beginning of training examples or mini-batches */
    private void auditLearner(long lost) {
        Optional<Long> step = snapshot.learnerStep();
        if (step.isEmpty()) {
            findings.note("no learner of training examples has written books yet");
            return;
        }
        if (lost > 0) {
            findings.note("which mini-batch each example is in: not checkable, " + lost
                    + " records are gone from the beginning of " + topics.trainingExamples() + " or "
                    + topics.miniBatches());
            return;
        }
        log.read(
                topics.miniBatches(),
                0,
                batchesEnd,
                record -> readable(record, value -> wire.decode(Topic.MINI_BATCHES, record.key(), value)
                        .filter(batch -> batch.step() <= step.get())
                        .ifPresent(batch -> learner.batch(batch, RecordAddress.of(record)))));
        PossibleOutcomes outcomes = learner.end(step.get());
        findings.faults(learner.faults());
        Books.Account books = snapshot.books(InputTopic.EXAMPLES);
        SortedMap<String, Long> shown = new TreeMap<>();
        books.outcomes().forEach((outcome, count) -> shown.merge(LearnerAudit.shown(outcome), count, Long::sum));
        findings.compare(InputTopic.EXAMPLES, new Books.Account(books.received(), books.waiting(), shown), outcomes);
    }
}
