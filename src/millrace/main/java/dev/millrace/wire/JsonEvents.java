package dev.millrace.wire;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonParser.NumberType;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.JsonTokenId;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.millrace.avro.FeatureValue;
import dev.millrace.avro.FeatureVector;
import dev.millrace.event.RejectReason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.jspecify.annotations.Nullable;

/**
 * Producers' events as JSON objects, read as Avro's records. Safe for threads.
 *
 * <p>A member is a field of the event's Avro schema, under its name. A feature's value stands for itself: a string is a category, a number a
 * number, an array of strings a bag, an array of numbers a vector, and an empty array an empty bag. A time is a whole number of milliseconds,
 * or a string with date, time and offset. A null is the same as no member. A member that the schema has not is refused: it may be an optional one, misspelt.
 *
 * <p>The reader follows the schema and not the text, so a text cannot make it recurse. It keeps nothing but the event, so what is allocated grows
 * with the record, as in {@link RecordDecoder}.
 */
final class JsonEvents {

    private static final int MAX_SHOWN = 80;
    private static final int MAX_FAULT = 400;

    /** Names are not kept for the next record: whoever may write to a topic could make up any number of them. */
    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private JsonEvents() {}

    /** Whether a value is meant as JSON: it begins with a brace, maybe behind white space. No value in Avro begins so. */
    static boolean isJson(byte[] value) {
        return value.length > 0
                && switch (value[0]) {
                    case '{', ' ', '\t', '\n', '\r' -> true;
                    default -> false;
                };
    }

    /**
     * The event of a JSON text.
     *
     * @throws UndecodableException if it is no event of that schema; the message names member, value and rule, or the place
     */
    static GenericRecord read(Schema schema, byte[] value) {
        try (JsonParser json = parser(value)) {
            json.nextToken();
            GenericRecord event = event(schema, json);
            json.nextToken();
            require(!json.hasCurrentToken(), json, "must be one object, with nothing behind it");
            return event;
        } catch (UndecodableException told) {
            throw told;
        } catch (JsonProcessingException malformed) {
            String place = Optional.ofNullable(malformed.getLocation())
                    .map(at -> " at line " + at.getLineNr() + ", column " + at.getColumnNr())
                    .orElse("");
            throw undecodable(
                    "expected JSON, found" + place + ": " + printable(malformed.getOriginalMessage(), MAX_FAULT));
        } catch (IOException | RuntimeException broken) { // a fault of the parser must not stop the stream
            throw UndecodableException.instead("expected a " + schema.getName() + " as JSON in UTF-8", broken);
        }
    }

    /** Decodes by itself: the parser's own decoder takes some malformed UTF-8, and guesses at other encodings. */
    private static JsonParser parser(byte[] value) throws IOException {
        CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(value));
        return JSON.createParser(text.array(), 0, text.length());
    }

    private static GenericRecord event(Schema schema, JsonParser json) throws IOException {
        require(json.hasToken(JsonToken.START_OBJECT), json, "must be an object");
        GenericRecord event = new GenericData.Record(schema);
        BitSet found = new BitSet();
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            Schema.@Nullable Field field = schema.getField(json.currentName());
            json.nextToken();
            if (field == null) {
                throw refused(json, "is unknown; known are " + names(schema));
            }
            if (json.hasToken(JsonToken.VALUE_NULL)) {
                continue;
            }
            found.set(field.pos());
            event.put(field.pos(), value(field.schema(), json));
        }
        for (Schema.Field field : schema.getFields()) {
            if (!found.get(field.pos())) {
                if (!field.hasDefaultValue()) {
                    throw undecodable(field.name() + " is required, and absent or null");
                }
                event.put(field.pos(), GenericData.get().getDefaultValue(field));
            }
        }
        return event;
    }

    private static Object value(Schema schema, JsonParser json) throws IOException {
        return switch (schema.getType()) {
            case STRING -> text(json);
            case UNION -> value(schema.getTypes().get(1), json); // after null
            case INT -> whole(json);
            case DOUBLE -> number(json);
            case LONG -> millis(json);
            case MAP -> features(json);
            default -> throw new IllegalStateException("no event has a field of " + schema.getType());
        };
    }

    private static String text(JsonParser json) throws IOException {
        require(json.hasToken(JsonToken.VALUE_STRING), json, "must be a string");
        String text = json.getText();
        require(isUnicode(text), json, "must be Unicode, not half of a surrogate pair");
        return text;
    }

    private static double number(JsonParser json) throws IOException {
        require(isNumber(json), json, "must be a number");
        return json.getDoubleValue();
    }

    private static int whole(JsonParser json) throws IOException {
        require(
                json.hasToken(JsonToken.VALUE_NUMBER_INT) && json.getNumberType() == NumberType.INT,
                json,
                "must be a whole number of 32 bits");
        return json.getIntValue();
    }

    private static long millis(JsonParser json) throws IOException {
        if (json.hasToken(JsonToken.VALUE_NUMBER_INT) && json.getNumberType() != NumberType.BIG_INTEGER) {
            return json.getLongValue();
        }
        if (json.hasToken(JsonToken.VALUE_STRING)) {
            try {
                return OffsetDateTime.parse(json.getText()).toInstant().toEpochMilli();
            } catch (DateTimeException | ArithmeticException malformed) {
                // refused below, like anything else
            }
        }
        throw refused(json, "must be milliseconds since 1970, or a string such as \"2026-01-31T12:00:00.000Z\"");
    }

    private static Map<String, Object> features(JsonParser json) throws IOException {
        require(json.hasToken(JsonToken.START_OBJECT), json, "must be an object of features by name");
        Map<String, Object> features = new HashMap<>();
        while (json.nextToken() == JsonToken.FIELD_NAME) {
            String name = json.currentName();
            json.nextToken();
            if (json.hasToken(JsonToken.VALUE_NULL)) {
                continue;
            }
            require(isUnicode(name), json, "must have a name of Unicode, without half of a surrogate pair");
            features.put(name, record(FeatureValue.getClassSchema(), feature(json)));
        }
        return features;
    }

    private static Object feature(JsonParser json) throws IOException {
        if (json.hasToken(JsonToken.VALUE_STRING)) {
            return text(json);
        } else if (isNumber(json)) {
            return number(json);
        }
        require(
                json.hasToken(JsonToken.START_ARRAY),
                json,
                "must be a string, a number, an array of strings or an array of numbers");
        json.nextToken();
        return isNumber(json) ? record(FeatureVector.getClassSchema(), vector(json)) : bag(json);
    }

    private static List<Float> vector(JsonParser json) throws IOException {
        List<Float> components = new ArrayList<>();
        for (; !json.hasToken(JsonToken.END_ARRAY); json.nextToken()) {
            require(isNumber(json), json, "must be a number, as the first of the array is");
            components.add(json.getFloatValue());
        }
        return components;
    }

    private static List<String> bag(JsonParser json) throws IOException {
        List<String> texts = new ArrayList<>();
        for (; !json.hasToken(JsonToken.END_ARRAY); json.nextToken()) {
            texts.add(text(json));
        }
        return texts;
    }

    /** A record of one field. */
    private static GenericRecord record(Schema schema, Object only) {
        GenericRecord record = new GenericData.Record(schema);
        record.put(0, only);
        return record;
    }

    private static boolean isNumber(JsonParser json) {
        return json.hasToken(JsonToken.VALUE_NUMBER_INT) || json.hasToken(JsonToken.VALUE_NUMBER_FLOAT);
    }

    private static boolean isUnicode(String text) {
        return text.codePoints()
                .noneMatch(point -> point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE);
    }

    private static String names(Schema schema) {
        return schema.getFields().stream().map(Schema.Field::name).collect(Collectors.joining(", "));
    }

    private static void require(boolean holds, JsonParser json, String rule) throws IOException {
        if (!holds) {
            throw refused(json, rule);
        }
    }

    /** Names what the parser has come to, and its path. */
    private static UndecodableException refused(JsonParser json, String rule) throws IOException {
        String path = json.getParsingContext().pathAsPointer().toString();
        String member = path.isEmpty() ? "the value" : path.substring(1).replace('/', '.');
        return undecodable(printable(member, MAX_SHOWN) + " = " + printable(found(json), MAX_SHOWN) + ": " + rule);
    }

    private static String found(JsonParser json) throws IOException {
        return switch (json.currentTokenId()) {
            case JsonTokenId.ID_NO_TOKEN -> "nothing";
            case JsonTokenId.ID_START_OBJECT -> "an object";
            case JsonTokenId.ID_START_ARRAY -> "an array";
            case JsonTokenId.ID_STRING -> '"' + json.getText() + '"';
            default -> json.getText();
        };
    }

    private static String printable(String text, int max) {
        String shown = text.length() <= max ? text : text.substring(0, max) + "…";
        return shown.replaceAll("[\\p{Cntrl}\\p{Cs}]", "?");
    }

    private static UndecodableException undecodable(String message) {
        return new UndecodableException(RejectReason.UNDECODABLE, message);
    }
}
