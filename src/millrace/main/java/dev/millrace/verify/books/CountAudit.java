package dev.millrace.verify.books;

import dev.millrace.attribute.AttributionSettings;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import dev.millrace.state.Utf8;
import dev.millrace.topic.TopicLog;
import dev.millrace.topic.TopicNames;
import dev.millrace.verify.books.ExampleLog.LoggedExample;
import dev.millrace.verify.books.ExampleLog.Origin;
import dev.millrace.verify.books.LearnerAudit.Change;
import dev.millrace.wire.PlainRecord;
import dev.millrace.wire.PlainValues;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Recomputes the books from the topics. The trainer may be running meanwhile. */
public final class CountAudit {

    /*
     * What is audited. The state that each part last wrote to `training-progress`: its counts, and the position up to which it
     * has counted each input partition. The audit counts the same records again and compares.
     *
     * Order. First the snapshot of the books; then the ends of the topics that the parts write. What a part wrote in the
     * transactions of its books lies before those ends. The topics are then read from their beginning to the ends, or to the
     * positions. Clicks and exposures behind the positions are read only to know whose examples are in the topic already.
     *
     * Layout. ExampleLog holds what the topic of training examples holds. CountedRecords reads the input topics. OfflineJoin
     * joins the exposures and clicks of a UserPartition anew; LearnerAudit follows the mini-batches.
     *
     * Two joins. Each partition is joined twice: as if both topics had been read side by side, and as if one may have been read far
     * ahead of the other. The first explains nearly every run and bounds event time more narrowly. The second counts only if the
     * first does not explain the books.
     *
     * Invariant. Each record that the books count is added once to the outcomes of its topic.
     *
     * Memory. All training examples, and the events of one partition of users at a time, without features; ids as hashes of
     * 16 bytes. Cost. One pass over each topic, and the join. One thread.
     */
    private final TopicLog log;
    private final PlainValues values;
    private final TopicNames topics;
    private final AttributionSettings settings;
    private final CountReport.Findings findings = new CountReport.Findings();
    private final BooksSnapshot snapshot;
    private final CountedRecords records;

    private CountAudit(
            TopicLog log,
            PlainValues values,
            TopicNames topics,
            AttributionSettings settings,
            ExperimentReference.Lookup experiments) {
        this.log = log;
        this.values = values;
        this.topics = topics;
        this.settings = settings;
        this.snapshot = BooksSnapshot.read(log, values, topics.trainingProgress());
        this.records = new CountedRecords(log, values, topics, snapshot, settings.placement(), experiments, findings);
    }

    /**
     * Audits the counts of all topics.
     *
     * @param settings those that the trainer runs with
     * @param experiments finds the states that events refer to
     */
    public static CountReport run(
            TopicLog log,
            PlainValues values,
            TopicNames topics,
            AttributionSettings settings,
            ExperimentReference.Lookup experiments) {
        return new CountAudit(log, values, topics, settings, experiments).run();
    }

    private CountReport run() {
        snapshot.faults().forEach(findings::fault);
        if (snapshot.parts().isEmpty()) {
            findings.note("no part has written any books yet");
        }
        long examplesEnd = log.end(topics.trainingExamples(), 0);
        long batchesEnd = log.end(topics.miniBatches(), 0);
        records.readLetters();
        long lost = records.lost(InputTopic.EXAMPLES, 0, examplesEnd);
        ExampleLog examples = new ExampleLog(settings.caps(), lost);
        examples.read(log, values, topics.trainingExamples(), examplesEnd, findings);
        auditEvents(examples);
        auditItems(examples);
        auditLearner(examples, batchesEnd);
        return findings.report();
    }

    private void auditEvents(ExampleLog examples) {
        OfflineJoin.Verdicts even = new OfflineJoin.Verdicts();
        OfflineJoin.Verdicts led = new OfflineJoin.Verdicts();
        PossibleOutcomes users = new PossibleOutcomes();
        BitSet explained = new BitSet();
        Map<Origin, List<LoggedExample>> byOrigin = examples.byOrigin();
        long lost = examples.lost()
                + records.lost(InputTopic.EXPOSURES)
                + records.lost(InputTopic.CLICKS)
                + records.lost(InputTopic.USERS);
        for (int number = 0; number < records.partitions(InputTopic.CLICKS); number++) {
            UserPartition partition = new UserPartition(settings, topics, number);
            partition.read(records, List.of(even, led), users);
            partition.explainUncounted(records, byOrigin, explained);
            new OfflineJoin(partition, byOrigin, examples.amounts(), partition.times(false), even).run();
            new OfflineJoin(partition, byOrigin, examples.amounts(), partition.times(true), led).run();
        }
        explained.or(even.explained());
        explained.or(led.explained());

        BooksSnapshot.Totals exposures = snapshot.totals(InputTopic.EXPOSURES);
        BooksSnapshot.Totals clicks = snapshot.totals(InputTopic.CLICKS);
        boolean isEven = even.explain(exposures, clicks);
        OfflineJoin.Verdicts verdicts = isEven ? even : led;
        if (!isEven && led.explain(exposures, clicks)) {
            findings.note("explained only if one of exposures and clicks was read more than attribution.max-skew, "
                    + settings.maxSkew() + ", ahead of the other");
        }
        findings.faults(verdicts.secondExamples());
        if (lost == 0) {
            findings.faults(verdicts.faults());
            findings.faults(unexplained(examples, explained));
        } else {
            findings.note("outcomes of exposures and clicks, and which example has no click: not checkable, " + lost
                    + " records are gone from the beginning of their topics");
        }
        if (lost == 0) {
            verdicts.experiments().forEach(this::auditExperiment);
        }
        compare(InputTopic.EXPOSURES, verdicts.exposures(), lost);
        compare(InputTopic.CLICKS, verdicts.clicks(), lost);
        compare(InputTopic.USERS, users, lost);
    }

    /** The sums that a part has of the latest experiment are those of its partition. */
    private void auditExperiment(int partition, ExperimentRecount recount) {
        Optional<PlainRecord> part = snapshot.counting(topics.clicks(), partition)
                .or(() -> snapshot.counting(topics.exposures(), partition));
        SortedMap<String, Long> told = new TreeMap<>();
        part.map(one -> one.map("experiment_sums"))
                .orElse(Map.of())
                .forEach((name, sum) -> told.put(String.valueOf(name), ((Number) sum).longValue()));
        findings.compareExperiment(partition, told, recount);
    }

    private List<String> unexplained(ExampleLog examples, BitSet explained) {
        return examples.examples().stream()
                .filter(example -> !explained.get(example.number()))
                .map(example -> "the example at "
                        + new RecordAddress(topics.trainingExamples(), 0, example.offset())
                        + (example.isPositive()
                                ? " is of no click that " + topics.clicks() + " holds"
                                : " is of no exposure that " + topics.exposures() + " holds and that is sampled"))
                .toList();
    }

    /** Each record of items is counted, and is a change in the topic of training examples, which gives them one order. */
    private void auditItems(ExampleLog examples) {
        PossibleOutcomes outcomes = new PossibleOutcomes();
        Map<Change, Integer> missing = new HashMap<>();
        Map<Change, RecordAddress> first = new HashMap<>();
        for (int partition = 0; partition < records.partitions(InputTopic.ITEMS); partition++) {
            records.read(InputTopic.ITEMS, partition, List.of(outcomes), (record, value) -> {
                RecordAddress address = new RecordAddress(topics.items(), record.partition(), record.offset());
                Outcome outcome = value.isPresent() ? Outcome.APPLIED : Outcome.REMOVED;
                outcomes.add(Set.of(outcome.label()), address);
                Change change = value.map(item -> Change.of(item, 0))
                        .orElseGet(() -> new Change(Change.Kind.ITEM_REMOVAL, IdHash.of(Utf8.text(record.key())), 0, 0))
                        .content();
                missing.merge(change, 1, Integer::sum);
                first.putIfAbsent(change, address);
            });
        }
        long lost = examples.lost() + records.lost(InputTopic.ITEMS);
        compare(InputTopic.ITEMS, outcomes, lost);
        if (lost == 0) {
            examples.changes().forEach(change -> missing.merge(change.content(), -1, Integer::sum));
            missing.values().removeIf(count -> count <= 0);
            findings.faults(missing.keySet().stream()
                    .map(change -> "the change of the catalogue at " + first.get(change) + " is not in "
                            + topics.trainingExamples())
                    .toList());
        }
    }

    /** What the topics alone do not tell apart counts as one. */
    private static BooksSnapshot.Totals ofLearner(BooksSnapshot.Totals books) {
        return books.merged(
                        LearnerAudit.LEARNT_OR_REFUSED,
                        Outcome.LEARNT,
                        Outcome.REFUSED,
                        Outcome.WITHOUT_POSITIVES,
                        Outcome.BEFORE_START)
                .merged(LearnerAudit.LEFT_OUT, Outcome.REMOVED_ITEM, Outcome.ERASED);
    }

    private void auditLearner(ExampleLog examples, long batchesEnd) {
        Optional<Long> step = snapshot.learnerStep();
        if (step.isEmpty()) {
            findings.note("no learner of training examples has written books yet");
            return;
        }
        long lost = examples.lost() + records.lost(InputTopic.BATCHES, 0, batchesEnd);
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
                faults.add(new RecordAddress(topics.miniBatches(), 0, record.offset()) + " cannot be read");
            } else if (batch.get().integer("step", 0) <= step.get()) {
                audit.batch(batch.get(), record.offset());
            }
        });
        PossibleOutcomes outcomes = audit.end(step.get());
        findings.faults(faults);
        findings.compare(
                InputTopic.EXAMPLES, ofLearner(snapshot.totals(InputTopic.EXAMPLES)), outcomes, outcomes.total());
    }

    private void compare(InputTopic topic, PossibleOutcomes recomputed, long lost) {
        BooksSnapshot.Totals books = snapshot.totals(topic);
        long read = records.received(topic);
        if (lost == 0) {
            findings.compare(topic, books, recomputed, read);
        } else {
            findings.note(
                    topic.label() + ": the books have " + books.received() + " received, " + read + " are still there");
        }
    }
}
