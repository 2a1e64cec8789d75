package dev.millrace.model;

/** Takes the ends of a step's phases: for a benchmark, or a test that interrupts; a learner in the stream has none. */
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

    /** Takes nothing. */
    StepTimes UNTIMED = new StepTimes() {
        @Override
        public void begin() {}

        @Override
        public void lap(Phase phase) {}
    };

    void begin();

    /** A phase ended. */
    void lap(Phase phase);
}
