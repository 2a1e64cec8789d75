package dev.millrace.stream;

import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.event.RejectReason;
import dev.millrace.event.UnusableEventException;
import dev.millrace.event.UserProfile;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Utf8;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.EventRecords;
import dev.millrace.wire.ExperimentHeader;
import dev.millrace.wire.UndecodableException;
import java.util.Arrays;
import java.util.Optional;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.streams.processor.api.Record;
import org.jspecify.annotations.Nullable;

/**
 * Reads producers' records as events.
 *
 * <p>A record that is no event throws {@link UndecodableException} or {@link UnusableEventException}. The key must be the id that
 * the event is partitioned by: a click with another key would come to a task that does not know its user.
 */
final class EventReader {

    private final EventRecords records;

    EventReader(AvroWire wire) {
        records = new EventRecords(wire);
    }

    Exposure exposure(Record<byte[], byte[]> record) {
        Exposure exposure = records.exposure(value(record, "ExposureEvent"));
        return keyed(record, exposure.user(), exposure);
    }

    /** Returns whether a record refers to a state of an experiment, and is no event. */
    static boolean isExperiment(InputTopic topic, Record<byte[], byte[]> record) {
        byte @Nullable [] key = record.key();
        return ExperimentHeader.IN.contains(topic) && isTombstone(record) && key != null && ExperimentHeader.isKey(key);
    }

    /** A state of an experiment, with what refers to it. */
    record OrderedState(ExperimentReference reference, Experiment state) {}

    /** The state that a record refers to. One that did not take effect is unusable: anybody who may produce events can write such a record. */
    OrderedState experiment(Record<byte[], byte[]> record, ExperimentReference.Lookup states) {
        @Nullable Header header = record.headers().lastHeader(ExperimentHeader.NAME);
        if (header == null || header.value() == null) {
            throw new UndecodableException(RejectReason.UNDECODABLE, "there is no header " + ExperimentHeader.NAME);
        }
        ExperimentReference reference = ExperimentHeader.decode(header.value());
        return states.find(reference)
                .map(state -> new OrderedState(reference, state))
                .orElseThrow(() -> new UnusableEventException(
                        RejectReason.UNKNOWN_EXPERIMENT,
                        reference.text(),
                        "must be the offset and the digest of a state of an experiment that took effect"));
    }

    Click click(Record<byte[], byte[]> record) {
        Click click = records.click(value(record, "ClickEvent"));
        return keyed(record, click.user(), click);
    }

    UserProfile profile(Record<byte[], byte[]> record) {
        UserProfile profile = records.profile(value(record, "UserEvent"));
        return keyed(record, profile.user(), profile);
    }

    /** The user of a tombstone. */
    String removedUser(Record<byte[], byte[]> record) {
        return new UserProfile(key(record), record.timestamp(), Features.NONE).user(); // checks the id
    }

    /** The change of an item; a tombstone removes it. */
    CatalogueChange change(Record<byte[], byte[]> record) {
        if (isTombstone(record)) {
            CatalogueItem gone = new CatalogueItem(key(record), record.timestamp(), Features.NONE); // checks the id
            return new CatalogueChange.Removal(gone.item(), gone.time());
        }
        CatalogueItem item = records.item(value(record, "ItemEvent"));
        return keyed(record, item.item(), new CatalogueChange.Upsert(item));
    }

    static boolean isTombstone(Record<byte[], byte[]> record) {
        return Optional.ofNullable(record.value()).isEmpty();
    }

    private static byte[] value(Record<byte[], byte[]> record, String type) {
        byte @Nullable [] value = record.value();
        if (value == null) {
            throw new UndecodableException(RejectReason.NULL_VALUE, "expected a " + type + ", found no value");
        }
        return value;
    }

    private static String key(Record<byte[], byte[]> record) {
        byte @Nullable [] key = record.key();
        if (key == null) {
            throw new UnusableEventException(
                    RejectReason.BAD_KEY, "null", "must be the id of what is removed, in UTF-8");
        }
        return Utf8.text(key);
    }

    private static <T> T keyed(Record<byte[], byte[]> record, String id, T event) {
        byte @Nullable [] key = record.key();
        if (key == null || !Arrays.equals(key, Utf8.bytes(id))) {
            throw new UnusableEventException(
                    RejectReason.BAD_KEY,
                    key == null ? "null" : key.length + " other bytes",
                    "must be the id that the event is partitioned by, in UTF-8");
        }
        return event;
    }
}
