package dev.millrace.verify.books;

import dev.millrace.topic.TopicLog;
import dev.millrace.wire.PlainRecord;
import dev.millrace.wire.PlainValues;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the topic of training examples holds, in the order of its offsets.
 *
 * @param changes of the catalogue, and removals of users
 * @param changeHashes of the changes
 * @param lost records that are gone from its beginning
 */
record ExampleLog(
        List<LoggedExample> examples, List<LearnerAudit.Change> changes, List<IdHash> changeHashes, long lost) {

    /** Reads the topic up to an offset. */
    static ExampleLog read(
            TopicLog log, PlainValues values, String topic, long end, long lost, CountFindings findings) {
        ExampleLog read = new ExampleLog(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), lost);
        Map<String, String> actions = new HashMap<>(); // one text for all that are equal: there are few
        log.read(topic, 0, end, record -> {
            Optional<PlainRecord> entry = record.value().flatMap(values::decode).flatMap(of -> of.record("entry"));
            if (entry.isEmpty()) {
                findings.fault(new RecordAddress(topic, 0, record.offset()) + " cannot be read");
            } else if (entry.get().is("ExampleRecord")) {
                read.examples.add(LoggedExample.of(entry.get(), record.offset(), read.examples.size(), actions));
            } else {
                read.changes.add(LearnerAudit.Change.of(entry.get(), record.offset()));
                read.changeHashes.add(changeHash(entry.get()));
            }
        });
        return read;
    }

    /** Examples of clicks, by user and id of the click. */
    Map<IdHash, List<LoggedExample>> byClick() {
        return byOrigin(true);
    }

    /** Examples of exposures that were not clicked, by user, item and id of the exposure. */
    Map<IdHash, List<LoggedExample>> byExposure() {
        return byOrigin(false);
    }

    private Map<IdHash, List<LoggedExample>> byOrigin(boolean isPositive) {
        Map<IdHash, List<LoggedExample>> byOrigin = new HashMap<>();
        examples.stream()
                .filter(example -> example.isPositive() == isPositive)
                .forEach(example -> byOrigin.computeIfAbsent(example.origin(), origin -> new ArrayList<>(1))
                        .add(example));
        return byOrigin;
    }

    /** Hash of what tells a change of the catalogue from others; a tombstone has no time of its own. */
    static IdHash changeHash(PlainRecord entry) {
        String item = entry.text("item_id", "");
        return entry.is("ItemRemoval")
                ? removalHash(item)
                : IdHash.of("item", item, Long.toString(entry.integer("time", 0)));
    }

    /** Hash of the removal of an item. */
    static IdHash removalHash(String item) {
        return IdHash.of("removal", item);
    }
}
