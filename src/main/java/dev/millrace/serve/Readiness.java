package dev.millrace.serve;

import dev.millrace.serve.ServedState.Source;
import java.util.Map;
import java.util.Optional;

/**
 * Whether the server can answer, and what it waits for.
 *
 * @param isReady all topics caught up and a generation served
 * @param isAlive no topic has failed: a new start may help one that has
 * @param building the newer generation that is being built, if there is one
 * @param items in the served index
 * @param step latest learning step among its vectors
 */
record Readiness(
        boolean isReady,
        boolean isAlive,
        Map<Source, Progress> topics,
        boolean isEncoderReady,
        Optional<String> generation,
        Optional<String> building,
        int items,
        long step) {

    /** How far a topic has been read. */
    enum Progress {
        READING,
        CAUGHT_UP,
        FAILED
    }
}
