package dev.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.Encoder;
import org.apache.avro.io.EncoderFactory;
import org.junit.jupiter.api.Test;

class RecordDecoderTest {

    private static final Schema ALL = SchemaBuilder.record("All")
            .fields()
            .requiredBoolean("flag")
            .requiredInt("small")
            .requiredLong("large")
            .requiredFloat("single")
            .requiredDouble("twice")
            .requiredString("text")
            .requiredBytes("blob")
            .name("list")
            .type(Schema.createArray(Schema.create(Schema.Type.STRING)))
            .noDefault()
            .name("table")
            .type(Schema.createMap(Schema.create(Schema.Type.LONG)))
            .noDefault()
            .name("kind")
            .type(Schema.createEnum("Kind", null, null, List.of("A", "B")))
            .noDefault()
            .name("code")
            .type(Schema.createFixed("Code", null, null, 3))
            .noDefault()
            .requiredInt("last")
            .endRecord();

    private static final Schema LAST =
            SchemaBuilder.record("All").fields().requiredInt("last").endRecord();

    @Test
    void everyTypeIsReadAndSkipped() throws IOException {
        GenericData.Record all = all();
        for (boolean isBlocking : new boolean[] {false, true}) {
            byte[] bytes = bytes(all, isBlocking);

            assertThat(new GenericDatumReader<>(ALL).read(null, new RecordDecoder(bytes, 0)))
                    .isEqualTo(all);
            GenericData.Record last =
                    new GenericDatumReader<GenericData.Record>(ALL, LAST).read(null, new RecordDecoder(bytes, 0));
            assertThat(last.get("last")).isEqualTo(all.get("last"));
        }
    }

    @Test
    void allItemsTogetherFitTheRecordsSize() {
        // 4 lists of 3 nulls each: a list's count and its end take two of the record's bytes, its nulls none
        Schema grid = Schema.createArray(Schema.createArray(Schema.create(Schema.Type.NULL)));
        byte[] bytes = {8, 6, 0, 6, 0, 6, 0, 6, 0, 0};

        assertThatThrownBy(() -> new GenericDatumReader<>(grid).read(null, new RecordDecoder(bytes, 0)))
                .hasMessage("a collection claims 3 items, the record has bytes for 0"); // 10 - 4 - 3 - 3
    }

    @Test
    void aClaimBeyondTheRecordIsNamed() {
        byte[] bytes = {126, 'a', 'b'};

        assertThatThrownBy(() -> new RecordDecoder(bytes, 0).readString())
                .hasMessage("a text claims 63 bytes, the record has 2 left");
    }

    private static GenericData.Record all() {
        GenericData.Record all = new GenericData.Record(ALL);
        all.put("flag", true);
        all.put("small", Integer.MIN_VALUE);
        all.put("large", Long.MIN_VALUE);
        all.put("single", 1.5f);
        all.put("twice", -2.5);
        all.put("text", new org.apache.avro.util.Utf8("päck"));
        all.put("blob", java.nio.ByteBuffer.wrap(new byte[] {1, 2}));
        all.put("list", List.of(new org.apache.avro.util.Utf8("a"), new org.apache.avro.util.Utf8("b")));
        all.put("table", Map.of(new org.apache.avro.util.Utf8("k"), 7L));
        all.put("kind", new GenericData.EnumSymbol(ALL.getField("kind").schema(), "B"));
        all.put("code", new GenericData.Fixed(ALL.getField("code").schema(), new byte[] {1, 2, 3}));
        all.put("last", 42);
        return all;
    }

    private static byte[] bytes(GenericData.Record record, boolean isBlocking) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        BinaryEncoder encoder = isBlocking
                ? EncoderFactory.get().blockingBinaryEncoder(bytes, null)
                : EncoderFactory.get().binaryEncoder(bytes, null);
        new GenericDatumWriter<>(record.getSchema()).write(record, (Encoder) encoder);
        encoder.flush();
        return bytes.toByteArray();
    }
}
