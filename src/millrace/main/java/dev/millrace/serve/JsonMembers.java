package dev.millrace.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UnusableEventException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/** The members of a JSON object. Each is checked when it is read; an error names its path. */
final class JsonMembers implements Given {

    private final String path;
    private final JsonNode object;

    /**
     * @param path of the object, which errors name; empty for the whole body
     * @throws RefusedRequestException if it is not an object
     */
    JsonMembers(String path, JsonNode object) {
        this.path = path;
        this.object = object;
        if (!object.isObject()) {
            throw refused("", "must be a JSON object");
        }
    }

    /** @throws RefusedRequestException if a member has another name */
    void requireKnown(Set<String> known) {
        object.fieldNames().forEachRemaining(name -> {
            if (!known.contains(name)) {
                throw refused(name, Query.unknown(known));
            }
        });
    }

    @Override
    public boolean has(String name) {
        return object.hasNonNull(name);
    }

    @Override
    public boolean hasValues(String name) {
        return has(name) && !hasBounds(name);
    }

    @Override
    public boolean hasBounds(String name) {
        return object.path(name).isObject();
    }

    /** An object; empty if it is absent. */
    @Override
    public JsonMembers group(String name) {
        return new JsonMembers(path(name), has(name) ? object.path(name) : JsonNodeFactory.instance.objectNode());
    }

    @Override
    public String id(String name) {
        return Query.checkedId(path(name), text(name));
    }

    /** The elements of a required array. */
    List<JsonNode> elements(String name, int max) {
        JsonNode array = object.path(name);
        if (!array.isArray() || array.isEmpty() || array.size() > max) {
            throw refused(name, "must be an array of 1 to " + max + " elements");
        }
        List<JsonNode> elements = new ArrayList<>(array.size());
        array.forEach(elements::add);
        return elements;
    }

    String text(String name) {
        if (!object.path(name).isTextual()) {
            throw refused(name, "is required, and must be a string");
        }
        return text(name, object.path(name));
    }

    /** An array of strings; empty if it is absent. A single string may stand without brackets. Numbers are taken as written. */
    @Override
    public List<String> texts(String name, int max) {
        if (!has(name)) {
            return List.of();
        }
        JsonNode value = object.path(name);
        if (value.isTextual() || value.isNumber()) {
            return List.of(text(name, value));
        }
        List<String> texts = new ArrayList<>();
        for (JsonNode element : value) {
            if (!element.isTextual() && !element.isNumber()) {
                throw refused(name, "must be an array of strings");
            }
            texts.add(text(name, element));
        }
        if (!value.isArray() || texts.size() > max) {
            throw refused(name, "must be an array of at most " + max + " strings");
        }
        return texts;
    }

    @Override
    public int integer(String name, int byDefault, int min, int max) {
        if (!has(name)) {
            return byDefault;
        }
        JsonNode value = object.path(name);
        if (!value.canConvertToInt() || !value.isIntegralNumber() || value.intValue() < min || value.intValue() > max) {
            throw refused(name, "must be a whole number from " + min + " to " + max);
        }
        return value.intValue();
    }

    @Override
    public double number(String name, double byDefault, double min, double max) {
        if (!has(name)) {
            return byDefault;
        }
        JsonNode value = object.path(name);
        if (!value.isNumber() || !(value.doubleValue() >= min && value.doubleValue() <= max)) {
            throw refused(name, "must be a number" + Query.range(min, max));
        }
        return value.doubleValue();
    }

    @Override
    public boolean flag(String name, boolean byDefault) {
        if (!has(name)) {
            return byDefault;
        }
        if (!object.path(name).isBoolean()) {
            throw refused(name, "must be true or false");
        }
        return object.path(name).booleanValue();
    }

    /** Feature values by name: a string, a number, an array of strings (a bag) or of numbers (a dense vector). */
    Features features(String name) {
        JsonMembers features = group(name);
        Map<String, FeatureValue> values = new HashMap<>();
        features.object
                .properties()
                .forEach(member -> values.put(member.getKey(), features.feature(member.getKey(), member.getValue())));
        return Features.of(values);
    }

    private FeatureValue feature(String name, JsonNode value) {
        try {
            if (value.isTextual()) {
                return new FeatureValue.Category(text(name, value));
            } else if (value.isNumber()) {
                return new FeatureValue.Quantity(value.doubleValue());
            } else if (value.isArray() && all(value, JsonNode::isTextual)) {
                return new FeatureValue.Bag(texts(name, Integer.MAX_VALUE));
            } else if (value.isArray() && all(value, JsonNode::isNumber)) {
                List<Float> components = new ArrayList<>();
                value.forEach(component -> components.add(component.floatValue()));
                return new FeatureValue.Dense(components);
            }
        } catch (UnusableEventException unusable) {
            throw refused(name, "is refused: " + unusable.getMessage());
        }
        throw refused(name, "must be a string, a number, an array of strings or an array of numbers");
    }

    private String text(String name, JsonNode value) {
        String text = value.asText();
        if (!Query.isUnicode(text)) {
            throw refused(name, "must be Unicode: it has half of a surrogate pair");
        }
        return text;
    }

    private static boolean all(JsonNode array, Predicate<JsonNode> holds) {
        for (JsonNode element : array) {
            if (!holds.test(element)) {
                return false;
            }
        }
        return true;
    }

    private String path(String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    @Override
    public RefusedRequestException refused(String name, String rule) {
        String member = name.isEmpty() ? (path.isEmpty() ? "the body" : path) : path(name);
        return new RefusedRequestException(Problem.ofParameter(member, member + " " + rule));
    }
}
