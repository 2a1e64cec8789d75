package dev.millrace.cli.evaluate;

import dev.millrace.model.StepTimes;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;

/**
 * CPU time of the learning thread within learning steps, and nowhere else: what else runs on the machine takes wall time away, not this. One
 * thread.
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

    /** Examples a second, if so many were learnt in that time; 0 if none was. */
    double perSecond(long examples) {
        return nanos == 0 ? 0 : examples * NANOS_A_SECOND / nanos;
    }
}
