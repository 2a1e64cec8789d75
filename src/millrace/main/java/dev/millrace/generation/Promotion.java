package dev.millrace.generation;

import java.util.Optional;

/** Which learners promote their generations themselves, as soon as they are complete. */
public enum Promotion {
    /** A learner from events, if no other generation answers. */
    LIVE,
    /** All learners. */
    ALWAYS,
    /** No learner. */
    NEVER;

    /**
     * Returns true if a learner promotes its generation when it is complete.
     *
     * @param isFromEvents true if the learner makes the mini-batches; false if it reads them from the log
     */
    public boolean isAutomatic(String generation, boolean isFromEvents, GenerationHistory history) {
        if (history.runningExperiment().isPresent()) {
            return false; // that decides
        }
        Optional<String> answering = history.answering();
        return switch (this) {
            case LIVE -> isFromEvents && answering.orElse(generation).equals(generation);
            case ALWAYS -> true;
            case NEVER -> false;
        };
    }
}
