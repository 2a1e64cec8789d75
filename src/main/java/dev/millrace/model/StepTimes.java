package dev.millrace.model;

/** Is told when a step begins and when each of its phases ends. */
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

    /** Ignores all. */
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
