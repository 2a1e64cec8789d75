package dev.millrace.serve;

import dev.millrace.feature.UserFeatures;
import dev.millrace.recall.RecallEngine;
import dev.millrace.recall.RecallRequest;
import dev.millrace.recall.ServedGeneration;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.stream.Collectors;

/** Reads questions from requests: the parameters of a GET, or the members of a JSON object. */
final class RecallQuestions {

    private static final int DEFAULT_K = 10;
    private static final int REASONS = 3;

    /** What a question says, each by one name in a query and one in a JSON object. */
    enum Parameter {
        USER,
        K,
        EXCLUDE_SEEN,
        EXCLUDE,
        EXPLAIN,
        INCLUDE_VECTOR,
        GENERATION,
        FILTER,
        WEIGHTS,
        CONTEXT,
        FEATURES,
        HISTORY;

        /** Of JSON objects only; queries write filters and weights as {@code filter.NAME} and {@code w.NAME}. */
        private static final Set<Parameter> OF_BODIES = Set.of(FILTER, WEIGHTS, CONTEXT, FEATURES, HISTORY);

        /** Its name in a query: words with dashes between. */
        String inQuery() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }

        /** Its name in a JSON object: words after the first begin with a capital letter. */
        String member() {
            StringBuilder member = new StringBuilder();
            for (String word : name().split("_", -1)) {
                member.append(member.isEmpty() ? Character.toLowerCase(word.charAt(0)) : word.charAt(0))
                        .append(word.substring(1).toLowerCase(Locale.ROOT));
            }
            return member.toString();
        }

        /** The names in a query of all that a query may have. */
        static Set<String> ofQueries() {
            return Arrays.stream(values())
                    .filter(parameter -> !OF_BODIES.contains(parameter))
                    .map(Parameter::inQuery)
                    .collect(Collectors.toCollection(HashSet::new));
        }

        /** The names in a JSON object. */
        static Set<String> ofBodies() {
            return Arrays.stream(values()).map(Parameter::member).collect(Collectors.toSet());
        }
    }

    /**
     * What a request to a generation may choose.
     *
     * @param answering the generation; absent while none answers
     * @param weights of channels, with their defaults
     * @param attributes to filter by
     */
    private record Choices(
            Optional<ServedGeneration> answering, SortedMap<String, Double> weights, List<String> attributes) {

        private boolean isNoNumber(String attribute) {
            return answering.map(pair -> pair.index().isNoNumber(attribute)).orElse(false);
        }
    }

    /**
     * A question.
     *
     * @param answering the generation that it was read for, which knows all that it names and so is to answer; absent while none answers
     * @param isVectorIncluded whether the answer includes the query vector
     */
    record Question(RecallRequest request, Optional<ServedGeneration> answering, boolean isVectorIncluded) {}

    private final ServeSettings settings;
    private final RecallEngine engine;

    /**
     * @param engine its generations say which channels a request may weigh, and by which attributes it may filter
     */
    RecallQuestions(ServeSettings settings, RecallEngine engine) {
        this.settings = settings;
        this.engine = engine;
    }

    /** @throws RefusedRequestException if a parameter is unknown, repeated, missing or out of range */
    Question of(Map<String, List<String>> parameters) {
        Optional<String> generation = Optional.ofNullable(parameters.get(Parameter.GENERATION.inQuery()))
                .map(given -> given.get(0));
        Choices choices = choices(generation);
        Set<String> known = RecallForm.QueryForm.names(choices.weights().keySet(), choices.attributes());
        return question(new RecallForm.QueryForm(new Query(parameters, known)), generation, choices);
    }

    /** @throws RefusedRequestException if a member is unknown, missing, of another type or out of range */
    Question of(JsonMembers given) {
        given.requireKnown(Parameter.ofBodies());
        RecallForm form = new RecallForm.BodyForm(given);
        form.id(Parameter.USER); // refused before an unknown generation is
        String generation = Parameter.GENERATION.member();
        Optional<String> named = given.has(generation) ? Optional.of(given.text(generation)) : Optional.empty();
        return question(form, named, choices(named));
    }

    /** Whether the generation that a question was read for would be asked now, too. */
    boolean isCurrent(Question asked) {
        return answering(asked.request().generation()).equals(asked.answering());
    }

    private Question question(RecallForm form, Optional<String> generation, Choices choices) {
        String user = form.id(Parameter.USER);
        Optional<UserFeatures> profile = form.profile(user);
        RecallRequest request = new RecallRequest(
                user,
                form.integer(Parameter.K, Math.min(DEFAULT_K, settings.maxK()), 1, settings.maxK()),
                form.flag(Parameter.EXCLUDE_SEEN, true),
                Set.copyOf(form.texts(Parameter.EXCLUDE)),
                form.filter(choices.attributes(), choices::isNoNumber),
                form.context(),
                form.weights(choices.weights(), settings.weights()),
                generation,
                profile,
                form.flag(Parameter.EXPLAIN, false) ? REASONS : 0);
        return new Question(request, choices.answering(), form.flag(Parameter.INCLUDE_VECTOR, false));
    }

    static RefusedRequestException unknownGeneration() {
        return new RefusedRequestException(
                Problem.of(404, "no complete generation of that name is kept here, see /readyz"));
    }

    /** What the generation that answers lets a request choose; nothing while none answers. */
    private Choices choices(Optional<String> generation) {
        Optional<ServedGeneration> answering = answering(generation);
        if (generation.isPresent() && answering.isEmpty()) {
            throw unknownGeneration();
        }
        return answering
                .map(pair -> new Choices(
                        answering, pair.encoder().queryWeights(), pair.encoder().attributes()))
                .orElse(new Choices(answering, Collections.emptySortedMap(), List.of()));
    }

    private Optional<ServedGeneration> answering(Optional<String> generation) {
        return generation.isEmpty() ? engine.served() : engine.generation(generation.get());
    }
}
