package dev.millrace.wire;

import dev.millrace.avro.AccountRecord;
import dev.millrace.avro.AlarmRecord;
import dev.millrace.avro.ClickEvent;
import dev.millrace.avro.DigestRecord;
import dev.millrace.avro.ExampleRecord;
import dev.millrace.avro.ExposureEvent;
import dev.millrace.avro.FeatureColumn;
import dev.millrace.avro.FeatureValue;
import dev.millrace.avro.FeatureVector;
import dev.millrace.avro.GenerationRecord;
import dev.millrace.avro.ItemEmbeddingRecord;
import dev.millrace.avro.ItemEvent;
import dev.millrace.avro.ItemNeighboursRecord;
import dev.millrace.avro.ItemRemoval;
import dev.millrace.avro.LearnerRecord;
import dev.millrace.avro.MiniBatchRecord;
import dev.millrace.avro.ModelUpdateRecord;
import dev.millrace.avro.NeighbourRecord;
import dev.millrace.avro.OperatorActionRecord;
import dev.millrace.avro.ProgressRecord;
import dev.millrace.avro.RankingRecord;
import dev.millrace.avro.TrainingRecord;
import dev.millrace.avro.UserEvent;
import dev.millrace.avro.UserFeaturesRecord;
import dev.millrace.avro.UserRemoval;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.avro.Schema;
import org.apache.avro.data.TimeConversions;
import org.apache.avro.specific.SpecificData;
import org.apache.avro.specific.SpecificRecord;
import org.apache.avro.specific.SpecificRecordBase;
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
            GenerationRecord.getClassSchema(),
            OperatorActionRecord.getClassSchema());

    private static final Map<String, Class<? extends SpecificRecordBase>> BY_NAME = List.of(
                    AccountRecord.class,
                    AlarmRecord.class,
                    ClickEvent.class,
                    DigestRecord.class,
                    ExampleRecord.class,
                    ExposureEvent.class,
                    FeatureColumn.class,
                    FeatureValue.class,
                    FeatureVector.class,
                    GenerationRecord.class,
                    ItemEmbeddingRecord.class,
                    ItemEvent.class,
                    ItemNeighboursRecord.class,
                    ItemRemoval.class,
                    LearnerRecord.class,
                    MiniBatchRecord.class,
                    ModelUpdateRecord.class,
                    NeighbourRecord.class,
                    OperatorActionRecord.class,
                    ProgressRecord.class,
                    RankingRecord.class,
                    TrainingRecord.class,
                    UserEvent.class,
                    UserFeaturesRecord.class,
                    UserRemoval.class)
            .stream()
            .collect(Collectors.toUnmodifiableMap(Class::getName, Function.identity()));

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
