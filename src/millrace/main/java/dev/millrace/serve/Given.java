package dev.millrace.serve;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UnusableEventException;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * Named values of a request: its query, or a JSON object. Each is checked when it is read; an error names it as it was written.
 *
 * <p>A query gives each name once. The names of a group follow the group's name and a dot, and a list has commas.
 */
final class Given {

    private static final Pattern OF_ATTRIBUTE = Pattern.compile("filter\\.[^.]+|(boost|at-?[mM]ost)\\..+");
    private static final int MAX_ID_BYTES = 256;
    private static final Pattern WHOLE_NUMBER = Pattern.compile("-?\\d{1,9}");

    private final JsonNode object; // of a query: its texts
    private final String path;
    private final boolean isQuery;

    private Given(JsonNode object, String path, boolean isQuery) {
        this.object = object;
        this.path = path;
        this.isQuery = isQuery;
        if (!object.isObject()) {
            throw refused("", "must be a JSON object");
        }
    }

    /**
     * @param path of the object, which errors name; empty for the whole body
     * @throws RefusedRequestException if it is not an object
     */
    static Given json(String path, JsonNode object) {
        return new Given(object, path, false);
    }

    /** @throws RefusedRequestException if the body of a request is not a JSON object */
    static Given body(Context request) {
        return json("", Json.tree(request.bodyAsBytes()));
    }

    /** @throws RefusedRequestException if a parameter is unknown or repeated */
    static Given query(Map<String, List<String>> parameters, Set<String> known) {
        ObjectNode texts = JsonNodeFactory.instance.objectNode();
        parameters.forEach((name, values) -> texts.put(name, values.get(0)));
        Given query = new Given(texts, "", true);
        query.requireKnown(known);
        parameters.forEach((name, values) -> {
            if (values.size() > 1) {
                throw query.refused(name, "must be given once");
            }
        });
        return query;
    }

    /** @throws RefusedRequestException if a request has a query */
    static void requireNoQuery(Context request) {
        query(parameters(request), Set.of());
    }

    /** The parameters of a request, as they stand in its query. */
    static Map<String, List<String>> parameters(Context request) {
        Map<String, List<String>> parameters;
        try {
            parameters = request.queryParamMap();
        } catch (IllegalArgumentException malformed) {
            parameters = Map.of("", List.of());
        }
        if (parameters.values().stream().anyMatch(List::isEmpty)) { // Javalin leaves out a value with a broken escape
            throw new RefusedRequestException(Problem.of(400, "the query is not percent-encoded as it must be"));
        }
        return parameters;
    }

    /** @throws RefusedRequestException if a value has another name */
    void requireKnown(Set<String> known) {
        object.fieldNames().forEachRemaining(name -> {
            if (!known.contains(name)) {
                String names = known.isEmpty() ? "none" : String.join(", ", new TreeSet<>(known));
                String hint = OF_ATTRIBUTE.matcher(path(name)).matches() ? "; attributes: publish.attributes" : "";
                throw refused(name, "is unknown; known here: " + names + hint);
            }
        });
    }

    boolean has(String name) {
        return object.hasNonNull(name);
    }

    /** Whether a name of a filter lists values. */
    boolean hasValues(String name) {
        return has(name) && !object.path(name).isObject();
    }

    /** Whether a name of a filter has bounds. */
    boolean hasBounds(String name) {
        return isQuery
                ? has(name + ".min") || has(name + ".max")
                : object.path(name).isObject();
    }

    /** Whether names belong together under another name. */
    boolean hasGroup(String name) {
        return isQuery ? names().stream().anyMatch(each -> each.startsWith(name + ".")) : has(name);
    }

    /** The values whose names belong together under another name; empty if there are none. */
    Given group(String name) {
        if (!isQuery && has(name)) {
            return json(path(name), object.path(name));
        }
        ObjectNode group = JsonNodeFactory.instance.objectNode();
        object.properties().stream()
                .filter(each -> isQuery && each.getKey().startsWith(name + "."))
                .forEach(each -> group.set(each.getKey().substring(name.length() + 1), each.getValue()));
        return new Given(group, path(name), isQuery);
    }

    /** Visits a group's values of attributes: in a query named after both, in JSON in an object for each attribute. */
    void valuesOf(List<String> attributes, AttributeValue visitor) {
        for (String attribute : attributes) {
            Given values = group(attribute);
            values.names().stream()
                    .filter(value -> !isQuery
                            || attributeOf(attribute + "." + value, attributes).equals(attribute))
                    .forEach(value -> visitor.visit(attribute, value, values));
        }
    }

    /** A value of an attribute, and the group in which it is named. */
    interface AttributeValue {
        void visit(String attribute, String value, Given group);
    }

    /** Of several attributes that a name begins with, the longest. */
    private static String attributeOf(String name, List<String> attributes) {
        return attributes.stream()
                .filter(attribute -> name.startsWith(attribute + "."))
                .max(Comparator.comparingInt(String::length))
                .orElse("");
    }

    private List<String> names() {
        List<String> names = new ArrayList<>();
        object.fieldNames().forEachRemaining(names::add);
        return names;
    }

    /** Places from 1 on, by item: in a query ITEM@PLACE with commas between, in JSON a member for each item. */
    Map<String, Integer> places(String name, int last) {
        if (!has(name)) {
            return Map.of();
        }
        Map<String, Integer> places = new HashMap<>();
        int given = 0;
        for (String each : isQuery ? texts(name, last) : group(name).names()) {
            int at = isQuery ? each.lastIndexOf('@') : each.length();
            String item = each.substring(0, Math.max(0, at));
            String place = isQuery
                    ? each.substring(at + 1)
                    : object.path(name).path(each).toString();
            places.put(item, WHOLE_NUMBER.matcher(place).matches() ? Integer.parseInt(place) : 0);
            given++;
        }
        boolean areApart = places.size() == given && new HashSet<>(places.values()).size() == given;
        if (!areApart
                || places.containsKey("")
                || places.values().stream().anyMatch(place -> place < 1 || place > last)) {
            throw refused(
                    name,
                    (isQuery
                                    ? "must be ITEM@PLACE with commas between"
                                    : "must be an object with a place for each item")
                            + ": places from 1 to " + last + ", each item and each place once");
        }
        return places;
    }

    /** A required id of 1 to 256 bytes. */
    String id(String name) {
        return checkedId(path(name), text(name));
    }

    static String checkedId(String name, String id) {
        boolean isPlain = id.chars().noneMatch(unit -> unit < ' ' || unit == 0x7f || unit == 0xfffd);
        if (id.isBlank() || !isPlain || !isUnicode(id) || id.getBytes(StandardCharsets.UTF_8).length > MAX_ID_BYTES) {
            throw refusal(
                    name, "must have 1 to " + MAX_ID_BYTES + " bytes of UTF-8, not all blank, no control characters");
        }
        return id;
    }

    /** A required text. */
    String text(String name) {
        if (!object.path(name).isTextual()) {
            throw refused(name, "is required, and must be a string");
        }
        return text(name, object.path(name));
    }

    /** A list of texts; empty if it is absent. In JSON a single one may stand without brackets, and numbers are taken as written. */
    List<String> texts(String name, int max) {
        List<String> texts = new ArrayList<>();
        JsonNode value = object.path(name);
        if (has(name) && isQuery) {
            texts.addAll(Arrays.asList(value.asText().split(",", -1)));
        } else if (has(name) && !value.isArray()) {
            texts.add(text(name, value));
        }
        value.forEach(element -> texts.add(text(name, element)));
        if (texts.size() > max || (isQuery && texts.contains(""))) {
            throw refused(
                    name,
                    isQuery
                            ? "must be 1 to " + max + " values with commas between"
                            : "must be an array of at most " + max + " strings");
        }
        return texts;
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

    int integer(String name, int byDefault, int min, int max) {
        if (!has(name)) {
            return byDefault;
        }
        JsonNode value = value(name);
        if (!value.canConvertToInt() || !value.isIntegralNumber() || value.intValue() < min || value.intValue() > max) {
            throw refused(name, "must be a whole number from " + min + " to " + max);
        }
        return value.intValue();
    }

    double number(String name, double byDefault, double min, double max) {
        if (!has(name)) {
            return byDefault;
        }
        JsonNode value = value(name);
        if (!value.isNumber() || !(value.doubleValue() >= min && value.doubleValue() <= max)) {
            boolean isAny = min == -Double.MAX_VALUE && max == Double.MAX_VALUE;
            throw refused(name, "must be a number" + (isAny ? "" : " from " + plain(min) + " to " + plain(max)));
        }
        return value.doubleValue();
    }

    boolean flag(String name, boolean byDefault) {
        if (!has(name)) {
            return byDefault;
        }
        JsonNode value = value(name);
        if (!value.isBoolean()) {
            throw refused(name, "must be true or false");
        }
        return value.booleanValue();
    }

    /** @param choices the first is that of an absent value */
    String choice(String name, List<String> choices) {
        String chosen = has(name) ? texts(name, 1).get(0) : choices.get(0);
        if (!choices.contains(chosen)) {
            throw refused(name, "must be " + String.join(" or ", choices));
        }
        return chosen;
    }

    /** Feature values by name: a string, a number, an array of strings (a bag) or of numbers (a dense vector). */
    Features features(String name) {
        Given features = group(name);
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

    private static boolean all(JsonNode array, Predicate<JsonNode> holds) {
        for (JsonNode element : array) {
            if (!holds.test(element)) {
                return false;
            }
        }
        return true;
    }

    private String text(String name, JsonNode value) {
        if (!value.isTextual() && !value.isNumber()) {
            throw refused(name, "must be an array of strings");
        }
        if (!isUnicode(value.asText())) {
            throw refused(name, "must be Unicode: it has half of a surrogate pair");
        }
        return value.asText();
    }

    /** Whether a text has no half of a surrogate pair: such a text has no form in UTF-8. */
    private static boolean isUnicode(String text) {
        return text.codePoints()
                .noneMatch(point -> point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE);
    }

    /** A value that is no list; of a query, what its text says. */
    private JsonNode value(String name) {
        if (!isQuery) {
            return object.path(name);
        }
        String text = object.path(name).asText();
        if (text.equals("true") || text.equals("false")) {
            return BooleanNode.valueOf(text.equals("true"));
        }
        try {
            return WHOLE_NUMBER.matcher(text).matches()
                    ? IntNode.valueOf(Integer.parseInt(text))
                    : DoubleNode.valueOf(Double.parseDouble(text));
        } catch (NumberFormatException noNumber) {
            return TextNode.valueOf(text);
        }
    }

    /** A bound as an error names it. */
    private static String plain(double bound) {
        return bound == Math.rint(bound) ? Long.toString((long) bound) : Double.toString(bound);
    }

    private String path(String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    RefusedRequestException refused(String name, String rule) {
        return refusal(name.isEmpty() ? (path.isEmpty() ? "the body" : path) : path(name), rule);
    }

    private static RefusedRequestException refusal(String name, String rule) {
        return new RefusedRequestException(Problem.ofParameter(name, name + " " + rule));
    }
}
