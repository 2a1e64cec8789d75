package dev.millrace.generation;

import dev.millrace.experiment.Experiment;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A fact about a generation: an entry of its history.
 *
 * @param generation lineage of weights
 * @param at wall clock of the writer, epoch milliseconds
 * @param step step of the learner; 0 if a command wrote the fact
 * @param items number of items in the learner's catalogue; 0 if a command wrote the fact
 * @param by application id of the learner, or the command, or HTTP
 * @param settings settings of the learner by key, defaults included, with {@link Kind#STARTED}; the experiment as texts by key, with {@link
 *     Kind#EXPERIMENT}; else empty
 */
public record GenerationFact(
        String generation, Kind kind, long at, long step, int items, String by, SortedMap<String, String> settings) {

    /** What happened to the generation. */
    public enum Kind {
        /** A learner published for the first time. */
        STARTED,
        /** All of its items have a vector. */
        COMPLETE,
        /** It is to answer. */
        PROMOTED,
        /** It will never answer again. */
        RETIRED,
        /** It answers some of the users, as the treatment of an experiment; or that ends. */
        EXPERIMENT
    }

    public GenerationFact {
        settings = Collections.unmodifiableSortedMap(new TreeMap<>(settings));
    }

    /** Creates a fact without settings. */
    public GenerationFact(String generation, Kind kind, long at, long step, int items, String by) {
        this(generation, kind, at, step, items, by, new TreeMap<>());
    }

    /** Creates the fact of a state of an experiment: one about its treatment. */
    public static GenerationFact of(Experiment experiment, long at, String by) {
        return new GenerationFact(experiment.treatment(), Kind.EXPERIMENT, at, 0, 0, by, experiment.texts());
    }

    /** Returns the experiment; absent for other facts, and for one that only another version can read. */
    public Optional<Experiment> experiment() {
        try {
            return kind == Kind.EXPERIMENT ? Optional.of(Experiment.of(settings)) : Optional.empty();
        } catch (IllegalArgumentException unreadable) {
            return Optional.empty();
        }
    }

    /** Whether its model runs on ND4J's native libraries alone, so that servers need them too. */
    boolean needsNatives() {
        return settings.entrySet().stream()
                .anyMatch(one -> (one.getKey().matches("tower\\.channel\\..*\\.kind")
                                && one.getValue().equals("dl4j"))
                        || (one.getKey().equals("model.engine")
                                && one.getValue().equals("nd4j")));
    }
}
