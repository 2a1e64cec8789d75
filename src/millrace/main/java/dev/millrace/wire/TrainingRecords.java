package dev.millrace.wire;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.avro.ItemEvent;
import dev.millrace.avro.ItemRemoval;
import dev.millrace.avro.TrainingRecord;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.feature.UserFeatures;
import java.io.IOException;
import java.util.function.Consumer;
import org.apache.avro.AvroRuntimeException;

/** The values of the topic training-examples: examples, catalogue changes and removals of users, in one order. Safe for threads. */
public final class TrainingRecords {

    // branches of the union of entries
    private static final int EXAMPLE = 0;
    private static final int CHANGE = 1; // and the next one
    private static final int USER_REMOVAL = 3;

    // branches of a union of catalogue changes, from its first
    private static final int ITEM = 0;
    private static final int REMOVAL = 1;

    private final AvroWire wire;

    public TrainingRecords(AvroWire wire) {
        this.wire = wire;
    }

    public byte[] encode(String topic, TrainingExample example) {
        return wire.encode(topic, TrainingRecord.getClassSchema(), fields -> write(fields, example));
    }

    public byte[] encode(String topic, CatalogueChange change) {
        return wire.encode(topic, TrainingRecord.getClassSchema(), fields -> write(fields, CHANGE, change));
    }

    public byte[] encodeUserRemoval(String topic, String user) {
        return wire.encode(topic, TrainingRecord.getClassSchema(), fields -> fields.longInteger(USER_REMOVAL)
                .text(user));
    }

    /**
     * Hands what a value holds to one of three: an example, a change of the catalogue, or the id of a removed user.
     *
     * @throws UndecodableException if the bytes are no such value
     */
    public void decode(
            byte[] value,
            Consumer<TrainingExample> example,
            Consumer<CatalogueChange> change,
            Consumer<String> userRemoval) {
        wire.<Runnable>decode(TrainingRecord.getClassSchema(), value, from -> {
                    int branch = from.readIndex();
                    if (branch == EXAMPLE) {
                        TrainingExample core = example(from);
                        return () -> example.accept(core);
                    } else if (branch == USER_REMOVAL) {
                        String user = from.readString();
                        return () -> userRemoval.accept(user);
                    }
                    CatalogueChange core = change(from, branch - CHANGE);
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

    static TrainingExample example(RecordDecoder from) throws IOException {
        return new TrainingExample(
                from.readString(),
                user(from),
                FeatureCodec.read(from),
                from.readString(),
                from.readString(),
                from.readDouble(),
                from.readLong(),
                from.readLong(),
                from.readBoolean());
    }

    /**
     * Writes a change as a branch of a union.
     *
     * @param first branch that is an {@link ItemEvent}; an {@link ItemRemoval} is the next
     */
    static RecordEncoder write(RecordEncoder fields, int first, CatalogueChange change) {
        return change.match(
                upsert -> {
                    EventRecords.write(fields.longInteger(first + ITEM), upsert.item());
                    return fields;
                },
                removal -> fields.longInteger(first + REMOVAL)
                        .text(removal.itemId())
                        .longInteger(removal.time()));
    }

    /** @param branch of a union of catalogue changes, from its first */
    static CatalogueChange change(RecordDecoder from, int branch) throws IOException {
        return switch (branch) {
            case ITEM -> new CatalogueChange.Upsert(EventRecords.item(from));
            case REMOVAL -> new CatalogueChange.Removal(from.readString(), from.readLong());
            default -> throw new AvroRuntimeException("a union of catalogue changes has no branch " + branch);
        };
    }

    static void write(RecordEncoder fields, UserFeatures user) {
        fields.text(user.user()).longInteger(user.time());
        FeatureCodec.write(fields, user.features());
        fields.all(user.history(), fields::text);
    }

    static UserFeatures user(RecordDecoder from) throws IOException {
        return new UserFeatures(
                from.readString(), from.readLong(), FeatureCodec.read(from), FeatureCodec.list(from, from::readString));
    }
}
