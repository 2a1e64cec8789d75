package dev.millrace.wire;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.avro.ExampleRecord;
import dev.millrace.avro.ItemEvent;
import dev.millrace.avro.ItemRemoval;
import dev.millrace.avro.TrainingRecord;
import dev.millrace.avro.UserRemoval;
import dev.millrace.batch.CatalogueChange;
import java.util.function.Consumer;

/** The values of the topic training-examples: examples, catalogue changes and removals of users, in one order. Safe for threads. */
public final class TrainingRecords {

    /** Takes in what a value holds. */
    public interface Reader {

        void example(TrainingExample example);

        void change(CatalogueChange change);

        void userRemoval(String user);
    }

    private final AvroWire wire;

    public TrainingRecords(AvroWire wire) {
        this.wire = wire;
    }

    public byte[] encode(String topic, TrainingExample example) {
        return wire.encode(topic, ExampleCodec.toAvro(example));
    }

    public byte[] encode(String topic, CatalogueChange change) {
        return wire.encode(topic, new TrainingRecord(ExampleCodec.toAvro(change)));
    }

    public byte[] encodeUserRemoval(String topic, String user) {
        return wire.encode(topic, new TrainingRecord(new UserRemoval(user)));
    }

    /**
     * Hands the reader what a value holds, in one call.
     *
     * @throws UndecodableException if the bytes are no such value
     */
    public void decode(byte[] value, Reader reader) {
        wire.decode(TrainingRecord.class, value, TrainingRecords::toCore).accept(reader);
    }

    private static Consumer<Reader> toCore(TrainingRecord record) {
        Object entry = record.getEntry();
        if (entry instanceof ExampleRecord avro) {
            TrainingExample example = ExampleCodec.toCore(avro);
            return reader -> reader.example(example);
        } else if (entry instanceof UserRemoval removal) {
            return reader -> reader.userRemoval(removal.getUserId());
        } else if (entry instanceof ItemEvent || entry instanceof ItemRemoval) {
            CatalogueChange change = ExampleCodec.toCore(entry);
            return reader -> reader.change(change);
        }
        throw new IllegalStateException("an entry of " + entry.getClass() + ", which the schema of the topic has not");
    }
}
