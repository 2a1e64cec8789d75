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
 * @param sections of the mapping; the choice is that of the last one
 * @param columns that say it, which are no features
 * @param clicked tells by its number whether a row was clicked; empty if a row does not say so of itself
 * @param isClicksOnly whether the log has no exposures
 * @param actions that are positives; empty for those of the default
 */
record Deeds(
        Choice choice,
        List<Section> sections,
        Collection<ColumnFacts> columns,
        Optional<IntPredicate> clicked,
        boolean isClicksOnly,
        List<String> actions) {

    /**
     * A section of the mapping.
     *
     * @param keys behind its name
     */
    record Section(String name, Map<String, String> keys) {}

    private static final int MOST_ACTIONS = 30;
    private static final int MOST_RATINGS = 100;
    private static final Set<String> SHOWN =
            Set.of("impression", "exposure", "exposed", "show", "shown", "display", "displayed", "recommended");
    private static final Set<String> DONE = ColumnName.words(
            "view click cart add_to_cart addtocart purchase buy transaction pv fav like play watch order share detail"
                    + " read");

    /**
     * Chooses among the columns that are neither user, item nor time.
     *
     * @param given the column that the user named
     */
    static Deeds of(List<ColumnFacts> columns, Optional<ColumnFacts> given) {
        List<ColumnFacts> flags = columns.stream().filter(ColumnFacts::isFlag).toList();
        List<ColumnFacts> clicks = flags.stream()
                .filter(column -> column.words().isFlagOf(ColumnName.CLICKS))
                .toList();
        List<ColumnFacts> others = flags.stream()
                .filter(column -> column.words().mentions(ColumnName.DEEDS)
                        && !clicks.contains(column)
                        && !given.equals(Optional.of(column)))
                .toList();
        if (given.isPresent()) {
            return flags(Choice.clear(given.get().name(), "named by --click; " + share(given.get())), given, others);
        }
        if (!clicks.isEmpty()) {
            ColumnFacts best = clicks.get(0);
            String why = "the name says click; " + share(best);
            return flags(
                    Choice.among(best.name(), why, names(clicks.subList(1, clicks.size())), Role.CLICK),
                    Optional.of(best),
                    others);
        }
        Optional<Deeds> actions = columns.stream()
                .filter(column -> column.words().mentions(ColumnName.ACTIONS) && column.distinct() <= MOST_ACTIONS)
                .flatMap(column -> actions(column).stream())
                .findFirst();
        if (actions.isPresent()) {
            return actions.get();
        }
        if (!others.isEmpty()) {
            return flags(
                    Choice.doubtful(
                            "flags",
                            "no column says click, but there are flags of " + names(others),
                            "if a row is not an exposure, use the section clicks instead"),
                    Optional.empty(),
                    others);
        }
        return flags.size() == 1
                ? flags(
                        Choice.doubtful(
                                flags.get(0).name(),
                                "the only flag; " + share(flags.get(0)),
                                "no column's name says click; if this is no click, every row is one: use the section"
                                        + " clicks"),
                        Optional.of(flags.get(0)),
                        List.of())
                : clicks(columns, flags);
    }

    /** A row is an exposure, and flags say what came of it: a click, if one says so, and other actions. */
    private static Deeds flags(Choice choice, Optional<ColumnFacts> click, List<ColumnFacts> others) {
        Map<String, String> keys = new LinkedHashMap<>();
        click.ifPresent(column -> keys.put("clicked", column.name()));
        others.forEach(
                column -> keys.put("flag." + column.name(), column.words().deed()));
        List<ColumnFacts> columns = new ArrayList<>(others);
        click.ifPresent(columns::add);
        List<String> cells = click.orElseGet(() -> others.get(0)).cells();
        return new Deeds(
                choice,
                List.of(new Section("log", keys)),
                columns,
                Optional.of(row -> ColumnFacts.isYes(cells.get(row))),
                false,
                click.isPresent()
                        ? List.of()
                        : others.stream().map(column -> column.words().deed()).toList());
    }

    /** A column names what a row is, an exposure or an action; or what came of an exposure, if it has no value for these. */
    private static Optional<Deeds> actions(ColumnFacts column) {
        Set<String> values = new TreeSet<>(column.counts().keySet());
        List<String> shown = values.stream()
                .filter(value -> SHOWN.contains(value.toLowerCase(Locale.ROOT)))
                .toList();
        List<String> done = values.stream()
                .filter(value -> !shown.contains(value) && !LogSample.NO_ACTION.contains(value))
                .toList();
        boolean isKnown =
                !shown.isEmpty() || done.stream().anyMatch(value -> DONE.contains(value.toLowerCase(Locale.ROOT)));
        if (!isKnown || done.isEmpty() || values.stream().anyMatch(value -> value.contains(","))) {
            return Optional.empty();
        }
        String name = column.name();
        String why = "its values are actions: " + counts(column.counts());
        if (!shown.isEmpty()) {
            String where = "where." + name;
            Map<String, String> clicks = new LinkedHashMap<>();
            clicks.put("action", name);
            clicks.put(where, String.join(",", done));
            return Optional.of(new Deeds(
                    Choice.clear(name, why + "; exposures are " + String.join(", ", shown)),
                    List.of(
                            new Section("exposures", Map.of(where, String.join(",", shown))),
                            new Section("clicks", clicks)),
                    List.of(column),
                    Optional.empty(),
                    false,
                    done));
        }
        long without =
                column.cells().stream().filter(LogSample.NO_ACTION::contains).count();
        boolean areOutcomes = without > 0;
        Choice choice = areOutcomes
                ? Choice.doubtful(
                        name,
                        String.format(Locale.ROOT, "%s; %,d of %,d rows have none", why, without, column.rows()),
                        "a row without an action is taken for an exposure; if it is no more than a gap, use the section"
                                + " clicks instead")
                : Choice.doubtful(
                        name,
                        why,
                        "no value is an exposure, so each row is a positive; take out of attribution.actions what is"
                                + " none");
        return Optional.of(new Deeds(
                choice,
                List.of(new Section(areOutcomes ? "log" : "clicks", Map.of("action", name))),
                List.of(column),
                areOutcomes ? Optional.of(row -> done.contains(column.cells().get(row))) : Optional.empty(),
                !areOutcomes,
                done));
    }

    /** Every row is a click. A rating may say how much it was liked. */
    private static Deeds clicks(List<ColumnFacts> columns, List<ColumnFacts> flags) {
        Optional<ColumnFacts> rating = columns.stream()
                .filter(column -> column.words().mentions(ColumnName.RATINGS)
                        && column.isNumber()
                        && column.distinct() <= MOST_RATINGS)
                .findFirst();
        String what = "every row";
        String why = "every row is a click";
        String doubt = "no column says what was clicked";
        Choice choice = rating.map(column -> Choice.clear(
                        what,
                        why + "; " + column.name() + " says how much it was liked (" + counts(column.counts())
                                + "). For good ones only, add clicks.where." + column.name()
                                + " with the values that are good"))
                .orElseGet(() -> flags.isEmpty()
                        ? Choice.doubtful(what, why, doubt)
                        : Choice.doubtful(what, why, doubt + "; could be one of " + names(flags), Role.CLICK));
        return new Deeds(
                choice,
                List.of(new Section("clicks", Map.of())),
                rating.stream().toList(),
                Optional.empty(),
                true,
                List.of());
    }

    private static String share(ColumnFacts flag) {
        return String.format(Locale.ROOT, "%.1f %% of %,d rows have it", 100.0 * flag.yes() / flag.rows(), flag.rows());
    }

    private static String counts(Map<String, Integer> counts) {
        return counts.entrySet().stream()
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
