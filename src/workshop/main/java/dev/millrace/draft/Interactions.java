package dev.millrace.draft;

import dev.millrace.replay.LogSample;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;

/**
 * How the rows of a log say what the user did.
 *
 * @param sections of the mapping, each with the keys behind its name
 * @param columns that say it, which are not features
 * @param isClicked tells by its number whether a row was clicked; empty if a row does not say so of itself
 * @param isClicksOnly whether the log has no exposures
 * @param positives actions that are positives; empty for those of the default
 */
record Interactions(
        Choice choice,
        Map<String, Map<String, String>> sections,
        Collection<ColumnFacts> columns,
        Optional<IntPredicate> isClicked,
        boolean isClicksOnly,
        List<String> positives) {

    private static final int MOST_ACTIONS = 30;
    private static final int MOST_RATINGS = 100;
    private static final String USE = Role.CLICK.label();
    private static final Set<String> EXPOSURES =
            ColumnName.words("impression exposure exposed show shown display displayed recommended");
    private static final Set<String> POSITIVES = ColumnName.words(
            "view click cart add_to_cart addtocart purchase buy transaction pv fav like play watch order share detail"
                    + " read");

    /**
     * Chooses among the columns that are neither user, item nor time.
     *
     * @param given the column that the user named
     */
    static Interactions of(List<ColumnFacts> columns, Optional<ColumnFacts> given) {
        List<ColumnFacts> flags = columns.stream().filter(ColumnFacts::isFlag).toList();
        List<ColumnFacts> clicks = given.map(List::of).orElseGet(() -> flags.stream()
                .filter(column -> column.words().isFlagOf(ColumnName.CLICKS))
                .toList());
        List<ColumnFacts> others = flags.stream()
                .filter(column -> column.words().mentions(ColumnName.ACTIONS_OF_FLAGS) && !clicks.contains(column))
                .toList();
        if (!clicks.isEmpty()) {
            ColumnFacts best = clicks.get(0);
            String why = (given.isPresent() ? "named by --click; " : "the name says click; ") + share(best);
            String rest = names(clicks.subList(1, clicks.size()));
            return flags(Choice.among(best.name(), Role.CLICK, why, rest), Optional.of(best), others);
        }
        Optional<Interactions> actions = columns.stream()
                .filter(column -> column.words().mentions(ColumnName.ACTIONS) && column.distinct() <= MOST_ACTIONS)
                .flatMap(column -> actions(column).stream())
                .findFirst();
        if (actions.isPresent()) {
            return actions.get();
        }
        Optional<ColumnFacts> only =
                others.isEmpty() && flags.size() == 1 ? Optional.of(flags.get(0)) : Optional.empty();
        if (others.isEmpty() && only.isEmpty()) {
            return everyRow(columns, flags);
        }
        return flags(
                Choice.doubtful(
                        only.map(ColumnFacts::name).orElse("flags"),
                        USE,
                        "no column says click, but there are flags: " + names(flags),
                        "if a row is not an exposure, use the section clicks instead"),
                only,
                others);
    }

    /** Returns whether a row, by its number, is or has a positive. */
    boolean isPositive(int row) {
        return isClicked
                .map(clicked -> clicked.test(row))
                .orElseGet(() -> positives.isEmpty()
                        || columns.stream()
                                .anyMatch(column ->
                                        positives.contains(column.cells().get(row))));
    }

    /** A row is an exposure, and flags say what came of it: a click, if one says so, and other actions. */
    private static Interactions flags(Choice choice, Optional<ColumnFacts> click, List<ColumnFacts> others) {
        Map<String, String> keys = new LinkedHashMap<>();
        click.ifPresent(column -> keys.put("clicked", column.name()));
        others.forEach(
                column -> keys.put("flag." + column.name(), column.words().action()));
        List<ColumnFacts> columns = new ArrayList<>(others);
        click.ifPresent(columns::add);
        List<String> cells = click.orElseGet(() -> others.get(0)).cells();
        return new Interactions(
                choice,
                Map.of("log", keys),
                columns,
                Optional.of(row -> ColumnFacts.isYes(cells.get(row))),
                false,
                others.stream()
                        .filter(column -> click.isEmpty())
                        .map(column -> column.words().action())
                        .toList());
    }

    /** A column names what a row is, an exposure or an action; or what came of an exposure, if it has no value for these. */
    private static Optional<Interactions> actions(ColumnFacts column) {
        Set<String> exposures = new TreeSet<>(column.counts().keySet());
        exposures.removeIf(value -> !EXPOSURES.contains(value.toLowerCase(Locale.ROOT)));
        Set<String> positives = new TreeSet<>(column.counts().keySet());
        positives.removeAll(exposures);
        positives.removeAll(LogSample.NO_ACTION);
        boolean isKnown = !exposures.isEmpty()
                || positives.stream().anyMatch(value -> POSITIVES.contains(value.toLowerCase(Locale.ROOT)));
        if (!isKnown
                || positives.isEmpty()
                || column.counts().keySet().stream().anyMatch(value -> value.contains(","))) {
            return Optional.empty();
        }
        String name = column.name();
        String why = "its values are actions: " + counts(column);
        long without =
                column.cells().stream().filter(LogSample.NO_ACTION::contains).count();
        boolean areOutcomes = exposures.isEmpty() && without > 0;
        Map<String, Map<String, String>> sections = new LinkedHashMap<>();
        Map<String, String> keys = new LinkedHashMap<>(Map.of("action", name));
        if (!exposures.isEmpty()) {
            sections.put("exposures", Map.of("where." + name, String.join(",", exposures)));
            keys.put("where." + name, String.join(",", positives));
        }
        sections.put(areOutcomes ? "log" : "clicks", keys);
        return Optional.of(new Interactions(
                exposures.isEmpty()
                        ? Choice.doubtful(
                                name,
                                USE,
                                areOutcomes
                                        ? String.format(
                                                Locale.ROOT,
                                                "%s; %,d of %,d rows have none",
                                                why,
                                                without,
                                                column.rows())
                                        : why,
                                areOutcomes
                                        ? "a row without an action is taken for an exposure; if it is no more than a"
                                                + " gap, use the section clicks instead"
                                        : "no value is an exposure, so each row is a positive; take out of"
                                                + " attribution.actions what is none")
                        : Choice.clear(name, USE, why + "; exposures are " + String.join(", ", exposures)),
                sections,
                List.of(column),
                areOutcomes
                        ? Optional.of(row -> positives.contains(column.cells().get(row)))
                        : Optional.empty(),
                exposures.isEmpty() && !areOutcomes,
                List.copyOf(positives)));
    }

    /** Every row is a click. A rating may say how much it was liked. */
    private static Interactions everyRow(List<ColumnFacts> columns, List<ColumnFacts> flags) {
        Optional<ColumnFacts> rating = columns.stream()
                .filter(column -> column.words().mentions(ColumnName.RATINGS)
                        && column.isNumber()
                        && column.distinct() <= MOST_RATINGS)
                .findFirst();
        String what = "every row";
        Choice choice = rating.map(column -> Choice.clear(
                        what,
                        USE,
                        column.name() + " says how much it was liked (" + counts(column)
                                + "). For good ones only, add clicks.where." + column.name()
                                + " with the values that are good"))
                .orElseGet(() -> Choice.doubtful(
                        what,
                        USE,
                        "no column says what was clicked",
                        flags.isEmpty()
                                ? "not every row may be a click"
                                : "could be one of " + names(flags) + ": " + Role.CLICK.advice()));
        return new Interactions(
                choice, Map.of("clicks", Map.of()), rating.stream().toList(), Optional.empty(), true, List.of());
    }

    private static String share(ColumnFacts flag) {
        return String.format(Locale.ROOT, "%.1f %% of %,d rows have it", 100.0 * flag.yes() / flag.rows(), flag.rows());
    }

    private static String counts(ColumnFacts column) {
        return column.counts().entrySet().stream()
                .sorted(Map.Entry.<String, Integer>comparingByValue()
                        .reversed()
                        .thenComparing(Map.Entry.comparingByKey()))
                .limit(10)
                .map(entry -> String.format(Locale.ROOT, "%s %,d times", entry.getKey(), entry.getValue()))
                .collect(Collectors.joining(", "));
    }

    private static String names(List<ColumnFacts> columns) {
        return columns.stream().map(ColumnFacts::name).collect(Collectors.joining(", "));
    }
}
