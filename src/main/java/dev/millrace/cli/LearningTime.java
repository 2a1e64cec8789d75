package dev.millrace.cli;

import dev.millrace.model.StepTimes;

/** Wall time spent within learning steps, and nowhere else. One thread. */
final class LearningTime implements StepTimes {

    private static final double NANOS_A_SECOND = 1e9;

    private long began;
    private long nanos;

    @Override
    public void begin() {
        began = System.nanoTime();
    }

    @Override
    public void lap(Phase phase) {
        long now = System.nanoTime();
        nanos += now - began;
        began = now;
    }

    /** Examples a second, if so many were learnt in that time; 0 if none was. */
    double perSecond(long examples) {
        return nanos == 0 ? 0 : examples * NANOS_A_SECOND / nanos;
    }
}
