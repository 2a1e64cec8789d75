package dev.millrace.wire;

import static dev.millrace.wire.FeatureCodec.instant;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.avro.ExampleRecord;
import dev.millrace.avro.ItemEvent;
import dev.millrace.avro.ItemRemoval;
import dev.millrace.avro.TrainingRecord;
import dev.millrace.avro.UserFeaturesRecord;
import dev.millrace.avro.UserRemoval;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.feature.UserFeatures;
import java.util.function.Consumer;

/** The values of the topic training-examples: examples, catalogue changes and removals of users, in one order. Safe for threads. */
public final class TrainingRecords {

    private static final int EXAMPLE = 0; // branch of the union of entries

    private final AvroWire wire;

    public TrainingRecords(AvroWire wire) {
        this.wire = wire;
    }

    public byte[] encode(String topic, TrainingExample example) {
        return wire.encode(topic, TrainingRecord.getClassSchema(), fields -> write(fields, example));
    }

    public byte[] encode(String topic, CatalogueChange change) {
        return wire.encode(topic, new TrainingRecord(toAvro(change)));
    }

    public byte[] encodeUserRemoval(String topic, String user) {
        return wire.encode(topic, new TrainingRecord(new UserRemoval(user)));
    }

    /**
     * Hands what a value holds to one of these, the last of which takes the removed user.
     *
     * @throws UndecodableException if the bytes are no such value
     */
    public void decode(
            byte[] value,
            Consumer<TrainingExample> example,
            Consumer<CatalogueChange> change,
            Consumer<String> userRemoval) {
        wire.<TrainingRecord, Runnable>decode(TrainingRecord.class, value, record -> {
                    Object entry = record.getEntry();
                    if (entry instanceof ExampleRecord avro) {
                        TrainingExample core = toCore(avro);
                        return () -> example.accept(core);
                    } else if (entry instanceof UserRemoval removal) {
                        return () -> userRemoval.accept(removal.getUserId());
                    }
                    CatalogueChange core = toCore(entry);
                    return () -> change.accept(core);
                })
                .run();
    }

    private static void write(RecordEncoder fields, TrainingExample example) {
        fields.longInteger(EXAMPLE).text(example.id());
        write(fields, example.user());
        FeatureCodec.write(fields, example.context());
        fields.text(example.item())
                .text(example.action())
                .number(example.weight())
                .longInteger(example.time())
                .longInteger(example.producedAt())
                .flag(example.isPositive());
    }

    static TrainingExample toCore(ExampleRecord example) {
        return new TrainingExample(
                example.getExampleId(),
                toCore(example.getUser()),
                FeatureCodec.toCore(example.getContext()),
                example.getItemId(),
                example.getAction(),
                example.getWeight(),
                example.getTime().toEpochMilli(),
                example.getProducedAt().toEpochMilli(),
                example.getClicked());
    }

    /** An {@link ItemEvent} or {@link ItemRemoval}, as unions hold it. */
    static Object toAvro(CatalogueChange change) {
        return change.match(
                upsert -> EventRecords.toAvro(upsert.item()),
                removal -> new ItemRemoval(removal.itemId(), instant(removal.time())));
    }

    /** The other way of {@link #toAvro(CatalogueChange)}. */
    static CatalogueChange toCore(Object change) {
        if (change instanceof ItemEvent item) {
            return new CatalogueChange.Upsert(EventRecords.toCore(item));
        } else if (change instanceof ItemRemoval removal) {
            return new CatalogueChange.Removal(
                    removal.getItemId(), removal.getTime().toEpochMilli());
        }
        throw new IllegalStateException("a catalogue change is of " + change.getClass() + ", which its schema has not");
    }

    static void write(RecordEncoder fields, UserFeatures user) {
        fields.text(user.user()).longInteger(user.time());
        FeatureCodec.write(fields, user.features());
        fields.all(user.history(), fields::text);
    }

    static UserFeatures toCore(UserFeaturesRecord user) {
        return new UserFeatures(
                user.getUserId(),
                user.getTime().toEpochMilli(),
                FeatureCodec.toCore(user.getFeatures()),
                user.getHistory());
    }
}
