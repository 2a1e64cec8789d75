package dev.millrace.wire;

import static dev.millrace.stream.Streams.T0;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.avro.ExposureEvent;
import dev.millrace.avro.FeatureValue;
import dev.millrace.avro.ItemEvent;
import dev.millrace.event.RejectReason;
import dev.millrace.wire.FakeRegistry.Answer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumWriter;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AvroWireTest {

    private final FakeRegistry registry = new FakeRegistry(new AtomicLong());
    private final AvroWire confluent = registry.wire(WireSettings.Format.CONFLUENT, "Bearer of news");
    private final AvroWire singleObject = registry.wire(WireSettings.Format.SINGLE_OBJECT, "Bearer of news");
    private final ExposureEvent exposure = AvroBytes.exposure("e1", "u1", "i1", T0);

    @AfterEach
    void stop() {
        registry.stop();
    }

    @Test
    void eachFormatBeginsAsItsReadersExpect() {
        byte[] single = AvroBytes.encode(singleObject, "exposures", exposure);
        byte[] registered = AvroBytes.encode(confluent, "exposures", exposure);

        assertThat(single).startsWith((byte) 0xC3, (byte) 0x01);
        assertThat(registered).startsWith(0, 0, 0, 0, 1); // magic 0, then the id that the registry gave first
        assertThat(registry.asked).containsExactly("/subjects/exposures-value/versions");
        assertThat(registry.authorizations).containsOnly("Bearer of news");
    }

    @Test
    void bothFormatsAreReadWhateverIsWritten() {
        for (AvroWire writer : List.of(singleObject, confluent)) {
            for (AvroWire reader : List.of(singleObject, confluent)) {
                byte[] bytes = AvroBytes.encode(writer, "exposures", exposure);

                assertThat(AvroBytes.decode(reader, ExposureEvent.class, bytes)).isEqualTo(exposure);
            }
        }
    }

    @Test
    void aRefusalTellsTheFirstCause() {
        byte[] whole = AvroBytes.encode(singleObject, "exposures", exposure);

        assertThatThrownBy(() ->
                        AvroBytes.decode(singleObject, ExposureEvent.class, Arrays.copyOf(whole, whole.length - 2)))
                .isInstanceOf(UndecodableException.class)
                .hasMessageStartingWith("expected a ExposureEvent: ")
                .hasMessageContaining("EOFException");
    }

    @Test
    void aSchemaIsRegisteredAndLookedUpOnce() {
        byte[] bytes = AvroBytes.encode(confluent, "exposures", exposure);
        AvroBytes.encode(confluent, "exposures", exposure);
        AvroBytes.decode(confluent, ExposureEvent.class, bytes);
        AvroBytes.decode(confluent, ExposureEvent.class, bytes);

        assertThat(registry.asked).containsExactly("/subjects/exposures-value/versions", "/schemas/ids/1");
    }

    @Test
    void anotherProducersSchemaIsResolvedToOurs() throws IOException {
        // a producer that knows neither features nor our name space's defaults, and has a field of its own
        Schema theirs = SchemaBuilder.record("ItemEvent")
                .namespace("dev.millrace.avro")
                .fields()
                .requiredString("shelf")
                .requiredString("item_id")
                .requiredLong("time")
                .endRecord();
        int id = registry.add(registry.schema(theirs.toString()));
        GenericData.Record item = new GenericData.Record(theirs);
        item.put("shelf", "top");
        item.put("item_id", "i1");
        item.put("time", T0);

        ItemEvent decoded = AvroBytes.decode(singleObject, ItemEvent.class, confluentBytes(id, theirs, item));

        assertThat(decoded.getItemId()).isEqualTo("i1");
        assertThat(decoded.getFeatures()).isEmpty();
    }

    @Test
    void referencesOfASchemaAreResolved() throws IOException {
        // as registries split nested types off: ItemEvent refers to FeatureValue under a subject of its own
        ObjectNode featureValue = registry.schema(FeatureValue.getClassSchema().toString());
        registry.answers.put("/subjects/feature-value/versions/1", new Answer(200, featureValue.toString()));
        String whole = ItemEvent.getClassSchema().toString();
        JsonNode fields = new ObjectMapper().readTree(whole);
        ((ObjectNode) fields.path("fields").path(2).path("type")).put("values", "dev.millrace.avro.FeatureValue");
        ObjectNode referring = registry.schema(fields.toString());
        referring
                .putArray("references")
                .addObject()
                .put("name", "dev.millrace.avro.FeatureValue")
                .put("subject", "feature-value")
                .put("version", 1);
        int id = registry.add(referring);
        ItemEvent item = new ItemEvent("i1", Instant.ofEpochMilli(T0), Map.of());
        byte[] ours = AvroBytes.encode(confluent, "items", item);
        ByteBuffer.wrap(ours).putInt(1, id); // the same bytes, under the referring schema

        assertThat(AvroBytes.decode(singleObject, ItemEvent.class, ours)).isEqualTo(item);
    }

    @Test
    void aRegistrysSchemaThatContainsItselfIsAReason() throws IOException {
        int id = registry.add(registry.schema("{\"type\":\"record\",\"name\":\"A\",\"fields\":"
                + "[{\"name\":\"next\",\"type\":[\"null\",\"A\"]}]}"));
        byte[] bytes = ByteBuffer.allocate(100).putInt(1, id).array();

        assertThatThrownBy(() -> AvroBytes.decode(confluent, ExposureEvent.class, bytes))
                .isInstanceOfSatisfying(
                        UndecodableException.class,
                        thrown -> assertThat(thrown.rejected().reason()).isEqualTo(RejectReason.UNKNOWN_SCHEMA))
                .hasMessageContaining("may not contain itself");
    }

    @Test
    void eachReferenceOfARegistrysSchemasIsAskedForOnce() throws IOException {
        ObjectNode schema = registry.schema("\"int\"");
        ArrayNode references = schema.putArray("references");
        for (int version = 1; version <= 2; version++) {
            references
                    .addObject()
                    .put("name", "Absent" + version)
                    .put("subject", "feature-value")
                    .put("version", version);
        }
        int id = registry.add(schema);
        for (int version = 1; version <= 2; version++) { // each of which is this schema again
            registry.answers.put("/subjects/feature-value/versions/" + version, new Answer(200, schema.toString()));
        }

        assertThatThrownBy(() -> AvroBytes.decode(
                        confluent,
                        ExposureEvent.class,
                        ByteBuffer.allocate(6).putInt(1, id).array()))
                .isInstanceOf(UndecodableException.class);

        assertThat(registry.asked).hasSize(3).doesNotHaveDuplicates();
    }

    private static byte[] confluentBytes(int id, Schema schema, GenericData.Record record) throws IOException {
        java.io.ByteArrayOutputStream out = new java.io.ByteArrayOutputStream();
        out.write(ByteBuffer.allocate(5).put((byte) 0).putInt(id).array());
        BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(out, null);
        new GenericDatumWriter<GenericData.Record>(schema).write(record, encoder);
        encoder.flush();
        return out.toByteArray();
    }
}
