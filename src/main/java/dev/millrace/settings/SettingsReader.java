package dev.millrace.settings;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Reads typed settings from flat keys and collects every fault.
 *
 * <p>Each package's {@code Settings.read(reader)} asks for its keys, each with a default and one line of documentation.
 * The keys asked for make the settings reference. When all packages have read, {@link #finish} reports all faults,
 * unknown keys included.
 */
public final class SettingsReader {

    /** In keys whose value nobody should see. A file for Kafka's clients, given as one of settings, has such keys. */
    private static final Pattern SECRET =
            Pattern.compile("password|secret|jaas|token|credential|auth|\\bkey\\b", Pattern.CASE_INSENSITIVE);

    private final SortedMap<String, String> given;
    private final SortedMap<String, SettingDoc> documented = new TreeMap<>();
    private final SortedMap<String, String> effective = new TreeMap<>();
    private final Set<String> kept = new HashSet<>();
    private final Map<String, String> retired = new HashMap<>();
    private final Set<String> retiredFree = new HashSet<>();
    private final List<SettingFault> faults = new ArrayList<>();
    private boolean isFree;

    public SettingsReader(Map<String, String> given) {
        this.given = new TreeMap<>(given);
    }

    public String text(String key, String byDefault, String doc) {
        return read(key, byDefault, "text", doc, Function.identity(), Function.identity());
    }

    /**
     * Returns what a text names, such as a path.
     *
     * @param parser of the text; an {@link IllegalArgumentException} makes the text a fault
     * @param rule that the parser applies
     */
    public <T> T value(String key, String byDefault, Function<String, T> parser, String rule, String doc) {
        String text = text(key, byDefault, doc);
        try {
            return parser.apply(text);
        } catch (IllegalArgumentException unusable) {
            require(false, key, text, rule);
            return parser.apply(byDefault);
        }
    }

    public int integer(String key, int byDefault, int min, int max, String doc) {
        return (int) longInteger(key, byDefault, min, max, doc);
    }

    public long longInteger(String key, long byDefault, long min, long max, String doc) {
        String rule = "must be a whole number from " + min + " to " + max;
        Function<String, Long> parser = text -> {
            long value = parse(text, Long::parseLong, rule);
            return check(value >= min && value <= max, value, rule);
        };
        return read(
                key, Long.toString(byDefault), range("integer", min, max), doc, parser, value -> Long.toString(value));
    }

    /** Returns a number in [min, max]. */
    public double number(String key, double byDefault, double min, double max, String doc) {
        String rule = "must be a number from " + plain(min) + " to " + plain(max);
        Function<String, Double> parser = text -> {
            double value = parse(text, Double::parseDouble, rule);
            return check(value >= min && value <= max, value, rule);
        };
        return read(key, plain(byDefault), range("number", plain(min), plain(max)), doc, parser, SettingsReader::plain);
    }

    public boolean flag(String key, boolean byDefault, String doc) {
        Function<String, Boolean> parser = text -> switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new Unusable("must be true or false");
        };
        return read(key, Boolean.toString(byDefault), "true | false", doc, parser, value -> Boolean.toString(value));
    }

    /** Returns a duration such as {@code 250ms}, {@code 30s}, {@code 15m}, {@code 6h}, {@code 7d}. */
    public Duration duration(String key, Duration byDefault, Duration min, Duration max, String doc) {
        String rule =
                "must be a duration from " + plain(min) + " to " + plain(max) + ", such as 250ms, 30s, 15m, 6h, 7d";
        Function<String, Duration> parser = text -> {
            Duration value = parse(text, SettingsReader::parseDuration, rule);
            return check(value.compareTo(min) >= 0 && value.compareTo(max) <= 0, value, rule);
        };
        return read(
                key, plain(byDefault), range("duration", plain(min), plain(max)), doc, parser, SettingsReader::plain);
    }

    /** Returns one of an enum's constants, written in lower case with dashes. */
    public <E extends Enum<E>> E choice(String key, E byDefault, String doc) {
        Class<E> type = byDefault.getDeclaringClass();
        List<String> names = Arrays.stream(type.getEnumConstants())
                .map(SettingsReader::dashed)
                .toList();
        Function<String, E> parser = text -> {
            int at = names.indexOf(text);
            if (at < 0) {
                throw new Unusable("must be one of " + String.join(", ", names));
            }
            return type.getEnumConstants()[at];
        };
        return read(key, dashed(byDefault), String.join(" | ", names), doc, parser, SettingsReader::dashed);
    }

    /** Returns comma-separated names; an empty text gives none. */
    public List<String> names(String key, String byDefault, String doc) {
        return read(
                key, byDefault, "names, comma-separated", doc, SettingsReader::split, value -> String.join(",", value));
    }

    /** Returns comma-separated whole numbers; an empty text gives none. */
    public List<Integer> integers(String key, String byDefault, int min, int max, String doc) {
        String rule = "must be whole numbers from " + min + " to " + max + ", comma-separated";
        Function<String, List<Integer>> parser = text -> split(text).stream()
                .map(part -> {
                    int value = parse(part, Integer::parseInt, rule);
                    return check(value >= min && value <= max, value, rule);
                })
                .toList();
        return read(key, byDefault, range("integers, comma-separated", min, max), doc, parser, value -> value.stream()
                .map(String::valueOf)
                .collect(Collectors.joining(",")));
    }

    /**
     * Names a key that earlier versions had. If it is given, that is a fault, which names its successor.
     *
     * @see #finishKept
     */
    public void retired(String key, String successor) {
        retired.put(key, successor);
        if (isFree) {
            retiredFree.add(key);
        }
    }

    /** Adds a fault if a rule between settings does not hold. */
    public void require(boolean holds, String key, Object value, String rule) {
        SettingFault fault = new SettingFault(key, String.valueOf(value), rule);
        if (!holds && !faults.contains(fault)) { // two parts may read the same key
            faults.add(fault);
        }
    }

    /**
     * Returns the given settings whose key begins with the prefix, for families such as pass-through client settings.
     */
    public SortedMap<String, String> family(String prefix, String doc) {
        documented.put(prefix + "*", new SettingDoc(prefix + "*", "", "any", doc));
        return new TreeMap<>(given.subMap(prefix, prefix + Character.MAX_VALUE));
    }

    /**
     * Reads a part that no state depends on: its settings may change at any start. All others are {@linkplain #kept kept}
     * with the state.
     */
    public <T> T free(Function<SettingsReader, T> part) {
        boolean before = isFree;
        isFree = true;
        try {
            return part.apply(this);
        } finally {
            isFree = before;
        }
    }

    /**
     * Returns the effective value of every key asked for, by key: the given value or the default. Families of keys are
     * left out. A value has one text, however it was given: {@code 1800s} is {@code 30m}.
     */
    public SortedMap<String, String> effective() {
        return new TreeMap<>(effective);
    }

    /** Returns what {@link #effective} does, but without what was read as {@linkplain #free free} alone. */
    public SortedMap<String, String> kept() {
        SortedMap<String, String> texts = effective();
        texts.keySet().retainAll(kept);
        return texts;
    }

    /** Returns the documentation of every key asked for, in the order of the keys. */
    public List<SettingDoc> documented() {
        return List.copyOf(documented.values());
    }

    /**
     * Ends the reading; a given key that nobody asked for is a fault.
     *
     * @throws InvalidSettingsException if there is any fault
     */
    public void finish() {
        finish(Set.of());
    }

    /**
     * Ends the reading of settings that an earlier version may have written down. A key that it had, and that was {@linkplain #free free}, is no
     * fault: nothing depended on it. Any other is, as {@link #finish} has it.
     *
     * @throws InvalidSettingsException if there is any fault
     */
    public void finishKept() {
        finish(retiredFree);
    }

    private void finish(Set<String> passedOver) {
        for (Map.Entry<String, String> entry : given.entrySet()) {
            String key = entry.getKey();
            boolean known = documented.containsKey(key)
                    || documented.keySet().stream()
                            .anyMatch(known1 ->
                                    known1.endsWith("*") && key.startsWith(known1.substring(0, known1.length() - 1)));
            if (!known && !passedOver.contains(key)) {
                String shown = SECRET.matcher(key).find() ? "(hidden)" : entry.getValue();
                faults.add(new SettingFault(key, shown, unknown(key)));
            }
        }
        if (!faults.isEmpty()) {
            throw new InvalidSettingsException(faults);
        }
    }

    private String unknown(String key) {
        String successor = retired.get(key);
        return successor == null
                ? "is not a setting"
                        + nearest(key)
                                .map(near -> ", did you mean " + near + "?")
                                .orElse("")
                : "is no longer a setting, " + successor + " has taken its place";
    }

    private <T> T read(
            String key,
            String byDefault,
            String type,
            String doc,
            Function<String, T> parser,
            Function<T, String> writer) {
        SettingDoc before = documented.put(key, new SettingDoc(key, byDefault, type, doc));
        if (before != null && !before.byDefault().equals(byDefault)) {
            throw new IllegalStateException(key + " has two defaults: " + before.byDefault() + " and " + byDefault);
        }
        if (!isFree) {
            kept.add(key);
        }
        T value = parsed(key, byDefault, parser);
        effective.put(key, writer.apply(value));
        return value;
    }

    private <T> T parsed(String key, String byDefault, Function<String, T> parser) {
        String text = given.getOrDefault(key, byDefault).strip();
        try {
            return parser.apply(text);
        } catch (Unusable unusable) {
            SettingFault fault = new SettingFault(key, text, unusable.rule);
            if (!faults.contains(fault)) { // two parts may read the same key
                faults.add(fault);
            }
            return parser.apply(byDefault);
        }
    }

    private Optional<String> nearest(String key) {
        String best = null;
        int bestDistance = 1 + key.length() / 3;
        for (String candidate : documented.keySet()) {
            int distance = editDistance(key, candidate);
            if (distance < bestDistance) {
                best = candidate;
                bestDistance = distance;
            }
        }
        return Optional.ofNullable(best);
    }

    private static int editDistance(String left, String right) {
        int[] row = new int[right.length() + 1];
        for (int at = 0; at < row.length; at++) {
            row[at] = at;
        }
        for (int i = 1; i <= left.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= right.length(); j++) {
                int substituted = diagonal + (left.charAt(i - 1) == right.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substituted, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[right.length()];
    }

    private static <T> T parse(String text, Function<String, T> parser, String rule) {
        try {
            return parser.apply(text);
        } catch (IllegalArgumentException | ArithmeticException notParsed) { // not a number, or beyond the largest
            throw new Unusable(rule);
        }
    }

    private static <T> T check(boolean holds, T value, String rule) {
        if (!holds) {
            throw new Unusable(rule);
        }
        return value;
    }

    private static Duration parseDuration(String text) {
        int unitAt = 0;
        while (unitAt < text.length() && Character.isDigit(text.charAt(unitAt))) {
            unitAt++;
        }
        long amount = Long.parseLong(text.substring(0, unitAt));
        return switch (text.substring(unitAt)) {
            case "ms" -> Duration.ofMillis(amount);
            case "s" -> Duration.ofSeconds(amount);
            case "m" -> Duration.ofMinutes(amount);
            case "h" -> Duration.ofHours(amount);
            case "d" -> Duration.ofDays(amount);
            default -> throw new IllegalArgumentException(text);
        };
    }

    private static String plain(Duration duration) {
        long millis = duration.toMillis();
        if (millis % 86_400_000 == 0 && millis > 0) {
            return millis / 86_400_000 + "d";
        }
        if (millis % 3_600_000 == 0 && millis > 0) {
            return millis / 3_600_000 + "h";
        }
        if (millis % 60_000 == 0 && millis > 0) {
            return millis / 60_000 + "m";
        }
        return millis % 1_000 == 0 ? millis / 1_000 + "s" : millis + "ms";
    }

    private static String plain(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e9
                ? Long.toString((long) value)
                : Double.toString(value);
    }

    private static String range(String type, Object min, Object max) {
        return type + " in [" + min + ", " + max + "]";
    }

    private static String dashed(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static List<String> split(String text) {
        return Arrays.stream(text.split(",", -1))
                .map(String::strip)
                .filter(part -> !part.isEmpty())
                .toList();
    }

    private static final class Unusable extends RuntimeException {
        final String rule;

        Unusable(String rule) {
            super(rule);
            this.rule = rule;
        }
    }
}
