package dev.millrace.draft;

import dev.millrace.replay.RowChange;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * The features among the other columns of a log.
 *
 * @param features in the order of the columns
 * @param leftOut columns that are none
 */
record FeatureDrafts(List<Feature> features, List<Choice> leftOut) {

    /** Whose a feature is. */
    enum Owner {
        USER,
        ITEM,
        CONTEXT;

        String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /**
     * A column that becomes a feature.
     *
     * @param distinct values in the sample
     * @param choice why it is the owner's, and of this shape
     */
    record Feature(String column, String name, Owner owner, CellShape shape, int distinct, Choice choice) {}

    private static final double MOST_EMPTY = 0.98;
    private static final double MOST_ALIKE = 0.999;
    private static final double MOST_OWN_VALUES = 0.5;
    private static final double KNOWS_THE_CLICK = 0.85;
    private static final int MOST_CONTEXTS = 10_000;
    private static final String NAMELESS =
            "differs from row to row, and no name says whether it is known before the click or"
                    + " comes of it, such as a rating";

    FeatureDrafts {
        features = List.copyOf(features);
        leftOut = List.copyOf(leftOut);
    }

    /** @param isNamed whether the log names its columns */
    static FeatureDrafts of(List<ColumnFacts> columns, boolean isNamed, KeyColumns keys, Interactions interactions) {
        List<Feature> features = new ArrayList<>();
        List<Choice> leftOut = new ArrayList<>();
        Set<String> names = new HashSet<>(Set.of("user", "item", "history"));
        for (ColumnFacts column : columns) {
            if (keys.isKey(column) || interactions.columns().contains(column)) {
                continue;
            }
            Optional<Choice> useless = useless(column)
                    .or(() -> knowsTheClick(column, interactions))
                    .map(why -> Choice.clear(column.name(), Choice.LEFT_OUT, why))
                    .or(() -> mayNameTheEvent(column));
            if (useless.isPresent()) {
                leftOut.add(useless.get());
                continue;
            }
            CellShape shape = CellShape.of(column);
            Feature feature = feature(column, shape, keys, names);
            Optional<String> unfit = feature.owner() == Owner.CONTEXT && !isNamed
                    ? Optional.of(NAMELESS)
                    : tooManyValues(column, feature, keys);
            unfit.ifPresentOrElse(
                    why -> leftOut.add(Choice.clear(column.name(), Choice.LEFT_OUT, why)), () -> features.add(feature));
        }
        return new FeatureDrafts(features, leftOut);
    }

    List<Feature> of(Owner owner) {
        return features.stream().filter(feature -> feature.owner() == owner).toList();
    }

    private static Optional<String> useless(ColumnFacts column) {
        ColumnName words = column.words();
        if (column.distinct() < 2) {
            return Optional.of(column.distinct() == 0 ? "has no value" : "always the same value");
        } else if (column.countsRows()) {
            return Optional.of("counts the rows");
        } else if (column.name().isEmpty()) {
            return Optional.of("has no name");
        } else if (column.name().startsWith(RowChange.KEY)) {
            return Optional.of("the key of the record, which says where it is kept");
        } else if (column.filled() < (1 - MOST_EMPTY) * column.rows()) {
            return Optional.of("nearly always empty; " + column.figures());
        } else if (column.sameByChance() > MOST_ALIKE) {
            return Optional.of("nearly always the same value; " + column.figures());
        } else if (column.time().isPresent() || words.isFlagOf(ColumnName.TIMES)) {
            return Optional.of("another time; a time makes no good feature as it is");
        } else if (words.mentions(ColumnName.AFTERWARDS)) {
            return Optional.of("the name says that it is known only after the click");
        }
        return words.isIdOf(ColumnName.USERS) || words.isIdOf(ColumnName.ITEMS)
                ? Optional.of("another id; " + column.figures())
                : Optional.empty();
    }

    private static Optional<Choice> mayNameTheEvent(ColumnFacts column) {
        return column.distinct() == column.filled() && !column.isNumber() && column.rows() >= 100
                ? Optional.of(Choice.doubtful(
                        column.name(),
                        Choice.LEFT_OUT,
                        "another value in each row",
                        "if it names the event, give it as .id: an event that comes again is then a repeat"))
                : Optional.empty();
    }

    /**
     * The area under the ROC curve of a number, for the click: the share of pairs of a clicked and another row in which the
     * clicked one has the larger number. What is known only after the click tells it too well.
     */
    private static Optional<String> knowsTheClick(ColumnFacts column, Interactions interactions) {
        if (!column.isNumber() || interactions.isClicked().isEmpty()) {
            return Optional.empty();
        }
        IntPredicate isClicked = interactions.isClicked().get();
        List<Scored> rows = IntStream.range(0, column.rows())
                .filter(row -> !column.cells().get(row).isEmpty())
                .mapToObj(row ->
                        new Scored(ColumnFacts.number(column.cells().get(row)).orElse(0), isClicked.test(row)))
                .sorted(Comparator.comparingDouble(Scored::value))
                .toList();
        double pairs = 0;
        double below = 0;
        long clicked = 0;
        for (int from = 0; from < rows.size(); ) {
            int to = from;
            int clickedHere = 0;
            while (to < rows.size() && rows.get(to).value == rows.get(from).value) {
                clickedHere += rows.get(to++).isClick ? 1 : 0;
            }
            int othersHere = to - from - clickedHere;
            pairs += clickedHere * (below + 0.5 * othersHere);
            below += othersHere;
            clicked += clickedHere;
            from = to;
        }
        double area = clicked == 0 || below == 0 ? 0.5 : pairs / (clicked * below);
        return Math.max(area, 1 - area) < KNOWS_THE_CLICK
                ? Optional.empty()
                : Optional.of(String.format(
                        Locale.ROOT,
                        "tells clicked rows from others too well to be known before the click (area under the ROC curve"
                                + " %.2f)",
                        area));
    }

    /** The user's or the item's if their rows have the same value far more often than by chance, else the moment's. */
    private static Feature feature(ColumnFacts column, CellShape shape, KeyColumns keys, Set<String> names) {
        Dependency user = Dependency.of(keys.column(Role.USER).cells(), column);
        Dependency item = Dependency.of(keys.column(Role.ITEM).cells(), column);
        boolean isUser = user.isStrong() && !(item.isStrong() && !isRatherOfUser(column, user, item));
        Owner owner = isUser ? Owner.USER : item.isStrong() ? Owner.ITEM : Owner.CONTEXT;
        String why = owner == Owner.CONTEXT
                ? String.format(
                        Locale.ROOT,
                        "rows of one user have the same value in %.1f %%, rows of one item in %.1f %%",
                        100 * user.same(),
                        100 * item.same())
                : same(owner, isUser ? user : item);
        Owner other = isUser ? Owner.ITEM : Owner.USER;
        return new Feature(
                column.name(),
                name(column, names),
                owner,
                shape,
                column.distinct(),
                new Choice(
                        column.name(),
                        "feature of the " + owner.label(),
                        why + "; " + shape.why() + "; " + column.figures(),
                        user.isStrong() && item.isStrong()
                                ? Optional.of("could be the " + other.label() + "'s too, "
                                        + same(other, isUser ? item : user))
                                : Optional.empty()));
    }

    /** If both decide a column, its name may tell; else the one that decides more of it, on more rows. */
    private static boolean isRatherOfUser(ColumnFacts column, Dependency user, Dependency item) {
        boolean saysUser = column.words().mentions(ColumnName.USERS);
        if (saysUser != column.words().mentions(ColumnName.ITEMS)) {
            return saysUser;
        }
        return user.strength() == item.strength() ? user.again() > item.again() : user.strength() > item.strength();
    }

    private static String same(Owner owner, Dependency dependency) {
        return String.format(
                Locale.ROOT,
                "the same for one %s in %.1f %% of %,d rows, by chance in %.1f %%",
                owner.label(),
                100 * dependency.same(),
                dependency.again(),
                100 * dependency.byChance());
    }

    private static Optional<String> tooManyValues(ColumnFacts column, Feature feature, KeyColumns keys) {
        if (!feature.shape().isCategory()) {
            return Optional.empty();
        }
        if (feature.owner() == Owner.CONTEXT) {
            return column.distinct() > MOST_CONTEXTS
                    ? Optional.of("too many values for a context; " + column.figures())
                    : Optional.empty();
        }
        int owners = keys.column(feature.owner() == Owner.USER ? Role.USER : Role.ITEM)
                .distinct();
        return column.distinct() > MOST_OWN_VALUES * owners && column.distinct() > 10
                ? Optional.of(String.format(
                        Locale.ROOT,
                        "tells little beside the id: %,d values of %,d %ss",
                        column.distinct(),
                        owners,
                        feature.owner().label()))
                : Optional.empty();
    }

    /** A name that a list of features can hold and that no other feature has. */
    private static String name(ColumnFacts column, Set<String> taken) {
        String plain = column.name().replaceAll("[^\\p{L}\\p{N}_-]+", "_");
        String name = plain;
        for (int copy = 2; !taken.add(name); copy++) {
            name = plain + "_" + copy;
        }
        return name;
    }

    private record Scored(double value, boolean isClick) {}

    /**
     * How far one column decides another: whether rows of the same user, or item, have the same value.
     *
     * @param again rows whose user or item came before
     * @param same share of these rows with the value that came first
     * @param byChance share that would have it if the values were dealt at random
     */
    private record Dependency(int again, double same, double byChance) {

        private static final int LEAST_AGAIN = 20;
        private static final double STRONG = 0.95;

        /** @param key [rows] user or item */
        static Dependency of(List<String> key, ColumnFacts value) {
            Map<String, String> first = new HashMap<>();
            int again = 0;
            int same = 0;
            for (int row = 0; row < key.size(); row++) {
                String cell = value.cells().get(row);
                String before = cell.isEmpty() ? null : first.putIfAbsent(key.get(row), cell);
                if (before != null) {
                    again++;
                    same += before.equals(cell) ? 1 : 0;
                }
            }
            return new Dependency(again, again == 0 ? 0 : (double) same / again, value.sameByChance());
        }

        /** 0 if the value is as good as dealt at random, 1 if it is decided. */
        double strength() {
            return again < LEAST_AGAIN || byChance >= 1 ? 0 : Math.max(0, (same - byChance) / (1 - byChance));
        }

        boolean isStrong() {
            return strength() >= STRONG;
        }
    }
}
