package dev.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.networknt.schema.InputFormat;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import dev.millrace.avro.ClickEvent;
import dev.millrace.avro.ExposureEvent;
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
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.avro.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The JSON Schemas of events that are shipped: whoever changes the Avro schema of an event changes its JSON Schema too. */
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
    void eachFileHasTheMembersOfItsAvroSchemaAndTheirDocs() throws IOException {
        for (Schema event : EVENTS.values()) {
            JsonNode schema = JSON.readTree(file(event).toFile());
            Map<String, String> members = new TreeMap<>();
            schema.path("properties")
                    .properties()
                    .forEach(member -> members.put(
                            member.getKey(),
                            member.getValue().path("description").asText()));
            Set<String> required = new TreeSet<>();
            schema.path("required").forEach(name -> required.add(name.asText()));

            assertThat(members)
                    .isEqualTo(event.getFields().stream()
                            .collect(Collectors.toMap(Schema.Field::name, Schema.Field::doc)));
            assertThat(required)
                    .isEqualTo(event.getFields().stream()
                            .filter(field -> !field.hasDefaultValue())
                            .map(Schema.Field::name)
                            .collect(Collectors.toSet()));
            assertThat(schema.path("additionalProperties").asBoolean(true)).isFalse();
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

    private static Schema schema(Class<?> event) {
        return Objects.requireNonNull(EVENTS.get(event), event::getName);
    }

    private static Path file(Schema event) {
        return Path.of(
                "schemas", event.getName().replace("Event", "").toLowerCase(java.util.Locale.ROOT) + ".schema.json");
    }
}
