package dev.millrace.draft;

import dev.millrace.replay.LogSample;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;

/** How the rows of a log say what the user did. */
sealed interface Deeds {

    Choice choice();

    /** The columns that say it, which are no features. */
    Collection<ColumnFacts> columns();

    /** Tells by its number whether a row was clicked; empty if a row does not say so of itself. */
    default Optional<IntPredicate> clicked() {
        return Optional.empty();
    }

    /** Calls the function of this case's visitor. */
    <R> R accept(Visitor<R> visitor);

    /** One method for each case. */
    interface Visitor<R> {
        R flags(Flags flags);

        R outcomes(Outcomes outcomes);

        R actions(Actions actions);

        R clicks(Clicks clicks);
    }

    /**
     * A row is an exposure, and flags say what came of it.
     *
     * @param click the flag of the click, if one is
     * @param others flags of other actions
     */
    record Flags(Choice choice, Optional<ColumnFacts> click, List<ColumnFacts> others) implements Deeds {
        public Flags {
            others = List.copyOf(others);
        }

        @Override
        public Collection<ColumnFacts> columns() {
            List<ColumnFacts> all = new ArrayList<>(others);
            click.ifPresent(all::add);
            return all;
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.flags(this);
        }

        @Override
        public Optional<IntPredicate> clicked() {
            List<String> cells = click.orElseGet(() -> others.get(0)).cells();
            return Optional.of(row -> ColumnFacts.isYes(cells.get(row)));
        }
    }

    /**
     * A row is an exposure, and a column names what came of it, or nothing.
     *
     * @param done values that are actions of the user
     */
    record Outcomes(Choice choice, ColumnFacts column, List<String> done) implements Deeds {
        public Outcomes {
            done = List.copyOf(done);
        }

        @Override
        public Collection<ColumnFacts> columns() {
            return List.of(column);
        }

        @Override
        public Optional<IntPredicate> clicked() {
            return Optional.of(row -> done.contains(column.cells().get(row)));
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.outcomes(this);
        }
    }

    /**
     * A column names what a row is.
     *
     * @param shown values that are exposures
     * @param done values that are actions of the user
     */
    record Actions(Choice choice, ColumnFacts column, List<String> shown, List<String> done) implements Deeds {
        public Actions {
            shown = List.copyOf(shown);
            done = List.copyOf(done);
        }

        @Override
        public Collection<ColumnFacts> columns() {
            return List.of(column);
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.actions(this);
        }
    }

    /**
     * Every row is a click.
     *
     * @param rating a column that says how much it was liked
     */
    record Clicks(Choice choice, Optional<ColumnFacts> rating) implements Deeds {
        @Override
        public Collection<ColumnFacts> columns() {
            return rating.stream().toList();
        }

        @Override
        public <R> R accept(Visitor<R> visitor) {
            return visitor.clicks(this);
        }
    }

    int MOST_ACTIONS = 30;
    int MOST_RATINGS = 100;
    Set<String> SHOWN =
            Set.of("impression", "exposure", "exposed", "show", "shown", "display", "displayed", "recommended");
    Set<String> DONE = Set.of(
            "view",
            "click",
            "cart",
            "add_to_cart",
            "addtocart",
            "purchase",
            "buy",
            "transaction",
            "pv",
            "fav",
            "like",
            "play",
            "watch",
            "order",
            "share",
            "detail",
            "read");

    /**
     * Chooses among the columns that are neither user, item nor time.
     *
     * @param given the column that the user named
     */
    static Deeds of(List<ColumnFacts> columns, Optional<ColumnFacts> given) {
        List<ColumnFacts> flags = columns.stream().filter(ColumnFacts::isFlag).toList();
        List<ColumnFacts> others = flags.stream()
                .filter(column -> column.words().mentions(ColumnName.DEEDS)
                        && !column.words().isFlagOf(ColumnName.CLICKS)
                        && !given.equals(Optional.of(column)))
                .toList();
        if (given.isPresent()) {
            return new Flags(
                    Choice.clear(given.get().name(), "named by --click; " + share(given.get())), given, others);
        }
        List<ColumnFacts> named = flags.stream()
                .filter(column -> column.words().isFlagOf(ColumnName.CLICKS))
                .toList();
        if (!named.isEmpty()) {
            ColumnFacts best = named.get(0);
            String why = "the name says click; " + share(best);
            return new Flags(
                    named.size() == 1
                            ? Choice.clear(best.name(), why)
                            : Choice.doubtful(
                                    best.name(),
                                    why,
                                    "could also be " + names(named.subList(1, named.size())),
                                    Role.CLICK),
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
            return new Flags(
                    Choice.doubtful(
                            "flags",
                            "no column says click, but there are flags of " + names(others),
                            "if a row is not an exposure, use the section clicks instead"),
                    Optional.empty(),
                    others);
        }
        return flags.size() == 1 ? onlyFlag(flags.get(0)) : clicks(columns, flags);
    }

    private static Deeds onlyFlag(ColumnFacts flag) {
        return new Flags(
                Choice.doubtful(
                        flag.name(),
                        "the only flag; " + share(flag),
                        "no column's name says click; if this is no click, every row is one: use the section clicks"),
                Optional.of(flag),
                List.of());
    }

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
        String why = "its values are actions: " + counts(column.counts());
        long without =
                column.cells().stream().filter(LogSample.NO_ACTION::contains).count();
        if (shown.isEmpty() && without > 0) {
            return Optional.of(new Outcomes(
                    Choice.doubtful(
                            column.name(),
                            String.format(Locale.ROOT, "%s; %,d of %,d rows have none", why, without, column.rows()),
                            "a row without an action is taken for an exposure; if it is no more than a gap, use the section"
                                    + " clicks instead"),
                    column,
                    done));
        }
        return Optional.of(new Actions(
                shown.isEmpty()
                        ? Choice.doubtful(
                                column.name(),
                                why,
                                "no value is an exposure, so each row is a positive; take out of attribution.actions what"
                                        + " is none")
                        : Choice.clear(column.name(), why + "; exposures are " + String.join(", ", shown)),
                column,
                shown,
                done));
    }

    private static Deeds clicks(List<ColumnFacts> columns, List<ColumnFacts> flags) {
        Optional<ColumnFacts> rating = columns.stream()
                .filter(column -> column.words().mentions(ColumnName.RATINGS)
                        && column.isNumber()
                        && column.distinct() <= MOST_RATINGS)
                .findFirst();
        String why = rating.map(column -> "every row is a click; " + column.name()
                        + " says how much it was liked (" + counts(column.counts())
                        + "). For good ones only, add clicks.where." + column.name() + " with the values that are good")
                .orElse("every row is a click");
        return new Clicks(rating.isPresent() ? Choice.clear("every row", why) : everyRow(why, flags), rating);
    }

    private static Choice everyRow(String why, List<ColumnFacts> flags) {
        String doubt = "no column says what was clicked";
        return flags.isEmpty()
                ? Choice.doubtful("every row", why, doubt)
                : Choice.doubtful("every row", why, doubt + "; could be one of " + names(flags), Role.CLICK);
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
