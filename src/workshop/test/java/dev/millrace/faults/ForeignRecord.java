package dev.millrace.faults;

import dev.millrace.avro.ClickEvent;
import dev.millrace.avro.ExposureEvent;
import dev.millrace.avro.ItemEvent;
import dev.millrace.avro.UserEvent;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.replay.ReplayEvent;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageEncoder;

/**
 * An event as producers write it that have schemas, and mistakes, of their own.
 *
 * @param schema ours
 * @param fields by the schema's names; one that is not there has its default
 */
record ForeignRecord(String topic, Schema schema, Map<String, Object> fields) {
    private static final Schema FEATURE =
            ExposureEvent.getClassSchema().getField("context").schema().getValueType();
    private static final Schema VECTOR = FEATURE.getField("value").schema().getTypes().stream()
            .filter(branch -> branch.getType() == Schema.Type.RECORD)
            .findFirst()
            .orElseThrow();

    static ForeignRecord of(ReplayEvent event) {
        return event instanceof ReplayEvent.ItemExposure exposure
                ? of(exposure.exposure())
                : event instanceof ReplayEvent.ItemClick click
                        ? of(click.click())
                        : of(((ReplayEvent.ProfileUpdate) event).profile());
    }

    static ForeignRecord of(Exposure exposure) {
        Map<String, Object> fields = interaction(exposure.user(), exposure.item(), exposure.time(), exposure.context());
        fields.put("exposure_id", exposure.id());
        fields.put("produced_at", exposure.producedAt());
        return new ForeignRecord("exposures", ExposureEvent.getClassSchema(), fields);
    }

    static ForeignRecord of(Click click) {
        Map<String, Object> fields = interaction(click.user(), click.item(), click.time(), click.context());
        fields.put("click_id", click.id());
        fields.put("produced_at", click.producedAt());
        fields.put("action", click.action());
        fields.put("weight", click.weight());
        click.exposure().ifPresent(exposure -> fields.put("exposure_id", exposure));
        return new ForeignRecord("clicks", ClickEvent.getClassSchema(), fields);
    }

    private static Map<String, Object> interaction(String user, String item, long time, Features context) {
        return new TreeMap<>(Map.of("user_id", user, "item_id", item, "time", time, "context", features(context)));
    }

    static ForeignRecord of(UserProfile profile) {
        return new ForeignRecord(
                "users",
                UserEvent.getClassSchema(),
                Map.of("user_id", profile.user(), "time", profile.time(), "features", features(profile.features())));
    }

    static ForeignRecord of(CatalogueItem item) {
        return new ForeignRecord(
                "items",
                ItemEvent.getClassSchema(),
                Map.of("item_id", item.item(), "time", item.time(), "features", features(item.features())));
    }

    /** Returns a text or a number of it. */
    <T> T field(String name, Class<T> type) {
        return Optional.ofNullable(fields.get(name)).map(type::cast).orElseThrow();
    }

    ForeignRecord with(String name, Object value) {
        Map<String, Object> changed = new TreeMap<>(fields);
        changed.put(name, value);
        return new ForeignRecord(topic, schema, changed);
    }

    /** One feature, unchecked. */
    static GenericRecord number(double number) {
        return feature(number);
    }

    /** One feature, unchecked. */
    static GenericRecord vector(Float... components) {
        return feature(dense(List.of(components)));
    }

    byte[] written() {
        return written(schema, fields);
    }

    /** Bytes in single-object encoding. */
    static byte[] written(Schema schema, Map<String, Object> fields) {
        GenericRecord record = new GenericData.Record(schema);
        for (Schema.Field field : schema.getFields()) {
            record.put(
                    field.pos(),
                    fields.containsKey(field.name())
                            ? fields.get(field.name())
                            : GenericData.get().getDefaultValue(field));
        }
        try {
            ByteBuffer encoded = new BinaryMessageEncoder<GenericRecord>(new GenericData(), schema).encode(record);
            byte[] bytes = new byte[encoded.remaining()];
            encoded.get(bytes);
            return bytes;
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    private static Map<String, Object> features(Features features) {
        Map<String, Object> values = new HashMap<>();
        features.values().forEach((name, value) -> values.put(name, feature(union(value))));
        return values;
    }

    private static Object union(FeatureValue value) {
        return value.match(
                FeatureValue.Category::value,
                FeatureValue.Quantity::value,
                FeatureValue.Bag::values,
                dense -> dense(dense.values()));
    }

    private static GenericRecord feature(Object value) {
        GenericRecord feature = new GenericData.Record(FEATURE);
        feature.put("value", value);
        return feature;
    }

    private static GenericRecord dense(List<Float> components) {
        GenericRecord vector = new GenericData.Record(VECTOR);
        vector.put("components", components);
        return vector;
    }
}
