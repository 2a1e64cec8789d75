package dev.millrace.draft;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
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
    static FeatureDrafts of(List<ColumnFacts> columns, boolean isNamed, KeyColumns keys, Deeds deeds) {
        List<Feature> features = new ArrayList<>();
        List<Choice> leftOut = new ArrayList<>();
        Set<String> names = new HashSet<>(Set.of("user", "item", "history"));
        for (ColumnFacts column : columns) {
            if (keys.isKey(column) || deeds.columns().contains(column)) {
                continue;
            }
            Optional<Choice> useless = useless(column)
                    .or(() -> knowsTheClick(column, deeds))
                    .map(why -> Choice.clear(column.name(), why))
                    .or(() -> mayNameTheEvent(column));
            if (useless.isPresent()) {
                leftOut.add(useless.get());
                continue;
            }
            Ownership ownership = ownership(column, keys);
            CellShape cells = CellShape.of(column);
            Optional<String> unfit = tooManyValues(column, ownership, cells, keys)
                    .or(() -> ownership.owner == Owner.CONTEXT && !isNamed ? Optional.of(NAMELESS) : Optional.empty());
            if (unfit.isPresent()) {
                leftOut.add(Choice.clear(column.name(), unfit.get()));
            } else {
                features.add(new Feature(
                        column.name(),
                        name(column, names),
                        ownership.owner,
                        cells,
                        column.distinct(),
                        new Choice(
                                column.name(),
                                ownership.why + "; " + cells.why() + "; " + column.figures(),
                                ownership.doubt,
                                false)));
            }
        }
        return new FeatureDrafts(features, leftOut);
    }

    List<Feature> of(Owner owner) {
        return features.stream().filter(feature -> feature.owner() == owner).toList();
    }

    private static Optional<String> useless(ColumnFacts column) {
        ColumnName words = column.words();
        Map<String, Boolean> reasons = new LinkedHashMap<>();
        reasons.put("has no value", column.distinct() == 0);
        reasons.put("always the same value", column.distinct() == 1);
        reasons.put("counts the rows", column.countsRows());
        reasons.put("has no name", column.name().isEmpty());
        reasons.put(
                "the key of the record, which says where it is kept",
                column.name().equals(TopicSample.KEY));
        reasons.put("nearly always empty; " + column.figures(), column.filled() < (1 - MOST_EMPTY) * column.rows());
        reasons.put("nearly always the same value; " + column.figures(), column.sameByChance() > MOST_ALIKE);
        reasons.put(
                "another time; a time makes no good feature as it is",
                column.time().isPresent() || words.isFlagOf(ColumnName.TIMES));
        reasons.put("the name says that it is known only after the click", words.mentions(ColumnName.AFTERWARDS));
        reasons.put(
                "another id; " + column.figures(), words.isIdOf(ColumnName.USERS) || words.isIdOf(ColumnName.ITEMS));
        return reasons.entrySet().stream()
                .filter(Map.Entry::getValue)
                .map(Map.Entry::getKey)
                .findFirst();
    }

    private static Optional<Choice> mayNameTheEvent(ColumnFacts column) {
        return column.distinct() == column.filled() && !column.isNumber() && column.rows() >= 100
                ? Optional.of(Choice.doubtful(
                        column.name(),
                        "another value in each row",
                        "if it names the event, give it as .id: an event that comes again is then a repeat"))
                : Optional.empty();
    }

    /**
     * The area under the ROC curve of a number, for the click: the share of pairs of a clicked and another row in which the
     * clicked one has the larger number. What is known only after the click tells it too well.
     */
    private static Optional<String> knowsTheClick(ColumnFacts column, Deeds deeds) {
        if (!column.isNumber() || deeds.clicked().isEmpty()) {
            return Optional.empty();
        }
        IntPredicate isClicked = deeds.clicked().get();
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

    private static Ownership ownership(ColumnFacts column, KeyColumns keys) {
        Dependency user = Dependency.of(keys.user().cells(), column);
        Dependency item = Dependency.of(keys.item().cells(), column);
        if (user.isStrong() || item.isStrong()) {
            boolean isBoth = user.isStrong() && item.isStrong();
            boolean isUser = isBoth ? isRatherOfUser(column, user, item) : user.isStrong();
            String why = isUser ? same("user", user) : same("item", item);
            return new Ownership(
                    isUser ? Owner.USER : Owner.ITEM,
                    why,
                    isBoth
                            ? Optional.of("could be the " + (isUser ? "item's" : "user's") + " too, "
                                    + (isUser ? same("item", item) : same("user", user)))
                            : Optional.empty());
        }
        return new Ownership(
                Owner.CONTEXT,
                String.format(
                        Locale.ROOT,
                        "rows of one user have the same value in %.1f %%, rows of one item in %.1f %%",
                        100 * user.same(),
                        100 * item.same()),
                Optional.empty());
    }

    /** If both decide a column, its name may tell; else the one that decides more of it, on more rows. */
    private static boolean isRatherOfUser(ColumnFacts column, Dependency user, Dependency item) {
        boolean saysUser = column.words().mentions(ColumnName.USERS);
        if (saysUser != column.words().mentions(ColumnName.ITEMS)) {
            return saysUser;
        }
        return user.strength() == item.strength() ? user.again() > item.again() : user.strength() > item.strength();
    }

    private static String same(String key, Dependency dependency) {
        return String.format(
                Locale.ROOT,
                "the same for one %s in %.1f %% of %,d rows, by chance in %.1f %%",
                key,
                100 * dependency.same(),
                dependency.again(),
                100 * dependency.byChance());
    }

    private static Optional<String> tooManyValues(
            ColumnFacts column, Ownership ownership, CellShape shape, KeyColumns keys) {
        if (!shape.isCategory()) {
            return Optional.empty();
        }
        if (ownership.owner == Owner.CONTEXT) {
            return column.distinct() > MOST_CONTEXTS
                    ? Optional.of("too many values for a context; " + column.figures())
                    : Optional.empty();
        }
        int owners = (ownership.owner == Owner.USER ? keys.user() : keys.item()).distinct();
        return column.distinct() > MOST_OWN_VALUES * owners && column.distinct() > 10
                ? Optional.of(String.format(
                        Locale.ROOT,
                        "tells little beside the id: %,d values of %,d %ss",
                        column.distinct(),
                        owners,
                        ownership.owner.label()))
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

    private record Ownership(Owner owner, String why, Optional<String> doubt) {}

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
