package dev.millrace.draft;

import dev.millrace.replay.RowChange;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/** The columns of user, item and time, which every log has. */
record KeyColumns(Map<Role, Key> keys) {

    private static final List<Role> IDS = List.of(Role.USER, Role.ITEM);

    private static final Comparator<ColumnFacts> MOST_DISTINCT =
            Comparator.comparingInt(ColumnFacts::distinct).reversed();

    private record Key(ColumnFacts column, Choice choice) {}

    /**
     * Chooses by name, then by values.
     *
     * @param given columns that the user named
     * @throws UndecidedColumnException if one of the three cannot be told
     */
    static KeyColumns of(List<ColumnFacts> columns, Map<Role, ColumnFacts> given) {
        Map<Role, Key> keys = new EnumMap<>(Role.class);
        List<ColumnFacts> left = new ArrayList<>(columns);
        given.forEach((role, column) -> {
            left.remove(column);
            String why = "named by " + role.option() + "; " + column.figures() + column.writtenTime();
            keys.put(role, new Key(column, Choice.clear(column.name(), role.label(), why)));
        });
        if (!keys.containsKey(Role.TIME)) {
            keys.put(Role.TIME, time(left));
            left.remove(column(keys, Role.TIME));
        }
        for (Role role : IDS) {
            if (!keys.containsKey(role)) {
                named(left, role).ifPresent(key -> keys.put(role, key));
            }
        }
        left.removeIf(column -> keys.values().stream().anyMatch(key -> key.column.equals(column)));
        Iterator<ColumnFacts> likely = left.stream()
                .filter(ColumnFacts::couldBeId)
                .sorted(MOST_DISTINCT)
                .limit(IDS.stream().filter(role -> !keys.containsKey(role)).count())
                .sorted(Comparator.comparingInt(columns::indexOf))
                .iterator();
        for (Role role : IDS) {
            if (!keys.containsKey(role)) {
                keys.put(role, byValues(role, likely, left));
            }
        }
        keys.remove(Role.CLICK);
        return new KeyColumns(keys);
    }

    ColumnFacts column(Role role) {
        return column(keys, role);
    }

    boolean isKey(ColumnFacts column) {
        return keys.values().stream().anyMatch(key -> key.column.equals(column));
    }

    /** Of user, item and time. */
    List<Choice> choices() {
        return keys.values().stream().map(Key::choice).toList();
    }

    private static ColumnFacts column(Map<Role, Key> keys, Role role) {
        return Objects.requireNonNull(keys.get(role)).column;
    }

    private static Key time(List<ColumnFacts> columns) {
        List<ColumnFacts> likely = columns.stream()
                .filter(column -> column.time().isPresent()
                        && !column.words().isIdOf(ColumnName.USERS)
                        && !column.words().isIdOf(ColumnName.ITEMS))
                .sorted(Comparator.comparing((ColumnFacts column) -> !isNamedTime(column))
                        .thenComparing(column -> column.words().mentions(ColumnName.OTHER_TIMES))
                        .thenComparing(KeyColumns::isOfRecord)
                        .thenComparing(MOST_DISTINCT))
                .toList();
        if (likely.isEmpty()) {
            throw undecided(
                    Role.TIME,
                    columns,
                    "no column holds times from 1990 to 2100, written as seconds,"
                            + " milliseconds or microseconds since 1970 or as ISO 8601",
                    "A log needs a column of them. A table of items or users is no log: it gets a section of the"
                            + " mapping (docs/your-own-data.md)");
        }
        ColumnFacts best = likely.get(0);
        String others = weighed(likely.stream()
                .filter(column ->
                        !column.equals(best) && isNamedTime(column) == isNamedTime(best) && !isOfRecord(column))
                .toList());
        String why = (isNamedTime(best) ? "the name says time; " : "") + best.figures() + best.writtenTime();
        return new Key(best, Choice.among(best.name(), Role.TIME, why, others));
    }

    private static boolean isNamedTime(ColumnFacts column) {
        return column.words().mentions(ColumnName.TIMES);
    }

    /** The record's own time is there for want of another. */
    private static boolean isOfRecord(ColumnFacts column) {
        return column.name().equals(RowChange.TIME);
    }

    private static Optional<Key> named(List<ColumnFacts> columns, Role role) {
        Set<String> subjects = role == Role.USER ? ColumnName.USERS : ColumnName.ITEMS;
        List<ColumnFacts> named = columns.stream()
                .filter(column -> column.words().isIdOf(subjects) && column.distinct() > 1 && !column.isFlag())
                .sorted(Comparator.comparing(
                                (ColumnFacts column) -> column.words().mentions(ColumnName.SESSIONS))
                        .thenComparing(column -> !column.words().mentionsId())
                        .thenComparing(MOST_DISTINCT))
                .toList();
        return named.stream().findFirst().map(best -> {
            String why = "the name says " + role.label() + "; " + rowsEach(best, role);
            return new Key(best, Choice.among(best.name(), role, why, weighed(named.subList(1, named.size()))));
        });
    }

    private static Key byValues(Role role, Iterator<ColumnFacts> likely, List<ColumnFacts> weighed) {
        if (!likely.hasNext()) {
            throw undecided(
                    role,
                    weighed,
                    "no column has a name that says " + role.label() + ", and none but those chosen already has values"
                            + " like ids, which come back",
                    role.advice());
        }
        ColumnFacts column = likely.next();
        String others = weighed(weighed.stream()
                .filter(other -> !other.equals(column) && other.looksLikeIds())
                .toList());
        String doubt = "no column's name says " + role.label() + ", this is by values and place alone"
                + (others.isEmpty() ? "" : "; could also be " + others) + ": " + role.advice();
        return new Key(column, Choice.doubtful(column.name(), role.label(), rowsEach(column, role), doubt));
    }

    private static String rowsEach(ColumnFacts column, Role role) {
        double rows = (double) column.filled() / column.distinct();
        return String.format(Locale.ROOT, "%s, %,.1f rows for each %s", column.figures(), rows, role.label());
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
}
