package dev.millrace.serve;

import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The parameters of a query: each given once, none unknown. */
final class Query {

    private static final int MAX_ID_BYTES = 256;

    private final Map<String, List<String>> given;

    /** @throws RefusedRequestException if a parameter is unknown or repeated */
    Query(Map<String, List<String>> given, Set<String> known) {
        for (Map.Entry<String, List<String>> parameter : given.entrySet()) {
            if (!known.contains(parameter.getKey())) {
                throw refused(
                        parameter.getKey(),
                        "is unknown; known here: "
                                + (known.isEmpty() ? "none" : String.join(", ", new TreeSet<>(known))));
            }
            if (parameter.getValue().size() != 1) {
                throw refused(parameter.getKey(), "must be given once");
            }
        }
        this.given = given;
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

    /** A required id of 1 to 256 bytes. */
    String id(String name) {
        List<String> values = given.getOrDefault(name, List.of());
        if (values.isEmpty()) {
            throw refused(name, "is required");
        }
        return checkedId(name, values.get(0));
    }

    static String checkedId(String name, String id) {
        boolean isPlain = id.chars().noneMatch(unit -> unit < ' ' || unit == 0x7f || unit == 0xfffd);
        if (id.isBlank() || !isPlain || !isUnicode(id) || id.getBytes(StandardCharsets.UTF_8).length > MAX_ID_BYTES) {
            throw refused(
                    name, "must have 1 to " + MAX_ID_BYTES + " bytes of UTF-8, not all blank, no control characters");
        }
        return id;
    }

    /** Whether a text has no half of a surrogate pair: such a text has no form in UTF-8. */
    static boolean isUnicode(String text) {
        return text.codePoints()
                .noneMatch(point -> point >= Character.MIN_SURROGATE && point <= Character.MAX_SURROGATE);
    }

    int integer(String name, int byDefault, int min, int max) {
        List<String> values = given.getOrDefault(name, List.of());
        if (values.isEmpty()) {
            return Math.min(byDefault, max);
        }
        try {
            int value = Integer.parseInt(values.get(0));
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException notANumber) {
            // refused below, like a number out of range
        }
        throw refused(name, "must be a whole number from " + min + " to " + max);
    }

    double number(String name, double byDefault, double min, double max) {
        List<String> values = given.getOrDefault(name, List.of());
        if (values.isEmpty()) {
            return byDefault;
        }
        try {
            double value = Double.parseDouble(values.get(0));
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException notANumber) {
            // refused below, like a number out of range
        }
        throw refused(name, "must be a number" + range(min, max));
    }

    /** A range as an error names it; nothing if each number that there is lies in it. */
    static String range(double min, double max) {
        return min == -Double.MAX_VALUE && max == Double.MAX_VALUE ? "" : " from " + plain(min) + " to " + plain(max);
    }

    /** A bound as an error names it. */
    static String plain(double bound) {
        return bound == Math.rint(bound) ? Long.toString((long) bound) : Double.toString(bound);
    }

    boolean has(String name) {
        return given.containsKey(name);
    }

    /** Values separated by commas; empty if the parameter is absent. */
    List<String> list(String name, int max) {
        List<String> values = given.getOrDefault(name, List.of());
        if (values.isEmpty()) {
            return List.of();
        }
        List<String> parts = List.of(values.get(0).split(",", -1));
        if (parts.size() > max || parts.stream().anyMatch(String::isEmpty)) {
            throw refused(name, "must be 1 to " + max + " values with commas between");
        }
        return parts;
    }

    /** @param choices the first is that of an absent parameter */
    String choice(String name, List<String> choices) {
        String chosen = has(name) ? list(name, 1).get(0) : choices.get(0);
        if (!choices.contains(chosen)) {
            throw refused(name, "must be " + String.join(" or ", choices));
        }
        return chosen;
    }

    boolean flag(String name, boolean byDefault) {
        List<String> values = given.getOrDefault(name, List.of());
        if (values.isEmpty()) {
            return byDefault;
        }
        return switch (values.get(0)) {
            case "true" -> true;
            case "false" -> false;
            default -> throw refused(name, "must be true or false");
        };
    }

    static RefusedRequestException refused(String name, String rule) {
        return new RefusedRequestException(Problem.ofParameter(name, name + " " + rule));
    }
}
