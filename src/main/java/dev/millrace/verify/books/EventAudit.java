package dev.millrace.verify.books;

import dev.millrace.attribute.AttributionSettings;
import dev.millrace.state.InputTopic;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/**
 * The audit of exposures, clicks and users.
 *
 * <p>Each partition is joined twice: as if both topics had been read side by side, and as if one may have been read far ahead of the
 * other. The first explains nearly every run and bounds event time more narrowly. The second counts only if the first does not
 * explain the books.
 */
final class EventAudit {

    private final CountedRecords records;
    private final AttributionSettings settings;
    private final BooksSnapshot snapshot;
    private final CountFindings findings;

    private final JoinVerdicts even = new JoinVerdicts();
    private final JoinVerdicts led = new JoinVerdicts();
    private final PossibleOutcomes users = new PossibleOutcomes();
    private final BitSet explained = new BitSet();

    EventAudit(CountedRecords records, AttributionSettings settings, BooksSnapshot snapshot, CountFindings findings) {
        this.records = records;
        this.settings = settings;
        this.snapshot = snapshot;
        this.findings = findings;
    }

    void run(ExampleLog log) {
        long lost = log.lost();
        JoinInput.Examples examples = new JoinInput.Examples(log.byClick(), log.byExposure(), log.amounts());
        for (int partition = 0; partition < records.partitions(InputTopic.CLICKS); partition++) {
            lost += records.lost(InputTopic.EXPOSURES, partition)
                    + records.lost(InputTopic.CLICKS, partition)
                    + records.lost(InputTopic.USERS, partition);
            join(partition, examples);
        }
        explained.or(even.explained());
        explained.or(led.explained());
        report(log, lost);
    }

    private void join(int partition, JoinInput.Examples examples) {
        UserPartition read = new UserPartition(records, settings, partition);
        read.read(List.of(even, led), users);
        read.explainUncounted(examples, explained);
        JoinInput.Topics topics = new JoinInput.Topics(
                records.name(InputTopic.EXPOSURES),
                records.name(InputTopic.CLICKS),
                records.name(InputTopic.EXAMPLES),
                partition);
        OfflineJoin.run(new JoinInput(settings, read.times(false), read.events(), examples, topics), even);
        OfflineJoin.run(new JoinInput(settings, read.times(true), read.events(), examples, topics), led);
    }

    private void report(ExampleLog log, long lost) {
        BookTotals exposures = snapshot.totals(InputTopic.EXPOSURES);
        BookTotals clicks = snapshot.totals(InputTopic.CLICKS);
        boolean isEven = even.explain(exposures, clicks);
        JoinVerdicts verdicts = isEven ? even : led;
        if (!isEven && led.explain(exposures, clicks)) {
            findings.note("explained only if one of exposures and clicks was read more than attribution.max-skew, "
                    + settings.maxSkew() + ", ahead of the other");
        }
        if (lost == 0) {
            findings.faults(verdicts.faults().stream().map(JoinFault::text).toList());
            findings.faults(unexplained(log));
        } else {
            findings.note("outcomes of exposures and clicks, and which example has no click: not checkable, " + lost
                    + " records are gone from the beginning of their topics");
            findings.faults(verdicts.faults().stream()
                    .filter(fault -> fault.kind().holdsWithoutTheBeginning())
                    .map(JoinFault::text)
                    .toList());
        }
        compare(InputTopic.EXPOSURES, verdicts.exposures(), lost);
        compare(InputTopic.CLICKS, verdicts.clicks(), lost);
        compare(InputTopic.USERS, users, lost);
    }

    private void compare(InputTopic topic, PossibleOutcomes recomputed, long lost) {
        BookTotals books = snapshot.totals(topic);
        long read = records.received(topic);
        if (lost == 0) {
            findings.compare(topic, books, recomputed, read);
        } else {
            findings.skip(topic, books, read);
        }
    }

    private List<String> unexplained(ExampleLog log) {
        List<String> found = new ArrayList<>();
        for (LoggedExample example : log.examples()) {
            if (!explained.get(example.number())) {
                found.add("the example at " + records.address(InputTopic.EXAMPLES, 0, example.offset())
                        + (example.isPositive()
                                ? " is of no click that " + records.name(InputTopic.CLICKS) + " holds"
                                : " is of no exposure that " + records.name(InputTopic.EXPOSURES)
                                        + " holds and that is sampled"));
            }
        }
        return found;
    }
}
