package dev.millrace.serve;

import java.util.Optional;

/**
 * Whether the server can answer, and what it waits for.
 *
 * @param isReady all topics caught up and a generation served
 * @param building the newer generation that is being built, if there is one
 * @param items in the served index
 * @param step latest learning step among its vectors
 */
record Readiness(
        boolean isReady,
        boolean isItemEmbeddingsCaughtUp,
        boolean isModelUpdatesCaughtUp,
        boolean isUserFeaturesCaughtUp,
        boolean isEncoderReady,
        Optional<String> generation,
        Optional<String> building,
        int items,
        long step) {}
