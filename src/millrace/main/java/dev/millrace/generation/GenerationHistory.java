package dev.millrace.generation;

import dev.millrace.experiment.Experiment;
import dev.millrace.generation.GenerationFact.Kind;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

/** The facts about all generations, in their order. One thread. */
public final class GenerationHistory {

    /** The state of a generation in its life. */
    public enum State {
        /** Its learner publishes, and not all items have a vector yet. */
        BUILDING("building"),
        /** It can answer, but was never promoted. */
        COMPLETE("complete"),
        /** It is to answer. */
        ANSWERS("answers"),
        /** It answers some of the users, in an experiment. */
        ANSWERS_SOME("answers some"),
        /** It was promoted before the one that answers. */
        ANSWERED_BEFORE("answered before"),
        /** It will never answer again. */
        RETIRED("retired");

        private final String label;

        State(String label) {
            this.label = label;
        }

        /** Returns the state as operators read it. */
        public String label() {
            return label;
        }
    }

    private final Map<String, Map<Kind, GenerationFact>> facts = new LinkedHashMap<>();
    private final List<String> promoted = new ArrayList<>();
    private Optional<Experiment> experiment = Optional.empty();

    /**
     * Adds the next fact. A retired generation stays retired, whatever facts follow. A state of an experiment counts if it is the next one: of two orders for
     * one step the first holds, and the second is left out.
     *
     * @return whether it is a state of an experiment that counts
     */
    public boolean take(GenerationFact fact) {
        if (fact.kind() == Kind.EXPERIMENT) {
            Optional<Experiment> next = fact.experiment().filter(this::isNext);
            next.ifPresent(this::take);
            return next.isPresent();
        }
        Map<Kind, GenerationFact> own =
                facts.computeIfAbsent(fact.generation(), generation -> new EnumMap<>(Kind.class));
        own.put(fact.kind(), fact);
        if (fact.kind() == Kind.PROMOTED) {
            promoted.remove(fact.generation());
            promoted.add(fact.generation());
        }
        if (own.containsKey(Kind.RETIRED)) {
            promoted.remove(fact.generation());
        }
        return false;
    }

    private boolean isNext(Experiment state) {
        if (experiment.filter(Experiment::isRunning).isPresent()) {
            return state.follows(experiment.get());
        }
        return state.isRunning()
                && state.stage() == 0
                && answering().equals(Optional.of(state.control()))
                && is(state.treatment(), Kind.COMPLETE)
                && !is(state.treatment(), Kind.RETIRED);
    }

    private void take(Experiment state) {
        experiment = Optional.of(state);
        boolean isPromoted = state.end()
                .filter(end -> end.result() == Experiment.Result.PROMOTED)
                .isPresent();
        if (isPromoted && !is(state.treatment(), Kind.RETIRED)) {
            promoted.remove(state.treatment());
            promoted.add(state.treatment());
        }
    }

    /** Returns the latest experiment, whether it runs or not; absent before any. */
    public Optional<Experiment> latestExperiment() {
        return experiment;
    }

    /** Returns the experiment that servers follow: it has no end, its control is the one promoted last, and its treatment is not retired. */
    public Optional<Experiment> runningExperiment() {
        return experiment.filter(one -> one.isRunning()
                && answering().equals(Optional.of(one.control()))
                && !is(one.treatment(), Kind.RETIRED));
    }

    /** Returns all generations that have a fact, in the order of their first facts. */
    public List<String> generations() {
        return List.copyOf(facts.keySet());
    }

    /** Returns the latest fact of a kind. */
    public Optional<GenerationFact> fact(String generation, Kind kind) {
        return Optional.ofNullable(facts.getOrDefault(generation, Map.of()).get(kind));
    }

    /** Returns what to know before a generation answers; absent if there is nothing. */
    public Optional<String> caution(String generation) {
        return fact(generation, Kind.STARTED)
                .filter(GenerationFact::needsNatives)
                .map(started -> "needs ND4J's native libraries: servers without them keep what they answer from, as"
                        + " their /readyz says");
    }

    /** Returns how an application's learner began its generation; the latest, if it began several. */
    public Optional<GenerationFact> startedBy(String application) {
        return facts.values().stream()
                .flatMap(own -> Optional.ofNullable(own.get(Kind.STARTED)).stream())
                .filter(started -> started.by().equals(application))
                .reduce((earlier, later) -> later);
    }

    public boolean is(String generation, Kind kind) {
        return fact(generation, kind).isPresent();
    }

    /** Returns the generation that is to answer; absent if none was promoted. */
    public Optional<String> answering() {
        return promotedLastFirst().stream().findFirst();
    }

    /** Returns the generation that a roll-back goes to; absent if there is none. */
    public Optional<String> answeredBefore() {
        return promotedLastFirst().stream().skip(1).findFirst();
    }

    /** Returns the state of a generation. */
    public State state(String generation) {
        if (is(generation, Kind.RETIRED)) {
            return State.RETIRED;
        }
        if (runningExperiment()
                .filter(one -> one.treatment().equals(generation))
                .isPresent()) {
            return State.ANSWERS_SOME;
        }
        if (promoted.contains(generation)) {
            return answering().filter(generation::equals).isPresent() ? State.ANSWERS : State.ANSWERED_BEFORE;
        }
        return is(generation, Kind.COMPLETE) ? State.COMPLETE : State.BUILDING;
    }

    /**
     * Returns the generation that a server answers from, from now on; absent if nothing changes.
     *
     * <p>It is the one promoted last if that can answer, else the one that answers now. If none answers now, or if that
     * one is retired, it is the last promoted one that can answer.
     *
     * @param served the one that answers now
     * @param canAnswer whether a generation is complete on the server
     */
    public Optional<String> next(Optional<String> served, Predicate<String> canAnswer) {
        boolean anyWillDo = served.isEmpty() || is(served.get(), Kind.RETIRED);
        return promotedLastFirst().stream()
                .limit(anyWillDo ? promoted.size() : 1)
                .filter(canAnswer)
                .findFirst()
                .filter(next -> !served.equals(Optional.of(next)));
    }

    /** Returns the promoted generations that a server need not keep, because it keeps so many of those before the one that answers. */
    public List<String> surplus(Optional<String> served, int keptBefore) {
        int answering = Math.max(0, promotedLastFirst().indexOf(served.orElse("")));
        Optional<String> tried = runningExperiment().map(Experiment::treatment);
        return promotedLastFirst().stream()
                .skip(answering + 1L + keptBefore)
                .filter(generation -> !tried.equals(Optional.of(generation)))
                .toList();
    }

    /** Returns the promoted generations that are not retired, the last one first. The first is to answer. */
    private List<String> promotedLastFirst() {
        List<String> lastFirst = new ArrayList<>(promoted);
        Collections.reverse(lastFirst);
        return lastFirst;
    }
}
