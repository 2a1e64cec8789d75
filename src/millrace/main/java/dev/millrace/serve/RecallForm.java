package dev.millrace.serve;

import dev.millrace.batch.GivenWeights;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.index.ItemFilter;
import dev.millrace.model.ModelSettings;
import dev.millrace.recall.RecallRequest.Weights;
import dev.millrace.serve.RecallQuestions.Parameter;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The form in which a question is written: the query of a GET, or a JSON object.
 *
 * <p>What both forms write alike is read by its {@link Parameter}. Each form writes filter and weights in its own way, and only JSON has
 * features of the moment and of users who never came through the topics. All methods refuse what cannot be used, with a
 * {@link RefusedRequestException} that names it as it was written.
 */
sealed interface RecallForm {

    /** Ids or values that one parameter may list. */
    int MAX_VALUES = 10_000;

    /** The weight of popularity, beside those of the channels. */
    String POPULARITY = "popularity";

    /** The weight of neighbours. */
    String NEIGHBOURS = "neighbours";

    /** A required id. */
    String id(Parameter parameter);

    int integer(Parameter parameter, int byDefault, int min, int max);

    boolean flag(Parameter parameter, boolean byDefault);

    /** A list of values; empty if the parameter is absent. */
    List<String> texts(Parameter parameter);

    /**
     * Conditions on these attributes of items.
     *
     * @param isNoNumber of which of them bounds make no sense
     */
    ItemFilter filter(List<String> attributes, Predicate<String> isNoNumber);

    private static String boundless(String attribute) {
        return "has bounds, and no item has " + attribute + " as a number: name values";
    }

    /**
     * What the parts of the score weigh.
     *
     * @param channelWeights of the channels that may be weighed, by default
     * @param others beside the channels', by default
     */
    Weights weights(SortedMap<String, Double> channelWeights, GivenWeights others);

    /** Features of the moment. */
    Features context();

    /** What the request itself says of the user, in place of what is known of them. */
    Optional<UserFeatures> profile(String user);

    /** The parameters of a GET. */
    record QueryForm(Query given) implements RecallForm {

        private static final String WEIGHT_PREFIX = "w.";
        private static final String FILTER_PREFIX = "filter.";
        private static final String MIN = ".min";
        private static final String MAX = ".max";

        /** The names that a query may have. */
        static Set<String> names(Set<String> channels, List<String> attributes) {
            Set<String> names = Parameter.ofQueries();
            names.add(WEIGHT_PREFIX + POPULARITY);
            names.add(WEIGHT_PREFIX + NEIGHBOURS);
            channels.forEach(channel -> names.add(WEIGHT_PREFIX + channel));
            attributes.forEach(name -> names.addAll(
                    List.of(FILTER_PREFIX + name, FILTER_PREFIX + name + MIN, FILTER_PREFIX + name + MAX)));
            return names;
        }

        @Override
        public String id(Parameter parameter) {
            return given.id(parameter.inQuery());
        }

        @Override
        public int integer(Parameter parameter, int byDefault, int min, int max) {
            return given.integer(parameter.inQuery(), byDefault, min, max);
        }

        @Override
        public boolean flag(Parameter parameter, boolean byDefault) {
            return given.flag(parameter.inQuery(), byDefault);
        }

        @Override
        public List<String> texts(Parameter parameter) {
            return given.list(parameter.inQuery(), MAX_VALUES);
        }

        @Override
        public ItemFilter filter(List<String> attributes, Predicate<String> isNoNumber) {
            List<ItemFilter.Condition> conditions = new ArrayList<>();
            for (String name : attributes) {
                List<String> values = given.list(FILTER_PREFIX + name, MAX_VALUES);
                if (!values.isEmpty()) {
                    conditions.add(new ItemFilter.AnyOf(name, Set.copyOf(values)));
                }
                if (given.has(FILTER_PREFIX + name + MIN) || given.has(FILTER_PREFIX + name + MAX)) {
                    if (isNoNumber.test(name)) {
                        throw Query.refused(FILTER_PREFIX + name, boundless(name));
                    }
                    conditions.add(new ItemFilter.Between(
                            name,
                            given.number(
                                    FILTER_PREFIX + name + MIN,
                                    Double.NEGATIVE_INFINITY,
                                    -Double.MAX_VALUE,
                                    Double.MAX_VALUE),
                            given.number(
                                    FILTER_PREFIX + name + MAX,
                                    Double.POSITIVE_INFINITY,
                                    -Double.MAX_VALUE,
                                    Double.MAX_VALUE)));
                }
            }
            return new ItemFilter(conditions);
        }

        @Override
        public Weights weights(SortedMap<String, Double> channelWeights, GivenWeights others) {
            SortedMap<String, Double> channels = new TreeMap<>();
            channelWeights.forEach((channel, byDefault) -> channels.put(
                    channel, given.number(WEIGHT_PREFIX + channel, byDefault, 0, ModelSettings.MAX_CHANNEL_WEIGHT)));
            requireWeight(channels, WEIGHT_PREFIX);
            channels.keySet()
                    .removeIf(channel ->
                            !given.has(WEIGHT_PREFIX + channel)); // another generation may have other defaults
            return new Weights(
                    new GivenWeights(weight(POPULARITY, others.popularity()), weight(NEIGHBOURS, others.neighbours())),
                    channels);
        }

        private OptionalDouble weight(String part, OptionalDouble byDefault) {
            String name = WEIGHT_PREFIX + part;
            return given.has(name) ? OptionalDouble.of(given.number(name, 0, 0, GivenWeights.MOST)) : byDefault;
        }

        @Override
        public Features context() {
            return Features.NONE;
        }

        @Override
        public Optional<UserFeatures> profile(String user) {
            return Optional.empty();
        }
    }

    /** The members of a JSON object. */
    record BodyForm(JsonMembers given) implements RecallForm {

        @Override
        public String id(Parameter parameter) {
            return Query.checkedId(parameter.member(), given.text(parameter.member()));
        }

        @Override
        public int integer(Parameter parameter, int byDefault, int min, int max) {
            return given.integer(parameter.member(), byDefault, min, max);
        }

        @Override
        public boolean flag(Parameter parameter, boolean byDefault) {
            return given.flag(parameter.member(), byDefault);
        }

        @Override
        public List<String> texts(Parameter parameter) {
            return given.texts(parameter.member(), MAX_VALUES);
        }

        @Override
        public ItemFilter filter(List<String> attributes, Predicate<String> isNoNumber) {
            JsonMembers filter = given.object(Parameter.FILTER.member());
            filter.requireKnown(new LinkedHashSet<>(attributes));
            List<ItemFilter.Condition> conditions = new ArrayList<>();
            for (String name : attributes) {
                if (filter.isObject(name)) {
                    if (isNoNumber.test(name)) {
                        throw filter.refused(name, boundless(name));
                    }
                    JsonMembers range = filter.object(name);
                    range.requireKnown(Set.of("min", "max"));
                    conditions.add(new ItemFilter.Between(
                            name,
                            range.number("min", Double.NEGATIVE_INFINITY, -Double.MAX_VALUE, Double.MAX_VALUE),
                            range.number("max", Double.POSITIVE_INFINITY, -Double.MAX_VALUE, Double.MAX_VALUE)));
                } else if (filter.has(name)) {
                    conditions.add(new ItemFilter.AnyOf(name, Set.copyOf(filter.texts(name, MAX_VALUES))));
                }
            }
            return new ItemFilter(conditions);
        }

        @Override
        public Weights weights(SortedMap<String, Double> channelWeights, GivenWeights others) {
            JsonMembers weights = given.object(Parameter.WEIGHTS.member());
            Set<String> known = new LinkedHashSet<>(channelWeights.keySet());
            known.addAll(List.of(POPULARITY, NEIGHBOURS));
            weights.requireKnown(known);
            SortedMap<String, Double> channels = new TreeMap<>();
            channelWeights.forEach((channel, byDefault) ->
                    channels.put(channel, weights.number(channel, byDefault, 0, ModelSettings.MAX_CHANNEL_WEIGHT)));
            requireWeight(channels, Parameter.WEIGHTS.member() + ".");
            channels.keySet().removeIf(channel -> !weights.has(channel));
            return new Weights(
                    new GivenWeights(
                            weight(weights, POPULARITY, others.popularity()),
                            weight(weights, NEIGHBOURS, others.neighbours())),
                    channels);
        }

        private static OptionalDouble weight(JsonMembers weights, String part, OptionalDouble byDefault) {
            return weights.has(part) ? OptionalDouble.of(weights.number(part, 0, 0, GivenWeights.MOST)) : byDefault;
        }

        @Override
        public Features context() {
            return given.features(Parameter.CONTEXT.member());
        }

        @Override
        public Optional<UserFeatures> profile(String user) {
            String features = Parameter.FEATURES.member();
            String history = Parameter.HISTORY.member();
            if (!given.has(features) && !given.has(history)) {
                return Optional.empty();
            }
            Features described = given.features(features);
            List<String> items = given.texts(history, MAX_VALUES);
            items.forEach(item -> Query.checkedId(history, item));
            return Optional.of(new UserFeatures(user, 0, described, items));
        }
    }

    private static void requireWeight(SortedMap<String, Double> channels, String prefix) {
        if (!channels.isEmpty() && channels.values().stream().noneMatch(weight -> weight > 0)) {
            String names = channels.keySet().stream().map(prefix::concat).collect(Collectors.joining(", "));
            throw new RefusedRequestException(Problem.of(400, "one of " + names + " must be above 0"));
        }
    }
}
