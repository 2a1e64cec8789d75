package dev.millrace.wire;

import dev.millrace.avro.GenerationRecord;
import dev.millrace.generation.GenerationFact;
import dev.millrace.state.Utf8;
import java.util.Arrays;
import java.util.Optional;
import java.util.TreeMap;

/** The records of the topic generations: one key for each fact of a generation. Safe for threads. */
public final class GenerationRecords {

    private final AvroWire wire;

    public GenerationRecords(AvroWire wire) {
        this.wire = wire;
    }

    /** The fact; absent for a tombstone, and for one that only another version knows. */
    public Optional<GenerationFact> decode(TopicRecord record) {
        return record.value().flatMap(value -> wire.decode(GenerationRecord.class, value, GenerationRecords::toCore));
    }

    public static byte[] key(GenerationFact fact) {
        return Utf8.bytes(fact.generation() + '\0' + fact.kind().name());
    }

    public byte[] encode(String topic, GenerationFact fact) {
        return wire.encode(topic, toAvro(fact));
    }

    private static GenerationRecord toAvro(GenerationFact fact) {
        return GenerationRecord.newBuilder()
                .setGeneration(fact.generation())
                .setFact(fact.kind().name())
                .setAt(FeatureCodec.instant(fact.at()))
                .setStep(fact.step())
                .setItems(fact.items())
                .setBy(fact.by())
                .setSettings(new TreeMap<>(fact.settings()))
                .build();
    }

    private static Optional<GenerationFact> toCore(GenerationRecord record) {
        return Arrays.stream(GenerationFact.Kind.values())
                .filter(kind -> kind.name().equals(record.getFact()))
                .findFirst()
                .map(kind -> new GenerationFact(
                        record.getGeneration(),
                        kind,
                        record.getAt().toEpochMilli(),
                        record.getStep(),
                        record.getItems(),
                        record.getBy(),
                        new TreeMap<>(record.getSettings())));
    }
}
