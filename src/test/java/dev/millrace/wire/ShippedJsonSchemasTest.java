package dev.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import dev.millrace.avro.ClickEvent;
import dev.millrace.avro.ExposureEvent;
import dev.millrace.avro.FeatureValue;
import dev.millrace.avro.FeatureVector;
import dev.millrace.avro.ItemEvent;
import dev.millrace.avro.UserEvent;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.UserProfile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The JSON Schemas of events that are shipped: made of the Avro schemas. If one of those changes, run {@link #main}. */
class ShippedJsonSchemasTest {

    private static final Map<Class<?>, Schema> EVENTS = Map.of(
            Exposure.class, ExposureEvent.getClassSchema(),
            Click.class, ClickEvent.getClassSchema(),
            UserProfile.class, UserEvent.getClassSchema(),
            CatalogueItem.class, ItemEvent.getClassSchema());
    private static final Map<Class<?>, JsonSchema> SHIPPED = new HashMap<>();
    private static final ObjectMapper JSON = new ObjectMapper();

    /** The shipped schema of an event, which is asked for formats too. */
    static JsonSchema shipped(Class<?> event) {
        return SHIPPED.computeIfAbsent(event, of -> {
            try {
                return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V202012)
                        .getSchema(
                                Files.readString(file(schema(event))),
                                SchemaValidatorsConfig.builder()
                                        .formatAssertionsEnabled(true)
                                        .build());
            } catch (IOException unreadable) {
                throw new UncheckedIOException(unreadable);
            }
        });
    }

    @Test
    void eachFileIsWhatItsAvroSchemaMakes() throws IOException {
        for (Schema event : EVENTS.values()) {
            assertThat(Files.readString(file(event))).isEqualTo(made(event));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"user_id\":\"u1\"}",
                "{\"user_id\":\"\",\"time\":1767225600000}",
                "{\"user_id\":\"u1\",\"time\":1767225600}",
                "{\"user_id\":\"u1\",\"time\":\"2026-01-01\"}",
                "{\"user_id\":\"u1\",\"time\":1767225600000,\"feature\":{}}",
                "{\"user_id\":\"u1\",\"time\":1767225600000,\"features\":{\"a\":true}}",
                "{\"user_id\":\"u1\",\"time\":1767225600000,\"features\":{\"a\":[1,\"b\"]}}",
                "{\"user_id\":\"u1\",\"time\":1767225600000,\"features\":{\"a\":1e31}}",
            })
    void whatIsNoUserIsNotValid(String json) {
        assertThat(shipped(UserProfile.class).validate(json, InputFormat.JSON)).isNotEmpty();
    }

    @Test
    void theOtherFormsAreValid() {
        assertThat(shipped(UserProfile.class)
                        .validate(
                                "{\"user_id\":\"u1\",\"time\":\"2026-01-01T01:00:00+01:00\",\"features\":{\"a\":null}}",
                                InputFormat.JSON))
                .isEmpty();
    }

    /** Writes the files anew. */
    public static void main(String[] arguments) throws IOException {
        for (Schema event : EVENTS.values()) {
            Files.writeString(file(event), made(event));
        }
    }

    private static Schema schema(Class<?> event) {
        return Objects.requireNonNull(EVENTS.get(event), event::getName);
    }

    private static Path file(Schema event) {
        return Path.of(
                "schemas", event.getName().replace("Event", "").toLowerCase(java.util.Locale.ROOT) + ".schema.json");
    }

    private static String made(Schema event) throws IOException {
        ObjectNode schema = JSON.createObjectNode();
        schema.put("$schema", "https://json-schema.org/draft/2020-12/schema")
                .put("title", event.getName())
                .put("description", event.getDoc())
                .put("type", "object");
        ObjectNode properties = schema.putObject("properties");
        for (Schema.Field field : event.getFields()) {
            ObjectNode property = properties.putObject(field.name()).put("description", field.doc());
            ObjectNode type =
                    field.hasDefaultValue() ? property.putArray("anyOf").addObject() : property;
            type.put("$ref", "#/$defs/" + definition(field));
            if (field.hasDefaultValue()) {
                property.withArray("anyOf").addObject().put("type", "null");
            } else {
                schema.withArray("required").add(field.name());
            }
        }
        schema.put("additionalProperties", false);
        ObjectNode definitions = schema.putObject("$defs");
        event.getFields().stream()
                .map(ShippedJsonSchemasTest::definition)
                .distinct()
                .forEach(name -> define(name, definitions));
        return JSON.writer(new DefaultPrettyPrinter()
                                .withArrayIndenter(DefaultIndenter.SYSTEM_LINEFEED_INSTANCE)
                                .withObjectIndenter(DefaultIndenter.SYSTEM_LINEFEED_INSTANCE))
                        .writeValueAsString(schema)
                + "\n";
    }

    private static String definition(Schema.Field field) {
        return switch (field.schema().getType()) {
            case STRING, UNION -> "id";
            case DOUBLE -> "weight";
            case LONG -> field.hasDefaultValue() ? "instant" : "time";
            case MAP -> "features";
            default -> throw new AssertionError(field);
        };
    }

    private static void define(String name, ObjectNode definitions) {
        ObjectNode definition = definitions.putObject(name);
        switch (name) {
            case "id" ->
                definition
                        .put("description", "1 to 256 bytes of UTF-8, no control characters, not all blank.")
                        .put("type", "string")
                        .put("minLength", 1)
                        .put("maxLength", 256);
            case "weight" ->
                definition.put("type", "number").put("exclusiveMinimum", 0).put("maximum", 1_000_000);
            case "time" ->
                moment(definition, "between 1980 and 2100")
                        .put("minimum", 315_532_800_000L)
                        .put("exclusiveMaximum", 4_102_444_800_000L);
            case "instant" -> moment(definition, "0 if unknown");
            case "features" -> {
                definition.put("type", "object");
                ObjectNode value = definition.putObject("additionalProperties");
                value.put(
                        "description",
                        FeatureValue.getClassSchema().getDoc()
                                + " Null is the same as absent; an empty array is an empty bag.");
                var kinds = value.putArray("anyOf");
                kinds.addObject().put("type", "string");
                kinds.addObject().put("type", "number").put("minimum", -1e30).put("maximum", 1e30);
                kinds.addObject().put("type", "array").putObject("items").put("type", "string");
                ObjectNode vector = kinds.addObject();
                vector.put("description", FeatureVector.getClassSchema().getDoc())
                        .put("type", "array")
                        .putObject("items")
                        .put("type", "number")
                        .put("minimum", -1_000_000)
                        .put("maximum", 1_000_000);
                kinds.addObject().put("type", "null");
            }
            default -> throw new AssertionError(name);
        }
    }

    private static ObjectNode moment(ObjectNode definition, String rule) {
        definition.put("description", "Milliseconds since 1970, or date and time with an offset; " + rule + ".");
        var forms = definition.putArray("anyOf");
        forms.addObject().put("type", "string").put("format", "date-time");
        return forms.addObject().put("type", "integer");
    }
}
