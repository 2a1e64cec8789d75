package dev.millrace.verify.books;

import dev.millrace.attribute.AttributionSettings;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import dev.millrace.topic.TopicLog;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.PlainRecord;
import dev.millrace.wire.PlainValues;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

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
     * Layout. ExampleLog holds what the topic of training examples holds. CountedRecords reads the input topics. EventAudit
     * joins exposures and clicks anew (OfflineJoin), ItemAudit and LearnerAudit follow the catalogue and the mini-batches.
     * CountFindings is the report while it is written.
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
    private final CountFindings findings = new CountFindings();

    private CountAudit(TopicLog log, PlainValues values, TopicNames topics, AttributionSettings settings) {
        this.log = log;
        this.values = values;
        this.topics = topics;
        this.settings = settings;
    }

    /**
     * Audits the counts of all topics.
     *
     * @param settings those that the trainer runs with
     */
    public static CountReport run(TopicLog log, PlainValues values, TopicNames topics, AttributionSettings settings) {
        return new CountAudit(log, values, topics, settings).run();
    }

    private CountReport run() {
        BooksSnapshot snapshot = BooksSnapshot.read(log, values, topics.trainingProgress());
        snapshot.faults().forEach(findings::fault);
        if (snapshot.parts().isEmpty()) {
            findings.note("no part has written any books yet");
        }
        long examplesEnd = log.end(topics.trainingExamples(), 0);
        long batchesEnd = log.end(topics.miniBatches(), 0);
        List<Long> lettersEnds = ends(topics.deadLetters());

        DeadLetters letters = DeadLetters.read(
                log,
                topics.deadLetters(),
                lettersEnds,
                Set.of(topics.exposures(), topics.clicks(), topics.users(), topics.items()),
                findings);
        CountedRecords records =
                new CountedRecords(log, values, topics, snapshot, letters, settings.placement(), findings);
        ExampleLog examples = ExampleLog.read(
                log,
                values,
                topics.trainingExamples(),
                examplesEnd,
                records.lost(InputTopic.EXAMPLES, 0, examplesEnd),
                settings.caps(),
                findings);
        new EventAudit(records, settings, snapshot, findings).run(examples);
        new ItemAudit(records, snapshot, findings).run(examples);
        auditLearner(records, snapshot, examples, batchesEnd);
        return findings.report();
    }

    private void auditLearner(CountedRecords records, BooksSnapshot snapshot, ExampleLog examples, long batchesEnd) {
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
        LearnerAudit audit = new LearnerAudit(
                examples.examples(),
                examples.changes(),
                snapshot.position(topics.trainingExamples(), 0),
                topics.trainingExamples(),
                topics.miniBatches(),
                faults);
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
                InputTopic.EXAMPLES, learnerTotals(snapshot.totals(InputTopic.EXAMPLES)), outcomes, outcomes.total());
    }

    /** The learner's totals with one count for the outcomes that the topics alone do not tell apart. */
    private static BookTotals learnerTotals(BookTotals totals) {
        return totals.merged(
                        LearnerAudit.LEARNT_OR_REFUSED,
                        Outcome.LEARNT,
                        Outcome.REFUSED,
                        Outcome.WITHOUT_POSITIVES,
                        Outcome.BEFORE_START)
                .merged(LearnerAudit.LEFT_OUT, Outcome.REMOVED_ITEM, Outcome.ERASED);
    }

    private List<Long> ends(String topic) {
        List<Long> ends = new ArrayList<>();
        for (int partition = 0; partition < log.partitions(topic); partition++) {
            ends.add(log.end(topic, partition));
        }
        return ends;
    }
}
