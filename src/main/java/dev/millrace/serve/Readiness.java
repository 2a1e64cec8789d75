package dev.millrace.serve;

import dev.millrace.recall.Generations;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Whether the server can answer, and what it waits for.
 *
 * @param isReady all topics caught up and a generation served
 * @param isAlive no topic has failed: a new start may help one that has
 * @param records how much of each topic has been read, where that is known
 * @param generation that answers
 * @param promoted the generation that is to answer
 * @param generations all that are kept
 * @param items in the served index
 * @param step latest learning step among its vectors
 */
record Readiness(
        boolean isReady,
        boolean isAlive,
        Map<FollowedTopic, Progress> topics,
        Map<FollowedTopic, Records> records,
        Optional<String> generation,
        Optional<String> promoted,
        List<Generations.Status> generations,
        int items,
        long step) {

    /**
     * How much has been read of what was in a topic at the start.
     *
     * @param read of these
     * @param all there were; those that compaction has removed since count as read
     */
    record Records(long read, long all) {}

    /** How far a topic has been read. */
    enum Progress {
        READING,
        CAUGHT_UP,
        FAILED;

        /** As {@code /readyz} gives it. */
        String text() {
            return name().toLowerCase(Locale.ROOT).replace('_', '-');
        }
    }
}
