package dev.millrace.serve;

import dev.millrace.recall.Generations;
import dev.millrace.serve.ServedState.Source;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Whether the server can answer, and what it waits for.
 *
 * @param isReady all topics caught up and a generation served
 * @param isAlive no topic has failed: a new start may help one that has
 * @param generation that answers
 * @param promoted the generation that is to answer
 * @param generations all that are kept
 * @param items in the served index
 * @param step latest learning step among its vectors
 */
record Readiness(
        boolean isReady,
        boolean isAlive,
        Map<Source, Progress> topics,
        Optional<String> generation,
        Optional<String> promoted,
        List<Generations.Status> generations,
        int items,
        long step) {

    /** How far a topic has been read. */
    enum Progress {
        READING,
        CAUGHT_UP,
        FAILED
    }
}
