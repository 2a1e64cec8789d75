package dev.millrace.serve;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonInclude.Include;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.module.SimpleModule;
import com.fasterxml.jackson.databind.ser.std.StdDelegatingSerializer;
import com.fasterxml.jackson.databind.util.StdConverter;
import dev.millrace.event.FeatureValue.Bag;
import dev.millrace.event.FeatureValue.Category;
import dev.millrace.event.FeatureValue.Dense;
import dev.millrace.event.FeatureValue.Quantity;
import dev.millrace.event.Features;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Values as JSON text, and back. */
public final class Json {

    /** The member of a body that holds several questions. */
    static final String BATCH = "requests";

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .addModule(new SimpleModule()
                    .addSerializer(Features.class, as(Features.class, Json::features))
                    .addSerializer(Optional.class, as(Optional.class, value -> ((Optional<?>) value).orElse(null))))
            .withConfigOverride(
                    Optional.class,
                    absent -> absent.setInclude(JsonInclude.Value.construct(Include.NON_EMPTY, Include.NON_EMPTY)))
            .build();

    private Json() {}

    private static <T> StdDelegatingSerializer as(Class<T> type, Function<T, @Nullable Object> value) {
        return new StdDelegatingSerializer(type, new StdConverter<T, @Nullable Object>() {
            @Override
            public @Nullable Object convert(T of) {
                return value.apply(of);
            }
        });
    }

    /** A record is an object of its components, without those that are absent. */
    public static byte[] bytes(Object value) {
        try {
            return MAPPER.writeValueAsBytes(value);
        } catch (JsonProcessingException notWritten) {
            throw new UncheckedIOException(notWritten);
        }
    }

    /** Whether a body holds several questions. Its first member says so: beside it, there may be no other. */
    static boolean isBatch(byte[] text) {
        try (JsonParser parser = MAPPER.createParser(text)) {
            return parser.nextToken() == JsonToken.START_OBJECT && BATCH.equals(parser.nextFieldName());
        } catch (IOException malformed) {
            return false; // refused when it is read
        }
    }

    /** Elements that are JSON already, as the only member of an object. */
    static byte[] object(String member, List<byte[]> elements) {
        ByteArrayOutputStream object = new ByteArrayOutputStream();
        object.writeBytes(("{\"" + member + "\":[").getBytes(StandardCharsets.UTF_8));
        for (int at = 0; at < elements.size(); at++) {
            if (at > 0) {
                object.write(',');
            }
            object.writeBytes(elements.get(at));
        }
        object.writeBytes("]}".getBytes(StandardCharsets.UTF_8));
        return object.toByteArray();
    }

    /** @throws RefusedRequestException if it is not JSON, or an object has a member twice */
    static JsonNode tree(byte[] text) {
        try {
            return MAPPER.readTree(text);
        } catch (JsonProcessingException malformed) {
            String place = Optional.ofNullable(malformed.getLocation()) // none of what is nested too deep
                    .map(at -> ", line " + at.getLineNr() + ", column " + at.getColumnNr())
                    .orElse("");
            throw new RefusedRequestException(
                    Problem.of(400, "the body is no JSON: " + malformed.getOriginalMessage() + place));
        } catch (IOException misencoded) { // UTF-16 or UTF-32 that is none
            throw new RefusedRequestException(Problem.of(400, "the body is no JSON: " + misencoded.getMessage()));
        }
    }

    /** Values of features by name: a string, a number, an array of strings or of numbers. */
    private static Map<String, Object> features(Features features) {
        Map<String, Object> values = new TreeMap<>();
        features.values()
                .forEach((name, value) -> values.put(
                        name, value.<Object>match(Category::value, Quantity::value, Bag::values, Dense::values)));
        return values;
    }
}
