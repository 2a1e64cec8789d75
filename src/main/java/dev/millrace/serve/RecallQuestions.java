package dev.millrace.serve;

import dev.millrace.batch.FastPopularity;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.index.ItemFilter;
import dev.millrace.model.ModelSettings;
import dev.millrace.recall.RecallEngine;
import dev.millrace.recall.RecallRequest;
import dev.millrace.recall.RecallRequest.Weights;
import dev.millrace.recall.ServedGeneration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Questions as requests write them: parameters of a GET, or members of a JSON object. */
final class RecallQuestions {

    private static final int DEFAULT_K = 10;
    private static final int REASONS = 3;
    private static final int MAX_IDS = 10_000;
    private static final String WEIGHT = "w.";
    private static final String POPULARITY = "popularity";
    private static final String FILTER = "filter.";
    private static final String MIN = ".min";
    private static final String MAX = ".max";
    private static final Set<String> PARAMETERS = Set.of(
            "user", "k", "exclude-seen", "exclude", "explain", "include-vector", "generation", WEIGHT + POPULARITY);
    private static final Set<String> MEMBERS = Set.of(
            "user",
            "k",
            "excludeSeen",
            "exclude",
            "filter",
            "weights",
            "context",
            "features",
            "history",
            "explain",
            "includeVector",
            "generation");

    /**
     * What a request may choose.
     *
     * @param weights of channels, and what they are where it does not
     * @param attributes to filter by
     */
    private record Choices(SortedMap<String, Double> weights, List<String> attributes) {}

    /** A question, and whether its answer has the vector that was searched with. */
    record Asked(RecallRequest request, boolean isVectorIncluded) {}

    private final ServeSettings settings;
    private final RecallEngine engine;

    /**
     * @param engine whose generations say which channels a request may weigh, and by which attributes it may filter
     */
    RecallQuestions(ServeSettings settings, RecallEngine engine) {
        this.settings = settings;
        this.engine = engine;
    }

    /** @throws RefusedRequestException if a parameter is unknown, repeated, missing or out of range */
    Asked of(Map<String, List<String>> parameters) {
        Optional<String> generation =
                Optional.ofNullable(parameters.get("generation")).map(given -> given.get(0));
        Choices choices = choices(generation);
        Query query = new Query(parameters, known(choices));
        String user = query.id("user");
        RecallRequest request = new RecallRequest(
                user,
                query.integer("k", DEFAULT_K, 1, settings.maxK()),
                query.flag("exclude-seen", true),
                Set.copyOf(query.list("exclude", MAX_IDS)),
                filter(query, choices.attributes()),
                Features.NONE,
                weights(query, choices.weights()),
                generation,
                Optional.empty(),
                query.flag("explain", false) ? REASONS : 0);
        return new Asked(request, query.flag("include-vector", false));
    }

    /** @throws RefusedRequestException if a member is unknown, missing, of another type or out of range */
    Asked of(JsonMembers given) {
        given.requireKnown(MEMBERS);
        String user = Query.checkedId("user", given.text("user"));
        Optional<String> generation =
                given.has("generation") ? Optional.of(given.text("generation")) : Optional.empty();
        Choices choices = choices(generation);
        Optional<UserFeatures> raw = given.has("features") || given.has("history")
                ? Optional.of(new UserFeatures(
                        user, 0, given.features("features"), ids(given.texts("history", MAX_IDS), "history")))
                : Optional.empty();
        RecallRequest request = new RecallRequest(
                user,
                given.integer("k", Math.min(DEFAULT_K, settings.maxK()), 1, settings.maxK()),
                given.flag("excludeSeen", true),
                new HashSet<>(given.texts("exclude", MAX_IDS)),
                filter(given, choices.attributes()),
                given.features("context"),
                weights(given, choices.weights()),
                generation,
                raw,
                given.flag("explain", false) ? REASONS : 0);
        return new Asked(request, given.flag("includeVector", false));
    }

    static RefusedRequestException unknownGeneration() {
        return new RefusedRequestException(
                Problem.of(404, "no complete generation of that name is kept here, see /readyz"));
    }

    /** What the generation that will answer lets a request choose; nothing while there is none. */
    private Choices choices(Optional<String> generation) {
        Optional<ServedGeneration> answering = generation.isEmpty()
                ? engine.served()
                : Optional.of(engine.generation(generation.get()).orElseThrow(RecallQuestions::unknownGeneration));
        return answering
                .map(pair -> new Choices(
                        pair.encoder().queryWeights(), pair.encoder().attributes()))
                .orElse(new Choices(Collections.emptySortedMap(), List.of()));
    }

    private Set<String> known(Choices choices) {
        Set<String> known = new HashSet<>(PARAMETERS);
        choices.weights().keySet().forEach(channel -> known.add(WEIGHT + channel));
        choices.attributes()
                .forEach(name -> known.addAll(List.of(FILTER + name, FILTER + name + MIN, FILTER + name + MAX)));
        return known;
    }

    private static List<String> ids(List<String> given, String name) {
        given.forEach(id -> Query.checkedId(name, id));
        return given;
    }

    private Weights weights(Query query, SortedMap<String, Double> channelWeights) {
        SortedMap<String, Double> channels = new TreeMap<>();
        channelWeights.forEach((channel, byDefault) ->
                channels.put(channel, query.number(WEIGHT + channel, byDefault, 0, ModelSettings.MAX_CHANNEL_WEIGHT)));
        requireWeight(channels, WEIGHT);
        channels.keySet()
                .removeIf(channel -> !query.has(WEIGHT + channel)); // another generation may have other defaults
        return new Weights(
                query.number(WEIGHT + POPULARITY, settings.popularityWeight(), 0, FastPopularity.MAX_WEIGHT), channels);
    }

    private Weights weights(JsonMembers given, SortedMap<String, Double> channelWeights) {
        JsonMembers weights = given.object("weights");
        Set<String> known = new LinkedHashSet<>(channelWeights.keySet());
        known.add(POPULARITY);
        weights.requireKnown(known);
        SortedMap<String, Double> channels = new TreeMap<>();
        channelWeights.forEach((channel, byDefault) ->
                channels.put(channel, weights.number(channel, byDefault, 0, ModelSettings.MAX_CHANNEL_WEIGHT)));
        requireWeight(channels, "weights.");
        channels.keySet().removeIf(channel -> !weights.has(channel));
        return new Weights(
                weights.number(POPULARITY, settings.popularityWeight(), 0, FastPopularity.MAX_WEIGHT), channels);
    }

    private static void requireWeight(SortedMap<String, Double> channels, String prefix) {
        if (!channels.isEmpty() && channels.values().stream().noneMatch(weight -> weight > 0)) {
            String names = channels.keySet().stream().map(prefix::concat).collect(Collectors.joining(", "));
            throw new RefusedRequestException(Problem.of(400, "one of " + names + " must be above 0"));
        }
    }

    private static ItemFilter filter(Query query, List<String> attributes) {
        List<ItemFilter.Condition> conditions = new ArrayList<>();
        for (String name : attributes) {
            List<String> values = query.list(FILTER + name, MAX_IDS);
            if (!values.isEmpty()) {
                conditions.add(new ItemFilter.AnyOf(name, Set.copyOf(values)));
            }
            if (query.has(FILTER + name + MIN) || query.has(FILTER + name + MAX)) {
                conditions.add(new ItemFilter.Between(
                        name,
                        query.number(
                                FILTER + name + MIN, Double.NEGATIVE_INFINITY, -Double.MAX_VALUE, Double.MAX_VALUE),
                        query.number(
                                FILTER + name + MAX, Double.POSITIVE_INFINITY, -Double.MAX_VALUE, Double.MAX_VALUE)));
            }
        }
        return new ItemFilter(conditions);
    }

    private static ItemFilter filter(JsonMembers given, List<String> attributes) {
        JsonMembers filter = given.object("filter");
        filter.requireKnown(new LinkedHashSet<>(attributes));
        List<ItemFilter.Condition> conditions = new ArrayList<>();
        for (String name : attributes) {
            if (filter.isObject(name)) {
                JsonMembers range = filter.object(name);
                range.requireKnown(Set.of("min", "max"));
                conditions.add(new ItemFilter.Between(
                        name,
                        range.number("min", Double.NEGATIVE_INFINITY, -Double.MAX_VALUE, Double.MAX_VALUE),
                        range.number("max", Double.POSITIVE_INFINITY, -Double.MAX_VALUE, Double.MAX_VALUE)));
            } else if (filter.has(name)) {
                conditions.add(new ItemFilter.AnyOf(name, Set.copyOf(filter.texts(name, MAX_IDS))));
            }
        }
        return new ItemFilter(conditions);
    }
}
