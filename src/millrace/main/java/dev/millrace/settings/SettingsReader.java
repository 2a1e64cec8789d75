package dev.millrace.settings;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Reads typed settings from flat keys and collects every fault.
 *
 * <p>A setting is declared where it is read, in one line that has all there is to know of it:
 *
 * <pre>{@code
 * reader.integer("serve.port = 8080 in [0, 65535]: port of the recall API; 0 takes a free one")
 * }</pre>
 *
 * <p>Numbers and durations have bounds, both included; texts, flags and names have none. An empty default is left out. The
 * declarations make the settings reference, and the documentation of the record that is read. When all packages have read,
 * {@link #finish} reports all faults, unknown keys included.
 */
public final class SettingsReader {

    /** In keys whose value nobody should see. A file for Kafka's clients, given as one of settings, has such keys. */
    private static final Pattern SECRET =
            Pattern.compile("password|secret|jaas|token|credential|auth|\\bkey\\b", Pattern.CASE_INSENSITIVE);

    /** Milliseconds by the sign of a unit, the longest first. */
    private static final Map<String, Long> UNITS = new LinkedHashMap<>();

    static {
        UNITS.put("d", 86_400_000L);
        UNITS.put("h", 3_600_000L);
        UNITS.put("m", 60_000L);
        UNITS.put("s", 1_000L);
        UNITS.put("ms", 1L);
    }

    private static final Pattern PLACE = Pattern.compile("<[a-z]+>");

    private final SortedMap<String, String> given;
    private final SortedMap<String, SettingDoc> documented;
    private final SortedMap<String, String> effective;
    private final Set<String> kept;
    private final SortedMap<String, Runnable> lastChecks;
    private final List<SettingFault> faults;
    private final List<String> names;
    private boolean isFree;

    public SettingsReader(Map<String, String> given) {
        this.given = new TreeMap<>(given);
        this.documented = new TreeMap<>();
        this.effective = new TreeMap<>();
        this.kept = new HashSet<>();
        this.lastChecks = new TreeMap<>();
        this.faults = new ArrayList<>();
        this.names = List.of();
    }

    private SettingsReader(SettingsReader whole, List<String> names) {
        this.given = whole.given;
        this.documented = whole.documented;
        this.effective = whole.effective;
        this.kept = whole.kept;
        this.lastChecks = whole.lastChecks;
        this.faults = whole.faults;
        this.names = names;
        this.isFree = whole.isFree;
    }

    /**
     * Returns a reader of settings that there are for each of several names, such as {@code topic.<topic>.name}. The reference has one
     * row for all of them.
     *
     * @param of take the places in angle brackets of the keys that it is told, in their order
     */
    public SettingsReader named(String... of) {
        return new SettingsReader(this, List.of(of));
    }

    public String text(String declaration) {
        return read(Declaration.of(declaration), "text", "", Function.identity(), Function.identity());
    }

    /**
     * Returns what a text names, such as a path.
     *
     * @param parser of the text; an {@link IllegalArgumentException} makes the text a fault
     * @param rule that the parser applies
     */
    public <T> T value(String declaration, Function<String, T> parser, String rule) {
        String text = text(declaration);
        try {
            return parser.apply(text);
        } catch (IllegalArgumentException unusable) {
            Declaration declared = Declaration.of(declaration);
            require(false, declared.key, text, rule);
            return parser.apply(declared.byDefault);
        }
    }

    public int integer(String declaration) {
        return Math.toIntExact(longInteger(declaration));
    }

    public long longInteger(String declaration) {
        return bounded(declaration, "integer", "a whole number", "", Long::parseLong, value -> Long.toString(value));
    }

    public double number(String declaration) {
        return bounded(declaration, "number", "a number", "", Double::parseDouble, SettingsReader::plain);
    }

    /** Returns a duration such as {@code 250ms}, {@code 30s}, {@code 15m}, {@code 6h}, {@code 7d}. */
    public Duration duration(String declaration) {
        String examples = ", such as 250ms, 30s, 15m, 6h, 7d";
        return bounded(
                declaration, "duration", "a duration", examples, SettingsReader::parseDuration, SettingsReader::plain);
    }

    public boolean flag(String declaration) {
        Function<String, Boolean> parser = text -> switch (text) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException(text);
        };
        return read(Declaration.of(declaration), "true | false", "must be true or false", parser, String::valueOf);
    }

    /**
     * Returns one of an enum's constants, written in lower case with dashes.
     *
     * @param declaration without a default
     */
    public <E extends Enum<E>> E choice(String declaration, E byDefault) {
        List<E> constants = List.of(byDefault.getDeclaringClass().getEnumConstants());
        List<String> names = constants.stream().map(SettingsReader::dashed).toList();
        Function<String, E> parser = text -> {
            if (!names.contains(text)) {
                throw new IllegalArgumentException(text);
            }
            return constants.get(names.indexOf(text));
        };
        return read(
                Declaration.of(declaration).withDefault(dashed(byDefault)),
                String.join(" | ", names),
                "must be one of " + String.join(", ", names),
                parser,
                SettingsReader::dashed);
    }

    /** Returns comma-separated names; an empty text gives none. */
    public List<String> names(String declaration) {
        return read(
                Declaration.of(declaration),
                "names, comma-separated",
                "",
                SettingsReader::split,
                value -> String.join(",", value));
    }

    /** Returns comma-separated whole numbers within the bounds; an empty text gives none. */
    public List<Integer> integers(String declaration) {
        Declaration declared = Declaration.of(declaration);
        String rule = "must be whole numbers from " + declared.min + " to " + declared.max + ", comma-separated";
        Function<String, List<Integer>> parser = text -> split(text).stream()
                .map(part -> within(Integer.parseInt(part), declared, Integer::parseInt))
                .toList();
        String type = "integers, comma-separated in [" + declared.min + ", " + declared.max + "]";
        return read(declared, type, rule, parser, value -> value.stream()
                .map(String::valueOf)
                .collect(Collectors.joining(",")));
    }

    private <T extends Comparable<T>> T bounded(
            String declaration,
            String type,
            String called,
            String examples,
            Function<String, T> parser,
            Function<T, String> writer) {
        Declaration given = Declaration.of(declaration);
        Declaration declared = new Declaration(
                given.key,
                writer.apply(parser.apply(given.byDefault)),
                writer.apply(parser.apply(given.min)),
                writer.apply(parser.apply(given.max)),
                given.sentence);
        return read(
                declared,
                type + " in [" + declared.min + ", " + declared.max + "]",
                "must be " + called + " from " + declared.min + " to " + declared.max + examples,
                text -> within(parser.apply(text), declared, parser),
                writer);
    }

    private static <T extends Comparable<T>> T within(T value, Declaration declared, Function<String, T> parser) {
        if (value.compareTo(parser.apply(declared.min)) < 0 || value.compareTo(parser.apply(declared.max)) > 0) {
            throw new IllegalArgumentException(value.toString());
        }
        return value;
    }

    /** Adds a fault if a rule between settings does not hold. */
    public void require(boolean holds, String key, Object value, String rule) {
        SettingFault fault = new SettingFault(key(key), String.valueOf(value), rule);
        if (!holds && !faults.contains(fault)) { // two parts may read the same key
            faults.add(fault);
        }
    }

    /**
     * Adds a fault if a rule about a setting that was read does not hold.
     *
     * @param rule {@code key: must be so}
     */
    public void require(boolean holds, String rule) {
        String[] parts = rule.split(": ", 2);
        require(holds, parts[0], effective.getOrDefault(key(parts[0]), ""), parts[1]);
    }

    /**
     * Returns the given settings whose key begins with the prefix, for families such as pass-through client settings.
     */
    public SortedMap<String, String> family(String prefix, String doc) {
        documented.put(prefix + "*", new SettingDoc(prefix + "*", prefix + "*", "", "any", doc));
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
     * Adds a check that costs much, such as one that loads native libraries. {@link #finish} makes it, if nothing else is wrong.
     *
     * @param name a later check of the same name takes its place: two parts may read the same settings
     */
    public void requireLast(String name, Runnable check) {
        lastChecks.put(name, check);
    }

    /**
     * Ends the reading; a given key that nobody asked for is a fault.
     *
     * @throws InvalidSettingsException if there is any fault
     */
    public void finish() {
        for (Map.Entry<String, String> entry : given.entrySet()) {
            String key = entry.getKey();
            boolean isKnown = documented.containsKey(key)
                    || documented.keySet().stream()
                            .anyMatch(known ->
                                    known.endsWith("*") && key.startsWith(known.substring(0, known.length() - 1)));
            if (!isKnown) {
                String shown = SECRET.matcher(key).find() ? "(hidden)" : entry.getValue();
                String meant =
                        nearest(key).map(near -> ", did you mean " + near + "?").orElse("");
                faults.add(new SettingFault(key, shown, "is not a setting" + meant));
            }
        }
        if (faults.isEmpty()) {
            lastChecks.values().forEach(Runnable::run);
        }
        if (!faults.isEmpty()) {
            throw new InvalidSettingsException(faults);
        }
    }

    private <T> T read(
            Declaration declared, String type, String rule, Function<String, T> parser, Function<T, String> writer) {
        String key = key(declared.key);
        SettingDoc doc = new SettingDoc(key, declared.key, declared.byDefault, type, declared.sentence);
        SettingDoc before = documented.put(key, doc);
        if (before != null && !before.byDefault().equals(declared.byDefault)) {
            throw new IllegalStateException(
                    key + " has two defaults: " + before.byDefault() + " and " + declared.byDefault);
        }
        if (!isFree) {
            kept.add(key);
        }
        String text = given.getOrDefault(key, declared.byDefault).strip();
        T value;
        try {
            value = parser.apply(text);
        } catch (IllegalArgumentException | ArithmeticException unusable) { // no such value, or beyond the largest
            require(false, declared.key, text, rule);
            value = parser.apply(declared.byDefault);
        }
        effective.put(key, writer.apply(value));
        return value;
    }

    private String key(String pattern) {
        String key = pattern;
        for (String name : names) {
            key = PLACE.matcher(key).replaceFirst(Matcher.quoteReplacement(name));
        }
        return key;
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

    /** @throws IllegalArgumentException if the text is not a whole number and a unit of time */
    public static Duration parseDuration(String text) {
        String unit = text.replaceFirst("[0-9]*", "");
        long amount = Long.parseLong(text.substring(0, text.length() - unit.length()));
        return Duration.ofMillis(Math.multiplyExact(
                amount, Optional.ofNullable(UNITS.get(unit)).orElseThrow(() -> new IllegalArgumentException(text))));
    }

    private static String plain(Duration duration) {
        long millis = duration.toMillis();
        return UNITS.entrySet().stream()
                .filter(unit -> millis % unit.getValue() == 0
                        && (millis > 0 || unit.getKey().equals("s")))
                .findFirst()
                .map(unit -> millis / unit.getValue() + unit.getKey())
                .orElseThrow();
    }

    private static String plain(double value) {
        return value == Math.rint(value) && Math.abs(value) < 1e9
                ? Long.toString((long) value)
                : Double.toString(value);
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

    /** One setting in a line, {@code key = default in [min, max]: sentence}. */
    private record Declaration(String key, String byDefault, String min, String max, String sentence) {

        private static final Pattern FORM =
                Pattern.compile("([a-z0-9.<>-]+)(?: = (.*?))?(?: in \\[(\\S+), (\\S+)])?: (.*)");

        static Declaration of(String text) {
            Matcher found = FORM.matcher(text);
            if (!found.matches()) {
                throw new IllegalStateException("declares no setting: " + text);
            }
            return new Declaration(found.group(1), part(found, 2), part(found, 3), part(found, 4), found.group(5));
        }

        Declaration withDefault(String other) {
            return new Declaration(key, other, min, max, sentence);
        }

        private static String part(Matcher found, int group) {
            return Objects.requireNonNullElse(found.group(group), "");
        }
    }
}
