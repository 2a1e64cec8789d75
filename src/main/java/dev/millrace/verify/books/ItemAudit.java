package dev.millrace.verify.books;

import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import dev.millrace.state.Utf8;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The audit of the topic of items: each of its records is counted, and is a change in the topic of training examples. */
final class ItemAudit {

    private final CountedRecords records;
    private final BooksSnapshot snapshot;
    private final CountFindings findings;

    private final PossibleOutcomes outcomes = new PossibleOutcomes();
    private final Map<IdHash, Integer> changes = new HashMap<>();
    private final Map<IdHash, RecordAddress> first = new HashMap<>();

    ItemAudit(CountedRecords records, BooksSnapshot snapshot, CountFindings findings) {
        this.records = records;
        this.snapshot = snapshot;
        this.findings = findings;
    }

    void run(ExampleLog log) {
        long lost = log.lost();
        for (int partition = 0; partition < records.partitions(InputTopic.ITEMS); partition++) {
            lost += records.lost(InputTopic.ITEMS, partition);
            read(partition);
        }
        BookTotals books = snapshot.totals(InputTopic.ITEMS);
        long read = records.received(InputTopic.ITEMS);
        if (lost == 0) {
            findings.compare(InputTopic.ITEMS, books, outcomes, read);
            findings.faults(missingChanges(log));
        } else {
            findings.skip(InputTopic.ITEMS, books, read);
        }
    }

    private void read(int partition) {
        records.read(InputTopic.ITEMS, partition, List.of(outcomes), (record, value) -> {
            RecordAddress address = records.address(InputTopic.ITEMS, partition, record.offset());
            Outcome outcome = value.isPresent() ? Outcome.APPLIED : Outcome.REMOVED;
            outcomes.add(Set.of(outcome.label()), address);
            IdHash change =
                    value.map(ExampleLog::changeHash).orElseGet(() -> ExampleLog.removalHash(Utf8.text(record.key())));
            changes.merge(change, 1, Integer::sum);
            first.putIfAbsent(change, address);
        });
    }

    private List<String> missingChanges(ExampleLog log) {
        Map<IdHash, Integer> logged = new HashMap<>();
        log.changeHashes().forEach(change -> logged.merge(change, 1, Integer::sum));
        List<String> missing = new ArrayList<>();
        changes.forEach((change, count) -> {
            if (logged.getOrDefault(change, 0) < count) {
                missing.add("the change of the catalogue at " + first.get(change) + " is not in "
                        + records.name(InputTopic.EXAMPLES));
            }
        });
        return missing;
    }
}
