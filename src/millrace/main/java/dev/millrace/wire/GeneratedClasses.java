package dev.millrace.wire;

import dev.millrace.avro.AnswerRecord;
import dev.millrace.avro.AttributionCommitRecord;
import dev.millrace.avro.ClickEvent;
import dev.millrace.avro.ExposureEvent;
import dev.millrace.avro.GenerationRecord;
import dev.millrace.avro.ItemEmbeddingRecord;
import dev.millrace.avro.ItemEvent;
import dev.millrace.avro.ItemNeighboursRecord;
import dev.millrace.avro.MiniBatchRecord;
import dev.millrace.avro.ModelUpdateRecord;
import dev.millrace.avro.OperatorActionRecord;
import dev.millrace.avro.ProgressRecord;
import dev.millrace.avro.ServingRecord;
import dev.millrace.avro.TrainingRecord;
import dev.millrace.avro.UserEvent;
import dev.millrace.avro.UserFeaturesRecord;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.data.TimeConversions;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.jspecify.annotations.Nullable;

/**
 * The generated classes by the name of their schema: the only classes that a record can become.
 *
 * <p>Without this, Avro would load whatever class a schema names.
 */
final class GeneratedClasses extends SpecificData {

    /** Schemas of the topics' values. */
    static final List<Schema> TOPIC_SCHEMAS = List.of(
            ExposureEvent.getClassSchema(),
            ClickEvent.getClassSchema(),
            UserEvent.getClassSchema(),
            ItemEvent.getClassSchema(),
            TrainingRecord.getClassSchema(),
            MiniBatchRecord.getClassSchema(),
            ItemEmbeddingRecord.getClassSchema(),
            UserFeaturesRecord.getClassSchema(),
            ModelUpdateRecord.getClassSchema(),
            ItemNeighboursRecord.getClassSchema(),
            ProgressRecord.getClassSchema(),
            ServingRecord.getClassSchema(),
            GenerationRecord.getClassSchema(),
            OperatorActionRecord.getClassSchema(),
            AnswerRecord.getClassSchema(),
            AttributionCommitRecord.getClassSchema());

    private static final Map<String, Class<?>> BY_NAME = new HashMap<>();

    static {
        TOPIC_SCHEMAS.forEach(GeneratedClasses::add);
    }

    private static void add(Schema schema) {
        switch (schema.getType()) {
            case RECORD -> {
                if (!BY_NAME.containsKey(schema.getFullName())) {
                    BY_NAME.put(schema.getFullName(), generated(schema));
                    schema.getFields().forEach(field -> add(field.schema()));
                }
            }
            case ARRAY -> add(schema.getElementType());
            case MAP -> add(schema.getValueType());
            case UNION -> schema.getTypes().forEach(GeneratedClasses::add);
            default -> {
                // has no records within
            }
        }
    }

    private static Class<?> generated(Schema schema) {
        try {
            return Class.forName(schema.getFullName());
        } catch (ClassNotFoundException absent) {
            throw new IllegalStateException("a record of our schemas has no generated class", absent);
        }
    }

    GeneratedClasses() {
        addLogicalTypeConversion(new TimeConversions.TimestampMillisConversion());
    }

    /** The schema of a generated class. */
    Schema schemaOf(Class<? extends SpecificRecord> type) {
        return getSchema(type);
    }

    @Override
    public @Nullable Class<?> getClass(Schema schema) {
        return switch (schema.getType()) {
            case RECORD -> BY_NAME.get(schema.getFullName());
            case FIXED, ENUM -> null; // our schemas have none
            default -> super.getClass(schema);
        };
    }
}
