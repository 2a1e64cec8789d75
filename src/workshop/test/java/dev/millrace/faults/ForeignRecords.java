package dev.millrace.faults;

import dev.millrace.avro.ExposureEvent;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageEncoder;

/** Events as producers write them that have schemas, and mistakes, of their own: fields by name, then bytes. */
final class ForeignRecords {

    private static final Schema FEATURE =
            ExposureEvent.getClassSchema().getField("context").schema().getValueType();
    private static final Schema VECTOR = FEATURE.getField("value").schema().getTypes().stream()
            .filter(branch -> branch.getType() == Schema.Type.RECORD)
            .findFirst()
            .orElseThrow();

    private ForeignRecords() {}

    static Map<String, Object> fields(Exposure exposure) {
        return new TreeMap<>(Map.of(
                "exposure_id",
                exposure.id(),
                "user_id",
                exposure.user(),
                "item_id",
                exposure.item(),
                "time",
                exposure.time(),
                "produced_at",
                exposure.producedAt(),
                "context",
                features(exposure.context())));
    }

    static Map<String, Object> fields(Click click) {
        Map<String, Object> fields = new TreeMap<>(Map.of(
                "click_id",
                click.id(),
                "user_id",
                click.user(),
                "item_id",
                click.item(),
                "time",
                click.time(),
                "action",
                click.action(),
                "weight",
                click.weight(),
                "produced_at",
                click.producedAt(),
                "context",
                features(click.context())));
        click.exposure().ifPresent(exposure -> fields.put("exposure_id", exposure));
        return fields;
    }

    static Map<String, Object> fields(UserProfile profile) {
        return new TreeMap<>(
                Map.of("user_id", profile.user(), "time", profile.time(), "features", features(profile.features())));
    }

    static Map<String, Object> fields(CatalogueItem item) {
        return new TreeMap<>(
                Map.of("item_id", item.item(), "time", item.time(), "features", features(item.features())));
    }

    /** One feature, unchecked. */
    static GenericRecord number(double number) {
        return feature(number);
    }

    /** One feature, unchecked. */
    static GenericRecord vector(float... components) {
        return feature(dense(java.util.stream.IntStream.range(0, components.length)
                .mapToObj(at -> components[at])
                .toList()));
    }

    /**
     * Bytes in single-object encoding.
     *
     * @param fields by the schema's names; one that is not there has its default
     */
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

    private static GenericRecord dense(java.util.List<Float> components) {
        GenericRecord vector = new GenericData.Record(VECTOR);
        vector.put("components", components);
        return vector;
    }
}
