package dev.millrace.wire;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.millrace.event.RejectReason;
import dev.millrace.event.Rejection;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.apache.avro.Conversions;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericDatumReader;
import org.jspecify.annotations.Nullable;

/**
 * Keys and values of topics that are not Millrace's, as trees of JSON. They are JSON objects, alone or behind the frame of a registry, or
 * Avro in either wire format. Of what Kafka Connect writes with its schema, the payload is taken. Safe for threads.
 */
public final class ForeignValues {

    private static final ObjectReader JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build()
            .readerFor(JsonNode.class);
    private static final GenericData MODEL = model();

    /** What a registry's serializer puts before the JSON: a zero, and the schema's number in four bytes. */
    private static final int FRAME_BYTES = 5;

    private static final char UNDECODED = '\ufffd';

    private final AvroWire wire;

    public ForeignValues(AvroWire wire) {
        this.wire = wire;
    }

    private static GenericData model() {
        GenericData model = new GenericData();
        model.addLogicalTypeConversion(new Conversions.DecimalConversion());
        return model;
    }

    /**
     * Returns a value as an object.
     *
     * @throws UndecodableException if it is none
     * @throws RegistryUnreachableException if the registry does not answer
     */
    public ObjectNode value(byte[] value) {
        if (tree(value) instanceof ObjectNode object) {
            return object;
        }
        throw new UndecodableException(RejectReason.UNDECODABLE, "expected an object, found another value");
    }

    /** Returns a key: an object if it is one, else its text; absent if it is empty or binary. */
    public Optional<JsonNode> key(byte @Nullable [] key) {
        if (key == null || key.length == 0) {
            return Optional.empty();
        }
        if (JsonEvents.isJson(key) || key[0] == 0 || key[0] == (byte) 0xC3) {
            try {
                return Optional.of(tree(key)).filter(node -> !node.isNull());
            } catch (UndecodableException noTree) {
                // it is a text that begins so, or binary
            }
        }
        String text = new String(key, StandardCharsets.UTF_8);
        return text.isBlank() || text.chars().anyMatch(unit -> Character.isISOControl(unit) || unit == UNDECODED)
                ? Optional.empty()
                : Optional.of(TextNode.valueOf(text));
    }

    private JsonNode tree(byte[] bytes) {
        boolean isFramed = bytes.length > FRAME_BYTES && bytes[0] == 0 && bytes[FRAME_BYTES] == '{';
        if (isFramed || JsonEvents.isJson(bytes)) {
            int from = isFramed ? FRAME_BYTES : 0;
            try {
                JsonNode read = JSON.readValue(bytes, from, bytes.length - from);
                return read.size() == 2 && read.has("schema") && read.has("payload") ? read.path("payload") : read;
            } catch (JsonProcessingException malformed) {
                if (!isFramed) {
                    throw new UndecodableException(
                            RejectReason.UNDECODABLE, "expected JSON, found: " + malformed.getOriginalMessage());
                }
                // a number in Avro may look like a brace
            } catch (IOException impossible) {
                throw UndecodableException.instead("expected JSON", impossible);
            }
        }
        return avro(bytes);
    }

    /** By way of Avro's own form in JSON. */
    private JsonNode avro(byte[] bytes) {
        try {
            AvroWire.Header header = wire.header(bytes, true);
            Object value = new GenericDatumReader<>(header.schema(), header.schema(), MODEL)
                    .read(null, new RecordDecoder(bytes, header.bytes()));
            return JSON.readValue(MODEL.toString(value));
        } catch (RuntimeException | IOException broken) {
            if (broken instanceof RegistryUnreachableException || broken instanceof Rejection) {
                throw (RuntimeException) broken;
            }
            throw UndecodableException.instead("expected a value in Avro", broken);
        }
    }
}
