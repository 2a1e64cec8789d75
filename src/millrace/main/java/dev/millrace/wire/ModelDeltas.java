package dev.millrace.wire;

import dev.millrace.avro.DeltaPartRecord;
import dev.millrace.avro.ModelDeltaRecord;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.merge.DeltaPart;
import dev.millrace.state.Utf8;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** The values of the topic model-deltas: parts of deltas, and catalogue changes, in one order. Safe for threads. */
public final class ModelDeltas {

    // branches of the union of entries
    private static final int PART = 0;
    private static final int CHANGE = 1; // and the next one

    private final AvroWire wire;

    public ModelDeltas(AvroWire wire) {
        this.wire = wire;
    }

    /** Returns the key of a part's record. */
    public static byte[] key(DeltaPart part) {
        return Utf8.bytes(part.shard() + "/" + part.delta() + "/" + part.part());
    }

    public byte[] encode(String topic, DeltaPart part) {
        return wire.encode(topic, ModelDeltaRecord.getClassSchema(), fields -> fields.longInteger(PART)
                .longInteger(part.shard())
                .longInteger(part.delta())
                .longInteger(part.part())
                .longInteger(part.parts())
                .text(part.sha256())
                .bytes(part.bytes()));
    }

    public byte[] encode(String topic, CatalogueChange change) {
        return wire.encode(
                topic, ModelDeltaRecord.getClassSchema(), fields -> TrainingRecords.write(fields, CHANGE, change));
    }

    /**
     * Hands what a value holds to one of these.
     *
     * @throws UndecodableException if the bytes are no such value
     */
    public void decode(byte[] value, Consumer<DeltaPart> part, Consumer<CatalogueChange> change) {
        wire.<ModelDeltaRecord, Runnable>decode(
                        ModelDeltaRecord.class,
                        value,
                        record -> {
                            if (record.getEntry() instanceof DeltaPartRecord avro) {
                                DeltaPart core = new DeltaPart(
                                        avro.getShard(),
                                        avro.getDelta(),
                                        avro.getPart(),
                                        avro.getParts(),
                                        avro.getSha256(),
                                        Topic.bytes(avro.getBytes()));
                                return () -> part.accept(core);
                            }
                            CatalogueChange core = TrainingRecords.toCore(record.getEntry());
                            return () -> change.accept(core);
                        },
                        from -> {
                            int branch = from.readIndex();
                            if (branch == PART) {
                                DeltaPart core = part(from);
                                return () -> part.accept(core);
                            }
                            CatalogueChange core = TrainingRecords.change(from, branch - CHANGE);
                            return () -> change.accept(core);
                        })
                .run();
    }

    private static DeltaPart part(RecordDecoder from) throws IOException {
        return new DeltaPart(
                from.readInt(),
                from.readLong(),
                from.readInt(),
                from.readInt(),
                from.readString(),
                Topic.bytes(from.readBytes(ByteBuffer.allocate(0))));
    }
}
