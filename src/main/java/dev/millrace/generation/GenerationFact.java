package dev.millrace.generation;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Something that became of a generation.
 *
 * @param generation lineage of weights
 * @param at when, epoch milliseconds, wall clock of whoever says so
 * @param step that the learner had come to; 0 if it was no learner that said so
 * @param items in the learner's catalogue; 0 if it was no learner that said so
 * @param by application id of the learner, or the command
 * @param settings of the learner, by key, defaults included, with {@link Kind#STARTED}; else empty
 */
public record GenerationFact(
        String generation, Kind kind, long at, long step, int items, String by, SortedMap<String, String> settings) {

    /** What became of it. */
    public enum Kind {
        /** A learner published for the first time. */
        STARTED,
        /** All of its items have a vector. */
        COMPLETE,
        /** It is to answer. */
        PROMOTED,
        /** It will never answer again. */
        RETIRED
    }

    public GenerationFact {
        settings = Collections.unmodifiableSortedMap(new TreeMap<>(settings));
    }

    /** A fact that comes without settings. */
    public GenerationFact(String generation, Kind kind, long at, long step, int items, String by) {
        this(generation, kind, at, step, items, by, new TreeMap<>());
    }
}
