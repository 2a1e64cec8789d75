package dev.millrace.serve;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Values as JSON text, and back. */
final class Json {

    private static final FeatureValue.Visitor<Object> AS_JSON = new FeatureValue.Visitor<>() {
        @Override
        public Object category(FeatureValue.Category category) {
            return category.value();
        }

        @Override
        public Object quantity(FeatureValue.Quantity quantity) {
            return quantity.value();
        }

        @Override
        public Object bag(FeatureValue.Bag bag) {
            return bag.values();
        }

        @Override
        public Object dense(FeatureValue.Dense dense) {
            return dense.values();
        }
    };

    private final JsonMapper mapper = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    byte[] bytes(Object value) {
        try {
            return mapper.writeValueAsBytes(value);
        } catch (JsonProcessingException notWritten) {
            throw new UncheckedIOException(notWritten);
        }
    }

    /** @throws RefusedRequestException if it is not JSON, or an object has a member twice */
    JsonNode tree(byte[] text) {
        try {
            return mapper.readTree(text);
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
    static Map<String, Object> features(Features features) {
        Map<String, Object> values = new TreeMap<>();
        features.values().forEach((name, value) -> values.put(name, value.accept(AS_JSON)));
        return values;
    }
}
