package dev.millrace.verify.books;

import dev.millrace.attribute.AttributionCommit;
import dev.millrace.settings.KeptSettings;
import dev.millrace.state.Books;
import dev.millrace.state.EntrySink;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import dev.millrace.state.Utf8;
import dev.millrace.topic.TopicLog;
import dev.millrace.topic.TopicNames;
import dev.millrace.verify.books.BooksSnapshot.Totals;
import dev.millrace.verify.books.LearnerAudit.Change;
import dev.millrace.wire.PlainRecord;
import dev.millrace.wire.PlainValues;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TopicRecord;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

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
     * DeadLetters judges what was rejected, which a replay takes from the commits. ExampleLog and LearnerAudit follow the examples
     * into the mini-batches.
     *
     * Memory. Some 300 bytes for each user, of whom two hashes are kept up to three times, and as much for each training example; the
     * attribution's own entries are on disk. Cost. One pass over each topic, and one over examples and commits for each partition. One thread.
     */
    private final RecordedAttribution source;
    private final TopicLog log;
    private final TopicNames topics;
    private final PlainValues values;
    private final Optional<Checkpoints> checkpoints;
    private final CountReport.Findings findings = new CountReport.Findings();
    private final BooksSnapshot snapshot;

    private CountAudit(RecordedAttribution source, Optional<Checkpoints> checkpoints) {
        this.source = source;
        this.log = source.log();
        this.topics = source.topics();
        this.values = new PlainValues(source.wire());
        this.checkpoints = checkpoints;
        this.snapshot = BooksSnapshot.read(log, values, topics.trainingProgress());
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

        AttributionCheckpoints of(RecordedAttribution source, int partition) {
            return new AttributionCheckpoints(
                    directory,
                    source.log(),
                    source.topics().attributionCommits(),
                    AttributionPlace.beginning(application, partition, source.partitions(), settings));
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
        long examplesEnd = log.end(topics.trainingExamples(), 0);
        long batchesEnd = log.end(topics.miniBatches(), 0);
        List<String> rejections = new ArrayList<>();
        DeadLetters letters = new DeadLetters(log, topics, source.settings().placement(), rejections);
        auditEvents(letters, examplesEnd);
        long lost = lost(topics.trainingExamples(), 0, examplesEnd);
        ExampleLog examples = new ExampleLog();
        examples.read(log, values, topics.trainingExamples(), examplesEnd, findings);
        auditItems(letters, examples, lost);
        findings.faults(rejections);
        auditLearner(examples, lost + lost(topics.miniBatches(), 0, batchesEnd), batchesEnd);
        return findings.report();
    }

    private void auditEvents(DeadLetters letters, long examplesEnd) {
        UserStates states = new UserStates();
        log.readAll(
                topics.userFeatures(),
                record -> states.found(
                        Utf8.text(record.key()),
                        source.wire().decode(Topic.USER_FEATURES, record),
                        RecordAddress.of(record)));
        PartitionAudit.Shared shared = new PartitionAudit.Shared(
                source,
                checkpoints,
                snapshot,
                letters,
                states,
                findings,
                examplesEnd,
                log.end(topics.attributionCommits(), 0));
        int partitions = source.partitions();
        int audited = 0;
        Map<InputTopic, Totals> made = new EnumMap<>(InputTopic.class);
        for (int partition = 0; partition < partitions; partition++) {
            Optional<Map<String, Books.Account>> books = PartitionAudit.run(shared, partition);
            audited += books.isPresent() ? 1 : 0;
            for (InputTopic topic : AttributionCommit.TOPICS) {
                made.merge(
                        topic,
                        books.map(accounts -> Totals.of(Books.Account.of(topic, accounts)))
                                .orElse(Totals.NONE),
                        Totals::plus);
            }
        }
        if (audited == partitions) {
            made.forEach((topic, totals) -> findings.show(topic, snapshot.totals(topic), totals));
            findings.faults(states.faults(topics.userFeatures()));
        } else {
            findings.note("features of users: not compared, " + (partitions - audited) + " of " + partitions
                    + " partitions could not be replayed");
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

    /**
     * Each record of items is counted, and is a change in the topic of training examples, which gives them one order.
     *
     * @param lostExamples records that are gone from the beginning of that topic
     */
    private void auditItems(DeadLetters letters, ExampleLog examples, long lostExamples) {
        PossibleOutcomes outcomes = new PossibleOutcomes();
        Map<Change, Integer> missing = new HashMap<>();
        Map<Change, RecordAddress> first = new HashMap<>();
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
                    change(record).ifPresent(change -> {
                        missing.merge(change, 1, Integer::sum);
                        first.putIfAbsent(change, address);
                    });
                }
            });
        }
        if (lost > 0) {
            findings.note("changes of items: not checkable, " + lost + " records are gone from the beginning of "
                    + topics.items() + " or " + topics.trainingExamples());
            return;
        }
        Totals books = snapshot.totals(InputTopic.ITEMS);
        findings.compare(InputTopic.ITEMS, books, outcomes, outcomes.total());
        examples.changes().forEach(change -> missing.merge(change.content(), -1, Integer::sum));
        missing.values().removeIf(count -> count <= 0);
        findings.faults(missing.keySet().stream()
                .map(change -> "the change of the catalogue at " + first.get(change) + " is not in "
                        + topics.trainingExamples())
                .toList());
    }

    private static String outcome(TopicRecord record, Optional<String> rejected) {
        return rejected.map(Outcome.REJECTED::label)
                .orElse((record.value().isPresent() ? Outcome.APPLIED : Outcome.REMOVED).label());
    }

    private Optional<Change> change(TopicRecord record) {
        Optional<Change> change = record.value().isEmpty()
                ? Optional.of(new Change(Change.Kind.ITEM_REMOVAL, IdHash.of(record.key()), 0, 0))
                : record.value()
                        .flatMap(value -> values.decode(InputTopic.ITEMS, value))
                        .map(item -> Change.of(item, 0).content());
        if (change.isEmpty()) {
            findings.fault(RecordAddress.of(record) + " cannot be read, and is not in " + topics.deadLetters());
        }
        return change;
    }

    /** What the topics alone do not tell apart counts as one. */
    private static Totals ofLearner(Totals books) {
        return books.merged(
                        LearnerAudit.LEARNT_OR_REFUSED,
                        Outcome.LEARNT,
                        Outcome.REFUSED,
                        Outcome.WITHOUT_POSITIVES,
                        Outcome.BEFORE_START)
                .merged(LearnerAudit.LEFT_OUT, Outcome.REMOVED_ITEM, Outcome.ERASED);
    }

    /** @param lost records that are gone from the beginning of training examples or mini-batches */
    private void auditLearner(ExampleLog examples, long lost, long batchesEnd) {
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
        List<String> faults = new ArrayList<>();
        LearnerAudit audit =
                new LearnerAudit(examples, snapshot.position(topics.trainingExamples(), 0), topics, faults);
        log.read(topics.miniBatches(), 0, batchesEnd, record -> {
            Optional<PlainRecord> batch = record.value().flatMap(values::decode);
            if (batch.isEmpty()) {
                faults.add(RecordAddress.of(record) + " cannot be read");
            } else if (batch.get().integer("step", 0) <= step.get()) {
                audit.batch(batch.get(), record.offset());
            }
        });
        PossibleOutcomes outcomes = audit.end(step.get());
        findings.faults(faults);
        findings.compare(
                InputTopic.EXAMPLES, ofLearner(snapshot.totals(InputTopic.EXAMPLES)), outcomes, outcomes.total());
    }
}
