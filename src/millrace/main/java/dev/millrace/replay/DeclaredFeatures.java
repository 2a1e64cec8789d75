package dev.millrace.replay;

import dev.millrace.feature.FeatureSpec;
import dev.millrace.feature.FeatureSpec.Source;
import dev.millrace.settings.SettingFault;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The features that a mapping gives to users, items and exposures. A tower can learn from no others of this log. */
public final class DeclaredFeatures {

    /** What Millrace itself adds to a user's features begins so. */
    private static final String OWN = "millrace.";

    private final Map<Source, Map<String, Set<FeatureColumn.Kind>>> kinds = new EnumMap<>(Source.class);

    void add(Source source, List<FeatureColumn> columns) {
        Map<String, Set<FeatureColumn.Kind>> known = kinds.computeIfAbsent(source, none -> new TreeMap<>());
        columns.forEach(column -> known.computeIfAbsent(column.name(), none -> EnumSet.noneOf(FeatureColumn.Kind.class))
                .add(column.kind()));
    }

    /** Returns whose features they are: users', items', or both. */
    Set<Source> sources() {
        return kinds.entrySet().stream()
                .filter(given ->
                        given.getKey() != Source.CONTEXT && !given.getValue().isEmpty())
                .map(Map.Entry::getKey)
                .collect(Collectors.toSet());
    }

    /**
     * Returns a fault for each feature that the mapping does not give, or gives as another kind of value.
     *
     * @param tower {@code user} or {@code item}
     */
    public List<SettingFault> faults(String tower, List<FeatureSpec> features) {
        List<SettingFault> faults = new ArrayList<>();
        for (FeatureSpec feature : features) {
            if (isOfTheLog(feature)) {
                Map<String, Set<FeatureColumn.Kind>> given = kinds.getOrDefault(feature.source(), Map.of());
                Set<FeatureColumn.Kind> as = given.getOrDefault(feature.name(), Set.of());
                if (as.isEmpty()) {
                    faults.add(new SettingFault(
                            "features." + tower,
                            feature.name(),
                            "must be a feature of source " + named(feature.source())
                                    + " that the mapping gives, which are "
                                    + (given.isEmpty() ? "none" : String.join(", ", given.keySet()))));
                } else if (as.stream().noneMatch(kind -> readable(kind).contains(feature.kind()))) {
                    faults.add(new SettingFault(
                            "features." + tower + "." + feature.name() + ".kind",
                            named(feature.kind()),
                            "must suit "
                                    + as.stream().map(DeclaredFeatures::named).collect(Collectors.joining(" or "))
                                    + ", as the mapping gives it"));
                }
            }
        }
        return faults;
    }

    /**
     * Returns the features that the mapping gives and nobody reads, with their sources, such as {@code item price}.
     *
     * @param read by the towers
     * @param published attributes of items
     */
    public List<String> unread(List<FeatureSpec> read, List<String> published) {
        List<String> unread = new ArrayList<>();
        kinds.forEach((source, given) -> given.keySet().stream()
                .filter(name -> read.stream()
                        .noneMatch(feature ->
                                feature.source() == source && feature.name().equals(name)))
                .filter(name -> source != Source.ITEM || !published.contains(name))
                .forEach(name -> unread.add(named(source) + " " + name)));
        return unread;
    }

    /** An age needs no value of its own: it may count from the item's record. */
    private static boolean isOfTheLog(FeatureSpec feature) {
        return feature.kind() != FeatureSpec.Kind.ID
                && feature.kind() != FeatureSpec.Kind.AGE
                && feature.source() != Source.HISTORY
                && !feature.name().startsWith(OWN);
    }

    private static Set<FeatureSpec.Kind> readable(FeatureColumn.Kind kind) {
        return switch (kind) {
            case CATEGORY -> EnumSet.of(FeatureSpec.Kind.CATEGORICAL, FeatureSpec.Kind.BAG, FeatureSpec.Kind.TEXT);
            case NUMBER -> EnumSet.complementOf(EnumSet.of(FeatureSpec.Kind.VECTOR));
            case BAG -> EnumSet.of(FeatureSpec.Kind.BAG, FeatureSpec.Kind.TEXT);
            case VECTOR -> EnumSet.of(FeatureSpec.Kind.VECTOR);
        };
    }

    private static String named(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT);
    }
}
