package dev.millrace.wire;

import dev.millrace.avro.UserFeaturesRecord;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.Utf8;
import java.util.Optional;

/** Reads the records of the topic user-features. */
public final class UserFeatureRecords {

    private final AvroWire wire;

    public UserFeatureRecords(AvroWire wire) {
        this.wire = wire;
    }

    /** Whose it is. */
    public String user(TopicRecord record) {
        return Utf8.text(record.key());
    }

    /** The features; absent when the user was forgotten. */
    public Optional<UserFeatures> decode(TopicRecord record) {
        return record.value().map(value -> ExampleCodec.toCore(wire.decode(UserFeaturesRecord.class, value)));
    }
}
