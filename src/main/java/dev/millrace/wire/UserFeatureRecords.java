package dev.millrace.wire;

import dev.millrace.avro.UserFeaturesRecord;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.Utf8;
import java.util.Optional;

/** The records of the topic user-features, keyed by user. Safe for threads. */
public final class UserFeatureRecords {

    private final AvroWire wire;

    public UserFeatureRecords(AvroWire wire) {
        this.wire = wire;
    }

    public byte[] encode(String topic, UserFeatures user) {
        return wire.encode(topic, ExampleCodec.toAvro(user));
    }

    /** The user that a record is about. */
    public String user(TopicRecord record) {
        return Utf8.text(record.key());
    }

    /** The features; absent if the user was removed. */
    public Optional<UserFeatures> decode(TopicRecord record) {
        return record.value().map(value -> wire.decode(UserFeaturesRecord.class, value, ExampleCodec::toCore));
    }
}
