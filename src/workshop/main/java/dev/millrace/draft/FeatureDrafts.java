package dev.millrace.draft;

import dev.millrace.draft.FeatureDraft.Owner;
import dev.millrace.draft.FeatureDraft.Shape;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
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
record FeatureDrafts(List<FeatureDraft> features, List<Choice> leftOut) {

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
        List<FeatureDraft> features = new ArrayList<>();
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
            Optional<String> unfit = tooManyValues(column, ownership, cells.shape(), keys)
                    .or(() -> ownership.owner == Owner.CONTEXT && !isNamed ? Optional.of(NAMELESS) : Optional.empty());
            if (unfit.isPresent()) {
                leftOut.add(Choice.clear(column.name(), unfit.get()));
            } else {
                features.add(new FeatureDraft(
                        column.name(),
                        name(column, names),
                        ownership.owner,
                        cells.shape(),
                        cells.width() > 0 ? cells.width() : column.distinct(),
                        new Choice(
                                column.name(),
                                ownership.why + "; " + cells.why() + "; " + column.figures(),
                                ownership.doubt,
                                false)));
            }
        }
        return new FeatureDrafts(features, leftOut);
    }

    List<FeatureDraft> of(Owner owner) {
        return features.stream().filter(feature -> feature.owner() == owner).toList();
    }

    private static Optional<String> useless(ColumnFacts column) {
        if (column.distinct() <= 1) {
            return Optional.of(column.distinct() == 0 ? "has no value" : "always the same value");
        }
        if (column.name().isEmpty() || column.countsRows()) {
            return Optional.of(column.countsRows() ? "counts the rows" : "has no name");
        }
        if (column.name().equals(TopicSample.KEY)) {
            return Optional.of("the key of the record, which says where it is kept");
        }
        if (column.filled() < (1 - MOST_EMPTY) * column.rows()) {
            return Optional.of("nearly always empty; " + column.figures());
        }
        if (column.sameByChance() > MOST_ALIKE) {
            return Optional.of("nearly always the same value; " + column.figures());
        }
        if (column.time().isPresent() || column.words().isFlagOf(ColumnName.TIMES)) {
            return Optional.of("another time; a time makes no good feature as it is");
        }
        if (column.words().mentions(ColumnName.AFTERWARDS)) {
            return Optional.of("the name says that it is known only after the click");
        }
        boolean isOtherId =
                column.words().isIdOf(ColumnName.USERS) || column.words().isIdOf(ColumnName.ITEMS);
        if (isOtherId) {
            return Optional.of("another id; " + column.figures());
        }
        return Optional.empty();
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
        return column.isNumber()
                ? deeds.clicked().flatMap(clicked -> knowsTheClick(column, clicked))
                : Optional.empty();
    }

    private static Optional<String> knowsTheClick(ColumnFacts column, IntPredicate isClicked) {
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
            ColumnFacts column, Ownership ownership, Shape shape, KeyColumns keys) {
        if (!shape.equals(Shape.CATEGORY)) {
            return Optional.empty();
        }
        return switch (ownership.owner) {
            case CONTEXT ->
                column.distinct() > MOST_CONTEXTS
                        ? Optional.of("too many values for a context; " + column.figures())
                        : Optional.empty();
            case USER -> ownValue(column, keys.user(), "user");
            case ITEM -> ownValue(column, keys.item(), "item");
        };
    }

    private static Optional<String> ownValue(ColumnFacts column, ColumnFacts key, String subject) {
        return column.distinct() > MOST_OWN_VALUES * key.distinct() && column.distinct() > 10
                ? Optional.of(String.format(
                        Locale.ROOT,
                        "tells little beside the id: %,d values of %,d %ss",
                        column.distinct(),
                        key.distinct(),
                        subject))
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
}
