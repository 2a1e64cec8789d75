package dev.millrace.serve;

import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;

/** The parameters of a query: each given once, none unknown. A group has its name and a dot before the names of its values. */
final class Query implements Given {

    private static final int MAX_ID_BYTES = 256;

    private final Map<String, List<String>> given;
    private final String prefix;

    /** @throws RefusedRequestException if a parameter is unknown or repeated */
    Query(Map<String, List<String>> given, Set<String> known) {
        this(given, "");
        given.forEach((name, values) -> {
            if (!known.contains(name)) {
                throw refused(name, unknown(known));
            }
            if (values.size() != 1) {
                throw refused(name, "must be given once");
            }
        });
    }

    private Query(Map<String, List<String>> given, String prefix) {
        this.given = given;
        this.prefix = prefix;
    }

    /** The rule that an unknown name breaks. */
    static String unknown(Set<String> known) {
        return "is unknown; known here: " + (known.isEmpty() ? "none" : String.join(", ", new TreeSet<>(known)));
    }

    /** @throws RefusedRequestException if a request has a query */
    static void requireNone(Context request) {
        new Query(parameters(request), Set.of());
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

    @Override
    public boolean has(String name) {
        return given.containsKey(prefix + name);
    }

    private Optional<String> value(String name) {
        return Optional.ofNullable(given.get(prefix + name)).map(values -> values.get(0));
    }

    @Override
    public String id(String name) {
        return checkedId(prefix + name, value(name).orElseThrow(() -> refused(name, "is required")));
    }

    static String checkedId(String name, String id) {
        boolean isPlain = id.chars().noneMatch(unit -> unit < ' ' || unit == 0x7f || unit == 0xfffd);
        if (id.isBlank() || !isPlain || !isUnicode(id) || id.getBytes(StandardCharsets.UTF_8).length > MAX_ID_BYTES) {
            throw refusal(
                    name, "must have 1 to " + MAX_ID_BYTES + " bytes of UTF-8, not all blank, no control characters");
        }
        return id;
    }

    /** Whether a text has no half of a surrogate pair: such a text has no form in UTF-8. */
    static boolean isUnicode(String text) {
        return text.codePoints()
                .noneMatch(point -> point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE);
    }

    @Override
    public int integer(String name, int byDefault, int min, int max) {
        String rule = "must be a whole number from " + min + " to " + max;
        return value(name)
                .map(text -> parsed(name, text, Integer::valueOf, rule, value -> value >= min && value <= max))
                .orElse(Math.min(byDefault, max));
    }

    @Override
    public double number(String name, double byDefault, double min, double max) {
        String rule = "must be a number" + range(min, max);
        return value(name)
                .map(text -> parsed(name, text, Double::valueOf, rule, value -> value >= min && value <= max))
                .orElse(byDefault);
    }

    private <T> T parsed(String name, String text, Function<String, T> reading, String rule, Predicate<T> isAllowed) {
        try {
            T value = reading.apply(text);
            if (isAllowed.test(value)) {
                return value;
            }
        } catch (NumberFormatException notANumber) {
            // refused below, like a number out of range
        }
        throw refused(name, rule);
    }

    /** A range as an error names it; nothing if each number that there is lies in it. */
    static String range(double min, double max) {
        return min == -Double.MAX_VALUE && max == Double.MAX_VALUE ? "" : " from " + plain(min) + " to " + plain(max);
    }

    /** A bound as an error names it. */
    static String plain(double bound) {
        return bound == Math.rint(bound) ? Long.toString((long) bound) : Double.toString(bound);
    }

    /** Values separated by commas; empty if the parameter is absent. */
    @Override
    public List<String> texts(String name, int max) {
        List<String> parts =
                value(name).map(text -> List.of(text.split(",", -1))).orElse(List.of());
        if (parts.size() > max || parts.stream().anyMatch(String::isEmpty)) {
            throw refused(name, "must be 1 to " + max + " values with commas between");
        }
        return parts;
    }

    @Override
    public Query group(String name) {
        return new Query(given, prefix + name + ".");
    }

    @Override
    public boolean hasValues(String name) {
        return has(name);
    }

    @Override
    public boolean hasBounds(String name) {
        return has(name + ".min") || has(name + ".max");
    }

    /** @param choices the first is that of an absent parameter */
    String choice(String name, List<String> choices) {
        String chosen = has(name) ? texts(name, 1).get(0) : choices.get(0);
        if (!choices.contains(chosen)) {
            throw refused(name, "must be " + String.join(" or ", choices));
        }
        return chosen;
    }

    @Override
    public boolean flag(String name, boolean byDefault) {
        return switch (value(name).orElse(Boolean.toString(byDefault))) {
            case "true" -> true;
            case "false" -> false;
            default -> throw refused(name, "must be true or false");
        };
    }

    @Override
    public RefusedRequestException refused(String name, String rule) {
        return refusal(prefix + name, rule);
    }

    private static RefusedRequestException refusal(String name, String rule) {
        return new RefusedRequestException(Problem.ofParameter(name, name + " " + rule));
    }
}
