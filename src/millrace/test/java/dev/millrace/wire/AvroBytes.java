package dev.millrace.wire;

import dev.millrace.avro.ExposureEvent;
import dev.millrace.avro.FeatureVector;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.data.TimeConversions;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificDatumReader;
import org.apache.avro.specific.SpecificDatumWriter;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/** Values of Avro's own classes, for tests of what producers write: the rules of events are not checked. */
public final class AvroBytes {

    /** Knows our classes, which Avro itself does not trust. */
    private static final SpecificData OURS = new SpecificData() {
        @Override
        public @Nullable Class<?> getClass(Schema schema) {
            try {
                return schema.getType() == Schema.Type.RECORD
                        ? Class.forName(schema.getFullName())
                        : super.getClass(schema);
            } catch (ClassNotFoundException foreign) {
                return null;
            }
        }
    };

    static {
        OURS.addLogicalTypeConversion(new TimeConversions.TimestampMillisConversion());
    }

    private AvroBytes() {}

    public static byte[] encode(AvroWire wire, String topic, SpecificRecord value) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            BinaryEncoder encoder = EncoderFactory.get().directBinaryEncoder(bytes, null);
            new SpecificDatumWriter<>(value.getSchema(), OURS).write(value, encoder);
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
        return wire.encode(topic, value.getSchema(), fields -> fields.append(new RecordEncoder(bytes.toByteArray())));
    }

    public static <T extends SpecificRecord> T decode(AvroWire wire, Class<T> type, byte[] bytes) {
        Schema schema = OURS.getSchema(type);
        return wire.decode(
                schema, bytes, from -> type.cast(new SpecificDatumReader<>(schema, schema, OURS).read(null, from)));
    }

    static ExposureEvent exposure(String id, String user, String item, long time) {
        Instant at = Instant.ofEpochMilli(time);
        return new ExposureEvent(id, user, item, at, at, Map.of(), null, null, null);
    }

    static Map<String, dev.millrace.avro.FeatureValue> features(Features features) {
        Map<String, dev.millrace.avro.FeatureValue> values = new HashMap<>();
        features.values()
                .forEach((name, value) -> values.put(
                        name,
                        new dev.millrace.avro.FeatureValue(value.<Object>match(
                                FeatureValue.Category::value,
                                FeatureValue.Quantity::value,
                                FeatureValue.Bag::values,
                                dense -> new FeatureVector(dense.values())))));
        return values;
    }
}
