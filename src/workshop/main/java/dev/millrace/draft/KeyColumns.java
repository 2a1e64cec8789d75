package dev.millrace.draft;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The columns of user, item and time, which every log has.
 *
 * @param reasons of the three, by role
 */
record KeyColumns(ColumnFacts user, ColumnFacts item, ColumnFacts time, Map<Role, Choice> reasons) {

    private static final String DOCUMENT = " (docs/your-own-data.md)";

    KeyColumns {
        reasons = Map.copyOf(reasons);
    }

    /**
     * Chooses by name, then by values.
     *
     * @param given columns that the user named
     * @throws UndecidedColumnException if one of the three cannot be told
     */
    static KeyColumns of(List<ColumnFacts> columns, Map<Role, ColumnFacts> given) {
        Picked time = Optional.ofNullable(given.get(Role.TIME))
                .map(column -> new Picked(column, settled(column, Role.TIME, written(column))))
                .orElseGet(() -> time(columns, given));
        List<ColumnFacts> left = columns.stream()
                .filter(column -> !column.equals(time.column) && !given.containsValue(column))
                .toList();
        Optional<Picked> knownUser = given(given, Role.USER).or(() -> named(left, Role.USER));
        Optional<Picked> knownItem = given(given, Role.ITEM).or(() -> named(left, Role.ITEM));
        List<ColumnFacts> unknown = left.stream()
                .filter(column -> knownUser.isEmpty() || !column.equals(knownUser.get().column))
                .filter(column -> knownItem.isEmpty() || !column.equals(knownItem.get().column))
                .toList();
        List<ColumnFacts> likely = unknown.stream()
                .filter(ColumnFacts::couldBeId)
                .sorted(Comparator.comparingInt(ColumnFacts::distinct).reversed())
                .limit((knownUser.isEmpty() ? 1 : 0) + (knownItem.isEmpty() ? 1 : 0))
                .sorted(Comparator.comparingInt(columns::indexOf))
                .toList();
        Picked user = knownUser.orElseGet(() -> byValues(Role.USER, likely, 0, unknown));
        Picked item = knownItem.orElseGet(() -> byValues(Role.ITEM, likely, knownUser.isEmpty() ? 1 : 0, unknown));
        return new KeyColumns(
                user.column,
                item.column,
                time.column,
                Map.of(Role.USER, user.choice, Role.ITEM, item.choice, Role.TIME, time.choice));
    }

    Choice reason(Role role) {
        return Objects.requireNonNull(reasons.get(role));
    }

    boolean isKey(ColumnFacts column) {
        return column.equals(user) || column.equals(item) || column.equals(time);
    }

    private static Optional<Picked> given(Map<Role, ColumnFacts> given, Role role) {
        return Optional.ofNullable(given.get(role)).map(column -> new Picked(column, settled(column, role, "")));
    }

    private static Choice settled(ColumnFacts column, Role role, String more) {
        return Choice.clear(column.name(), "named by " + role.option() + "; " + column.figures() + more);
    }

    private static Picked time(List<ColumnFacts> columns, Map<Role, ColumnFacts> given) {
        List<ColumnFacts> likely = columns.stream()
                .filter(column -> column.time().isPresent() && !given.containsValue(column))
                .filter(column -> !isNamedId(column))
                .sorted(Comparator.comparing((ColumnFacts column) -> !isNamedTime(column))
                        .thenComparing(column -> column.words().mentions(ColumnName.OTHER_TIMES))
                        .thenComparing(column -> column.name().equals(TopicSample.TIME))
                        .thenComparing(
                                Comparator.comparingInt(ColumnFacts::distinct).reversed()))
                .toList();
        if (likely.isEmpty()) {
            throw undecided(
                    Role.TIME,
                    columns,
                    "no column holds times from 1990 to 2100, written as seconds,"
                            + " milliseconds or microseconds since 1970 or as ISO 8601",
                    "A log needs a column of them. A table of items or users is no log: it gets a section of the"
                            + " mapping"
                            + DOCUMENT);
        }
        ColumnFacts best = likely.get(0);
        String why = (isNamedTime(best) ? "the name says time; " : "")
                + (likely.size() == 1 ? "the only column of times; " : "")
                + best.figures()
                + written(best);
        List<ColumnFacts> others = likely.subList(1, likely.size()).stream()
                .filter(column -> isNamedTime(column) == isNamedTime(best))
                .filter(column -> !column.name().equals(TopicSample.TIME)) // it is there for want of another
                .toList();
        return new Picked(best, Choice.among(best.name(), why, weighed(others), Role.TIME));
    }

    private static String written(ColumnFacts time) {
        return time.time().map(found -> ", written as " + found.label()).orElse("");
    }

    private static boolean isNamedTime(ColumnFacts column) {
        return column.words().mentions(ColumnName.TIMES);
    }

    private static boolean isNamedId(ColumnFacts column) {
        return column.words().isIdOf(ColumnName.USERS) || column.words().isIdOf(ColumnName.ITEMS);
    }

    private static Optional<Picked> named(List<ColumnFacts> columns, Role role) {
        Set<String> subjects = role == Role.USER ? ColumnName.USERS : ColumnName.ITEMS;
        List<ColumnFacts> named = columns.stream()
                .filter(column -> column.words().isIdOf(subjects) && column.distinct() > 1 && !column.isFlag())
                .sorted(Comparator.comparing(
                                (ColumnFacts column) -> column.words().mentions(ColumnName.SESSIONS))
                        .thenComparing(column -> !column.words().mentionsId())
                        .thenComparing(
                                Comparator.comparingInt(ColumnFacts::distinct).reversed()))
                .toList();
        return named.stream()
                .findFirst()
                .map(best -> new Picked(
                        best,
                        Choice.among(
                                best.name(),
                                "the name says " + role.label() + "; " + best.figures() + rowsEach(best, role),
                                weighed(named.subList(1, named.size())),
                                role)));
    }

    private static Picked byValues(Role role, List<ColumnFacts> likely, int at, List<ColumnFacts> weighed) {
        if (at >= likely.size()) {
            throw undecided(
                    role,
                    weighed,
                    "no column has a name that says " + role.label() + ", and none but those chosen already has values"
                            + " like ids, which come back",
                    role.advice());
        }
        ColumnFacts column = likely.get(at);
        String others = weighed(weighed.stream()
                .filter(other -> !other.equals(column) && other.looksLikeIds())
                .toList());
        return new Picked(
                column,
                Choice.doubtful(
                        column.name(),
                        column.figures() + rowsEach(column, role),
                        "no column's name says " + role.label() + ", this is by values and place alone"
                                + (others.isEmpty() ? "" : "; could also be " + others),
                        role));
    }

    private static String rowsEach(ColumnFacts column, Role role) {
        return String.format(
                Locale.ROOT, ", %,.1f rows for each %s", (double) column.filled() / column.distinct(), role.label());
    }

    private static String weighed(List<ColumnFacts> columns) {
        return columns.stream()
                .map(column -> column.name() + " (" + column.figures() + ")")
                .collect(Collectors.joining(", "));
    }

    private static UndecidedColumnException undecided(Role role, List<ColumnFacts> weighed, String why, String advice) {
        return new UndecidedColumnException("cannot tell the column of the " + role.label() + ": " + why + ". Weighed: "
                + weighed(weighed) + ". " + advice);
    }

    private record Picked(ColumnFacts column, Choice choice) {}
}
