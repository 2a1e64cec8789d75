package dev.millrace.serve;

import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.index.Arrangement;
import dev.millrace.index.Exploration;
import dev.millrace.index.ItemFilter;
import dev.millrace.model.ModelSettings;
import dev.millrace.popularity.GivenWeights;
import dev.millrace.recall.RecallEngine;
import dev.millrace.recall.RecallRequest;
import dev.millrace.recall.RecallRequest.Weights;
import dev.millrace.recall.ServedGeneration;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/**
 * Reads questions from requests: the parameters of a GET, or the members of a JSON object. Only JSON has features of the moment and of
 * users who never came through the topics.
 */
final class RecallQuestions {

    private static final int DEFAULT_K = 10;
    private static final int REASONS = 3;
    private static final int MAX_VALUES = 10_000; // ids or values that one parameter may list
    private static final int MAX_BOOST = 100;
    private static final int MAX_BOOSTS = 1_000;
    private static final int MAX_DIVERSE = 1_000; // items, each of which is compared with those before it

    private static final String USER = "user";
    private static final String GENERATION = "generation";
    private static final String FILTER = "filter";
    private static final String WEIGHTS = "weights";
    private static final String CONTEXT = "context";
    private static final String FEATURES = "features";
    private static final String HISTORY = "history";
    private static final String BOOST = "boost";
    private static final String PIN = "pin";
    private static final String AT_MOST = "atMost";
    private static final String DIVERSITY = "diversity";
    private static final String EXPLORE = "explore";
    private static final String SLOTS = "exploreSlots";
    private static final String PAGE = "page";
    private static final String MIN = "min";
    private static final String MAX = "max";

    /** What a query may have beside filters and weights, as JSON objects name it. */
    private static final List<String> OF_BOTH = List.of(
            USER,
            "k",
            "excludeSeen",
            "exclude",
            "explain",
            "includeVector",
            GENERATION,
            PIN,
            DIVERSITY,
            EXPLORE,
            SLOTS,
            PAGE);

    /** How a query writes the names of members, where it writes them otherwise. */
    private static final Map<String, String> IN_QUERY = Map.of(
            "excludeSeen",
            "exclude-seen",
            "includeVector",
            "include-vector",
            WEIGHTS,
            "w",
            AT_MOST,
            "at-most",
            SLOTS,
            "explore.slots");

    private static final List<String> OF_BODIES = List.of(FILTER, WEIGHTS, BOOST, AT_MOST, CONTEXT, FEATURES, HISTORY);

    /** Weights beside those of the channels. */
    private static final String POPULARITY = "popularity";

    private static final String NEIGHBOURS = "neighbours";

    /**
     * What a request to a generation may choose.
     *
     * @param answering the generation
     * @param weights of channels, with their defaults
     * @param attributes to filter by
     */
    private record Choices(ServedGeneration answering, SortedMap<String, Double> weights, List<String> attributes) {

        /** All parts of the score that a request may weigh. */
        private Set<String> weighed() {
            Set<String> weighed = new LinkedHashSet<>(weights.keySet());
            weighed.addAll(List.of(POPULARITY, NEIGHBOURS));
            return weighed;
        }

        private boolean isSeenExcluded() {
            return !answering.encoder().isHistoryAnswered();
        }

        private boolean isNoNumber(String attribute) {
            return answering.index().isNoNumber(attribute);
        }
    }

    /**
     * A question.
     *
     * @param answering the generation that it was read for and that answers it, because it knows all names in it
     * @param isVectorIncluded whether the answer includes the query vector
     * @param before items of the pages before, which the request excludes; absent if no pages are asked for
     */
    record Question(
            RecallRequest request,
            ServedGeneration answering,
            boolean isVectorIncluded,
            Optional<List<String>> before) {}

    private final ServeSettings settings;
    private final RecallEngine engine;
    private final PageCursors cursors;
    private final SecureRandom random = new SecureRandom();

    /**
     * @param engine its generations say which channels a request may weigh, and by which attributes it may filter
     */
    RecallQuestions(ServeSettings settings, RecallEngine engine, PageCursors cursors) {
        this.settings = settings;
        this.engine = engine;
        this.cursors = cursors;
    }

    /** @throws RefusedRequestException if a parameter is unknown, repeated, missing or out of range */
    Question of(Map<String, List<String>> parameters) {
        Optional<String> generation =
                Optional.ofNullable(parameters.get(GENERATION)).map(given -> given.get(0));
        String user = parameters.getOrDefault(USER, List.of("")).get(0); // without one it is refused below
        Choices choices = choices(generation, user);
        Set<String> known = new HashSet<>();
        OF_BOTH.forEach(member -> known.add(inQuery(member)));
        choices.weighed().forEach(part -> known.add(inQuery(WEIGHTS) + "." + part));
        for (String attribute : choices.attributes()) {
            String filter = FILTER + "." + attribute;
            known.addAll(List.of(filter, filter + "." + MIN, filter + "." + MAX));
            known.add(inQuery(AT_MOST) + "." + attribute);
            String boost = BOOST + "." + attribute + ".";
            known.add(boost + "VALUE");
            parameters.keySet().stream().filter(name -> name.startsWith(boost)).forEach(known::add);
        }
        Given given = Given.query(parameters, known);
        return question(given, RecallQuestions::inQuery, choices, generation, Features.NONE, Optional.empty());
    }

    /** @throws RefusedRequestException if a member is unknown, missing, of another type or out of range */
    Question of(Given given) {
        Set<String> known = new HashSet<>(OF_BOTH);
        known.addAll(OF_BODIES);
        given.requireKnown(known);
        String user = given.id(USER); // refused before an unknown generation is
        Optional<String> generation = given.has(GENERATION) ? Optional.of(given.text(GENERATION)) : Optional.empty();
        Choices choices = choices(generation, user);
        Given filter = given.group(FILTER);
        filter.requireKnown(new LinkedHashSet<>(choices.attributes()));
        choices.attributes().stream().filter(filter::hasBounds).forEach(attribute -> filter.group(attribute)
                .requireKnown(Set.of(MIN, MAX)));
        given.group(WEIGHTS).requireKnown(choices.weighed());
        given.group(BOOST).requireKnown(Set.copyOf(choices.attributes()));
        given.group(AT_MOST).requireKnown(Set.copyOf(choices.attributes()));
        return question(given, member -> member, choices, generation, given.features(CONTEXT), profile(given, user));
    }

    private static String inQuery(String member) {
        return IN_QUERY.getOrDefault(member, member);
    }

    /** What the request itself says of the user, in place of what is known of them. */
    private static Optional<UserFeatures> profile(Given given, String user) {
        if (!given.has(FEATURES) && !given.has(HISTORY)) {
            return Optional.empty();
        }
        List<String> items = given.texts(HISTORY, MAX_VALUES);
        items.forEach(item -> Given.checkedId(HISTORY, item));
        return Optional.of(new UserFeatures(user, 0, given.features(FEATURES), items));
    }

    /** Whether the generation that a question was read for would still be asked. */
    boolean isCurrent(Question asked) {
        return answering(asked.request().generation(), asked.request().user()).equals(Optional.of(asked.answering()));
    }

    private Question question(
            Given given,
            UnaryOperator<String> naming,
            Choices choices,
            Optional<String> generation,
            Features context,
            Optional<UserFeatures> profile) {
        String user = given.id(USER);
        int k = given.integer("k", Math.min(DEFAULT_K, settings.maxK()), 1, settings.maxK());
        List<String> excluded = given.texts("exclude", MAX_VALUES);
        Optional<List<String>> before = given.has(PAGE)
                ? Optional.of(
                        cursors.answered(given, PAGE, user, choices.answering().generation()))
                : Optional.empty();
        before.ifPresent(excluded::addAll);
        RecallRequest request = new RecallRequest(
                user,
                k,
                given.flag(naming.apply("excludeSeen"), choices.isSeenExcluded()),
                Set.copyOf(excluded),
                filter(given.group(FILTER), choices),
                context,
                weights(given.group(naming.apply(WEIGHTS)), naming.apply(WEIGHTS), choices.weights()),
                generation,
                profile,
                given.flag("explain", false) ? REASONS : 0,
                arrangement(given, naming, choices.attributes(), k));
        return new Question(request, choices.answering(), given.flag(naming.apply("includeVector"), false), before);
    }

    private static ItemFilter filter(Given filter, Choices choices) {
        List<ItemFilter.Condition> conditions = new ArrayList<>();
        for (String attribute : choices.attributes()) {
            if (filter.hasValues(attribute)) {
                conditions.add(new ItemFilter.AnyOf(attribute, Set.copyOf(filter.texts(attribute, MAX_VALUES))));
            }
            if (filter.hasBounds(attribute)) {
                if (choices.isNoNumber(attribute)) {
                    throw filter.refused(
                            attribute, "has bounds, and no item has " + attribute + " as a number: name values");
                }
                Given bounds = filter.group(attribute);
                conditions.add(new ItemFilter.Between(
                        attribute,
                        bounds.number(MIN, Double.NEGATIVE_INFINITY, -Double.MAX_VALUE, Double.MAX_VALUE),
                        bounds.number(MAX, Double.POSITIVE_INFINITY, -Double.MAX_VALUE, Double.MAX_VALUE)));
            }
        }
        return new ItemFilter(conditions);
    }

    private Arrangement arrangement(Given given, UnaryOperator<String> naming, List<String> attributes, int k) {
        String quotas = naming.apply(AT_MOST);
        Optional<Exploration> exploration = exploration(given, naming.apply(SLOTS), k);
        if (exploration.isEmpty()
                && !given.hasGroup(BOOST)
                && !given.hasGroup(quotas)
                && !given.has(PIN)
                && !given.has(DIVERSITY)) {
            return Arrangement.NONE;
        }
        Given quota = given.group(quotas);
        Map<String, Integer> atMost = new TreeMap<>();
        attributes.stream()
                .filter(quota::has)
                .forEach(attribute -> atMost.put(attribute, quota.integer(attribute, 1, 1, settings.maxK())));
        OptionalDouble diversity = OptionalDouble.empty();
        if (given.has(DIVERSITY)) {
            given.integer("k", k, 1, Math.min(MAX_DIVERSE, settings.maxK()));
            diversity = OptionalDouble.of(given.number(DIVERSITY, 1, 0, 1));
        }
        List<Arrangement.Boost> boosts = boosts(given.group(BOOST), attributes);
        return new Arrangement(boosts, atMost, diversity, given.places(PIN, k), exploration);
    }

    /** With a seed of its own, which is drawn here, so that no client can choose it. */
    private Optional<Exploration> exploration(Given given, String slotsName, int k) {
        double temperature = given.number(EXPLORE, settings.exploring().temperature(), 0, Exploration.HOTTEST);
        int slots = given.integer(slotsName, Math.min(settings.exploring().slots(), k / 2), 0, k);
        if (temperature == 0) {
            if (given.has(slotsName) && slots > 0) {
                throw given.refused(slotsName, "must be 0 without " + EXPLORE);
            }
            return Optional.empty();
        }
        int best = settings.exploring().best();
        String explored = EXPLORE + " = " + temperature;
        if (temperature < Exploration.COLDEST) {
            throw given.refused(EXPLORE, "must be 0, or a number from " + Exploration.COLDEST + " to 100");
        } else if (settings.answersSample() != 1) {
            throw given.refused(
                    EXPLORE,
                    "= " + temperature + " must be 0 here: it needs serve.answers.sample = 1, which is "
                            + settings.answersSample());
        } else if (given.has(DIVERSITY)) {
            throw given.refused(DIVERSITY, "must be absent with " + explored + "; " + EXPLORE + " = 0 draws nothing");
        } else if (k > best) {
            throw given.refused("k", "= " + k + " must be at most " + best + ", serve.explore.best, with " + explored);
        }
        byte[] seed = new byte[Exploration.SEED_BYTES];
        random.nextBytes(seed);
        return Optional.of(
                new Exploration(temperature, best, slots, HexFormat.of().formatHex(seed)));
    }

    private static List<Arrangement.Boost> boosts(Given given, List<String> attributes) {
        List<Arrangement.Boost> boosts = new ArrayList<>();
        given.valuesOf(
                attributes,
                (attribute, value, weight) -> boosts.add(
                        new Arrangement.Boost(attribute, value, weight.number(value, 0, -MAX_BOOST, MAX_BOOST))));
        if (boosts.size() > MAX_BOOSTS) {
            throw given.refused("", "must name at most " + MAX_BOOSTS + " values");
        }
        return boosts;
    }

    /** @param byDefault of the channels that may be weighed */
    private Weights weights(Given given, String group, SortedMap<String, Double> byDefault) {
        SortedMap<String, Double> channels = new TreeMap<>();
        byDefault.forEach((channel, weight) ->
                channels.put(channel, given.number(channel, weight, 0, ModelSettings.MAX_CHANNEL_WEIGHT)));
        if (!channels.isEmpty() && channels.values().stream().noneMatch(weight -> weight > 0)) {
            String names = channels.keySet().stream()
                    .map(channel -> group + "." + channel)
                    .collect(Collectors.joining(", "));
            throw new RefusedRequestException(Problem.of(400, "one of " + names + " must be above 0"));
        }
        channels.keySet().removeIf(channel -> !given.has(channel)); // another generation may have other defaults
        return new Weights(
                new GivenWeights(
                        weight(given, POPULARITY, settings.weights().popularity()),
                        weight(given, NEIGHBOURS, settings.weights().neighbours())),
                channels);
    }

    private static OptionalDouble weight(Given given, String part, OptionalDouble byDefault) {
        return given.has(part) ? OptionalDouble.of(given.number(part, 0, 0, GivenWeights.MOST)) : byDefault;
    }

    static RefusedRequestException unknownGeneration() {
        return new RefusedRequestException(
                Problem.of(404, "no complete generation of that name is kept here, see /readyz"));
    }

    static RefusedRequestException notReady() {
        return new RefusedRequestException(
                Problem.of(HttpSetup.SERVICE_UNAVAILABLE, "no complete generation is served yet, see /readyz"));
    }

    /**
     * What the generation that answers lets a request choose.
     *
     * @throws RefusedRequestException if none answers: which names are unknown cannot be said before
     */
    private Choices choices(Optional<String> generation, String user) {
        ServedGeneration answering = answering(generation, user)
                .orElseThrow(() -> generation.isPresent() ? unknownGeneration() : notReady());
        return new Choices(
                answering,
                answering.encoder().queryWeights(),
                answering.encoder().attributes());
    }

    private Optional<ServedGeneration> answering(Optional<String> generation, String user) {
        return generation.isEmpty() ? engine.servedTo(user) : engine.generation(generation.get());
    }
}
