package dev.millrace.workshop.evaluate;

import dev.millrace.model.StepTimes;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;

/**
 * Measures the CPU time of the learning thread within learning steps. Other processes on the machine do not change it, as they change wall time.
 * One thread.
 */
final class LearningTime implements StepTimes {

    private static final double NANOS_A_SECOND = 1e9;

    private final ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    private long began;
    private long nanos;

    @Override
    public void begin() {
        began = threads.getCurrentThreadCpuTime();
    }

    @Override
    public void lap(Phase phase) {
        long now = threads.getCurrentThreadCpuTime();
        nanos += now - began;
        began = now;
    }

    /** Returns examples a second of the time measured; 0 if no time was measured. */
    double perSecond(long examples) {
        return nanos == 0 ? 0 : examples * NANOS_A_SECOND / nanos;
    }
}
