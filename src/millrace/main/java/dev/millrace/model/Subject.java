package dev.millrace.model;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.FeatureSpec;
import dev.millrace.feature.FeatureSpec.Kind;
import dev.millrace.feature.FeatureSpec.Source;
import dev.millrace.feature.RowKeys;
import dev.millrace.feature.UserFeatures;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Consumer;

/**
 * The subject of one row of a tower's input: a user in a context, or an item.
 *
 * @param id of the user or item
 * @param features of the user or item
 * @param context features of the request or exposure; none for an item
 * @param history items, latest first; none for an item
 * @param action of the example, in a learning step; otherwise empty
 * @param appeared time of the item's catalogue record, epoch milliseconds; {@link #UNKNOWN} for a user
 * @param now event time of the model, epoch milliseconds
 */
public record Subject(
        String id, Features features, Features context, List<String> history, String action, long appeared, long now) {

    /** In place of a time. */
    static final long UNKNOWN = Long.MIN_VALUE;

    /**
     * Embeddings are 1 to 50 long. A cross network multiplies its input by itself, depth + 1 times: the square of the longest that
     * comes out of eight layers, 100^18, is still a float.
     */
    private static final int MAX_LENGTH = 100;

    private static final long MILLIS_AN_HOUR = 3_600_000;

    /** Key of the row that stands for an absent category. */
    static final String ABSENT = "\0absent";

    private static final FeatureValue NO_VALUE = new FeatureValue.Bag(List.of());

    private static final FeatureValue.Visitor<List<String>> CATEGORIES = new Categories();

    /** A subject of unknown age, without an action. */
    public Subject(String id, Features features, Features context, List<String> history) {
        this(id, features, context, history, "", UNKNOWN, 0);
    }

    static Subject user(UserFeatures user, Features context) {
        return new Subject(user.user(), user.features(), context, user.history());
    }

    /** Returns the user of an example, with the example's action. */
    static Subject user(TrainingExample example) {
        UserFeatures user = example.user();
        return new Subject(
                user.user(), user.features(), example.context(), user.history(), example.action(), UNKNOWN, 0);
    }

    public static Subject item(String item, Features features) {
        return new Subject(item, features, Features.NONE, List.of());
    }

    /**
     * An item of the catalogue.
     *
     * @param time event time from which its features hold, epoch milliseconds
     * @param now event time that its age counts to
     */
    static Subject item(String item, Features features, long time, long now) {
        return new Subject(item, features, Features.NONE, List.of(), "", time, now);
    }

    /** Returns whether it has a value of a feature that is not an empty bag. */
    boolean has(FeatureSpec feature) {
        return !from(feature).values().getOrDefault(feature.name(), NO_VALUE).equals(NO_VALUE);
    }

    /** Visits the keys of the rows that a feature reads, of bounded length; of a history those of its items. */
    void forEachKey(FeatureSpec feature, Consumer<String> visitor) {
        if (feature.kind() == Kind.ID) {
            visitor.accept(id);
        } else if (feature.source() == Source.HISTORY) {
            forFirst(history, feature.maxValues(), visitor);
        } else if (feature.kind() == Kind.AGE) {
            visitor.accept(age(number(feature)));
        } else {
            FeatureValue value = from(feature).values().getOrDefault(feature.name(), NO_VALUE);
            switch (feature.kind()) {
                case TEXT -> {
                    List<String> grams = feature.grams().keys(value.accept(CATEGORIES), feature.maxValues());
                    grams.forEach(gram -> visitor.accept(RowKeys.bounded(gram)));
                }
                case BAG ->
                    forFirst(
                            value.accept(CATEGORIES), feature.maxValues(), key -> visitor.accept(RowKeys.bounded(key)));
                default -> visitor.accept(category(value));
            }
        }
    }

    private static String category(FeatureValue value) {
        if (value instanceof FeatureValue.Category category) { // without the list that the others need
            return RowKeys.bounded(category.value());
        }
        List<String> categories = value.accept(CATEGORIES);
        return categories.size() == 1 ? RowKeys.bounded(categories.get(0)) : ABSENT;
    }

    /** Returns the number of a feature, if there is one. */
    OptionalDouble number(FeatureSpec feature) {
        Optional<FeatureValue> value = value(feature);
        return value.isPresent() && value.get() instanceof FeatureValue.Quantity quantity
                ? OptionalDouble.of(quantity.value())
                : OptionalDouble.empty();
    }

    /**
     * Writes the vector of a feature, at most {@value #MAX_LENGTH} long. Writes nothing if there is no vector of the feature's
     * width.
     */
    void copyVector(FeatureSpec feature, float[] out, int at) {
        Optional<FeatureValue> value = value(feature);
        if (value.isPresent()
                && value.get() instanceof FeatureValue.Dense dense
                && dense.values().size() == feature.dim()) {
            double squares = 0;
            for (float component : dense.values()) {
                squares += (double) component * component;
            }
            double length = Math.sqrt(squares);
            for (int d = 0; d < feature.dim(); d++) {
                float component = dense.values().get(d);
                out[at + d] = length > MAX_LENGTH ? (float) (component * (MAX_LENGTH / length)) : component;
            }
        }
    }

    /**
     * Returns the largest power of two that is at most the age in hours. The age counts from the time in the item's feature,
     * or else from the item's catalogue record.
     */
    private String age(OptionalDouble given) {
        long since = given.isPresent() ? (long) given.getAsDouble() : appeared;
        if (since == UNKNOWN) {
            return ABSENT;
        }
        long hours = since >= now ? 0 : (now - since) / MILLIS_AN_HOUR;
        return Long.toString(Long.highestOneBit(hours));
    }

    private Optional<FeatureValue> value(FeatureSpec feature) {
        return from(feature).value(feature.name());
    }

    private Features from(FeatureSpec feature) {
        return feature.source() == Source.CONTEXT ? context : features;
    }

    private static void forFirst(List<String> values, int max, Consumer<String> visitor) {
        int count = Math.min(values.size(), max);
        for (int at = 0; at < count; at++) {
            visitor.accept(values.get(at));
        }
    }

    /** The values of a feature as categories; none of a vector. */
    private static final class Categories implements FeatureValue.Visitor<List<String>> {

        @Override
        public List<String> category(FeatureValue.Category category) {
            return List.of(category.value());
        }

        @Override
        public List<String> quantity(FeatureValue.Quantity quantity) {
            double number = quantity.value();
            boolean isWhole = number == Math.rint(number) && Math.abs(number) < 1e15;
            return List.of(isWhole ? Long.toString((long) number) : Double.toString(number));
        }

        @Override
        public List<String> bag(FeatureValue.Bag bag) {
            return bag.values();
        }

        @Override
        public List<String> dense(FeatureValue.Dense dense) {
            return List.of();
        }
    }
}
