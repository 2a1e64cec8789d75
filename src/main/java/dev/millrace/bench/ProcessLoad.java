package dev.millrace.bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** The cores that each of some processes used over a time, and those that all other processes used. One thread. */
final class ProcessLoad {

    private final OperatingSystemMXBean machine = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private final Map<String, ProcessHandle> processes;
    private final Map<String, Duration> before = new LinkedHashMap<>();
    private long beginNanos;
    private double busySum;
    private int looks;

    ProcessLoad(Map<String, ProcessHandle> processes) {
        this.processes = new LinkedHashMap<>(processes);
    }

    void begin() {
        processes.forEach((name, process) -> before.put(name, cpu(process)));
        machine.getCpuLoad(); // the next call measures from here
        beginNanos = System.nanoTime();
    }

    /** Samples the load of the machine; call it at even intervals. */
    void look() {
        busySum += Math.max(0, machine.getCpuLoad()) * machine.getAvailableProcessors();
        looks++;
    }

    /** The cores used since {@link #begin}, by process; {@code others} is everything else on the machine. */
    Map<String, Double> cores() {
        double nanos = System.nanoTime() - beginNanos;
        Map<String, Double> cores = new LinkedHashMap<>();
        processes.forEach((name, process) -> cores.put(
                name,
                cpu(process).minus(before.getOrDefault(name, Duration.ZERO)).toNanos() / nanos));
        double own = cores.values().stream().mapToDouble(Double::doubleValue).sum();
        cores.put("others", Math.max(0, busySum / Math.max(1, looks) - own));
        return cores;
    }

    int coresOfTheMachine() {
        return machine.getAvailableProcessors();
    }

    private static Duration cpu(ProcessHandle process) {
        return process.info().totalCpuDuration().orElse(Duration.ZERO);
    }
}
