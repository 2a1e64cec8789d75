package dev.millrace.verify.books;

import dev.millrace.topic.TopicLog;
import dev.millrace.verify.books.LearnerAudit.Change;
import dev.millrace.wire.PlainRecord;
import dev.millrace.wire.PlainValues;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What the topic of training examples holds, in the order of its offsets. */
final class ExampleLog {

    /**
     * What an example is of. Examples that were made of one id again and again may have it in common.
     *
     * @param id hash of user, item, action and id of a click; of user, item and id of an exposure that was not clicked
     * @param time event time of the click or exposure
     */
    record Origin(IdHash id, long time) {

        static Origin ofClick(String user, String item, String action, String id, long time) {
            return new Origin(IdHash.of(user, item, action, id), time);
        }
    }

    /**
     * A training example as its topic has it.
     *
     * @param user hash of the user
     * @param item hash of the item
     * @param weight what it counts
     * @param time event time of the click, epoch milliseconds
     * @param offset in its topic
     * @param isPositive whether it is of a click
     */
    record LoggedExample(
            Origin origin, IdHash user, IdHash item, double weight, long time, long offset, boolean isPositive) {}

    private final List<LoggedExample> examples = new ArrayList<>();
    private final List<Change> changes = new ArrayList<>();

    /** Reads the topic up to an offset. */
    void read(TopicLog log, PlainValues values, String topic, long end, CountReport.Findings findings) {
        log.read(topic, 0, end, record -> {
            Optional<PlainRecord> entry = record.value().flatMap(values::decode).flatMap(of -> of.record("entry"));
            entry.ifPresentOrElse(
                    of -> add(of, record.offset()),
                    () -> findings.fault(new RecordAddress(topic, 0, record.offset()) + " cannot be read"));
        });
    }

    /** Takes the next entry. */
    void add(PlainRecord entry, long offset) {
        if (entry.is("ExampleRecord")) {
            examples.add(example(entry, offset));
        } else {
            changes.add(Change.of(entry, offset));
        }
    }

    List<LoggedExample> examples() {
        return examples;
    }

    /** Changes of the catalogue, and removals of users. */
    List<Change> changes() {
        return changes;
    }

    private static PlainRecord features(PlainRecord entry) {
        return entry.record("user").orElse(entry);
    }

    private static String user(PlainRecord entry) {
        return features(entry).text("user_id", "");
    }

    private static LoggedExample example(PlainRecord entry, long offset) {
        String user = user(entry);
        String item = entry.text("item_id", "");
        String id = entry.text("example_id", "");
        long time = entry.integer("time", 0);
        boolean isPositive = !entry.field("clicked").equals(Optional.of(false));
        return new LoggedExample(
                isPositive
                        ? Origin.ofClick(user, item, entry.text("action", ""), id, time)
                        : new Origin(IdHash.of(user, item, id), features(entry).integer("time", 0)),
                IdHash.of(user),
                IdHash.of(item),
                entry.number("weight", 1),
                time,
                offset,
                isPositive);
    }
}
