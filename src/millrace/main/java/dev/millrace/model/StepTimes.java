package dev.millrace.model;

/** A listener for the beginning of a step and the end of each phase. */
public interface StepTimes {

    /** Parts of a step. */
    enum Phase {
        /** Candidates, statistics, rows by key. */
        RESOLVE,
        /** Gather, networks, normalisation. */
        FORWARD,
        /** Scores, softmax, gradients of the vectors. */
        LOSS,
        /** Networks back, sums a row. */
        BACKWARD,
        /** Norms and optimisers. */
        APPLY
    }

    /** Ignores all calls. */
    StepTimes UNTIMED = () -> {};

    /** Called when a step begins. */
    void begin();

    /** Called when a phase ended. */
    default void lap(Phase phase) {}
}
