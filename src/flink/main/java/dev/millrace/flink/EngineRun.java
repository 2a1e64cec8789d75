package dev.millrace.flink;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.app.MillraceSettings;
import dev.millrace.attribute.FlinkAttribution;
import dev.millrace.stream.MillraceTopology;
import dev.millrace.stream.Part;
import dev.millrace.stream.run.StreamRunner;
import dev.millrace.topic.Topics;
import dev.millrace.wire.AvroWire;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;

/**
 * One run of one engine in a process of its own: the events are in their topics before it starts, the first half of them warms up. It writes what an
 * event of the second half cost to {@value #COSTS}.
 *
 * <p>Each engine brings its build of RocksDB, under the same class names, so that one process cannot have both.
 */
final class EngineRun {

    static final String SETTINGS = "settings.properties";
    static final String COSTS = "costs.properties";

    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final long LOOK_MILLIS = 10;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final OperatingSystemMXBean MACHINE =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);

    private final Engine engine;
    private final Path directory;
    private final long sent;
    private final long taken;

    private EngineRun(Engine engine, Path directory, long sent, long taken) {
        this.engine = engine;
        this.directory = directory;
        this.sent = sent;
        this.taken = taken;
    }

    /**
     * @param arguments engine, directory with {@value #SETTINGS}, events sent, those of them that Flink takes, interval of its checkpoints
     */
    public static void main(String[] arguments) throws Exception {
        EngineRun run = new EngineRun(
                Engine.valueOf(arguments[0]),
                Path.of(arguments[1]),
                Long.parseLong(arguments[2]),
                Long.parseLong(arguments[3]));
        switch (run.engine) {
            case MILLRACE -> run.millrace();
            case FLINK -> run.flink(Duration.parse(arguments[4]));
        }
        System.exit(0); // Flink's cluster has threads that stay
    }

    private void millrace() throws IOException, InterruptedException {
        MillraceSettings settings =
                MillraceSettings.load(List.of(directory.resolve(SETTINGS)), Map.of(), Map.of(), Map.of());
        Map<String, Integer> partitions = new Topics(settings.clients(), settings.topics(), PATIENCE).partitions();
        MeterRegistry registry = new SimpleMeterRegistry();
        var topology = MillraceTopology.attribute(
                settings.topics().names(),
                settings.attribution(),
                settings.attributionKept(),
                new AvroWire(settings.wire()),
                topic -> Objects.requireNonNull(partitions.get(topic)), ExperimentReference.Lookup.NONE);
        try (StreamRunner runner =
                new StreamRunner(settings.stream(), settings.clients(), Map.of(Part.ATTRIBUTE, topology))) {
            runner.start();
            runner.bindTo(registry);
            measure(2 * sent, () -> 2 * processed(registry));
        }
    }

    private static long processed(MeterRegistry registry) {
        return (long) registry.find("kafka.stream.thread.process.total").functionCounters().stream()
                .mapToDouble(FunctionCounter::count)
                .sum();
    }

    private void flink(Duration checkpointInterval) throws Exception {
        JobClient job = FlinkJob.start(directory.resolve(SETTINGS), directory, checkpointInterval);
        measure(sent + taken, FlinkAttribution.HALVES::sum);
        String unused = job.stopWithSavepoint(
                        false, directory.resolve("savepoint").toUri().toString(), SavepointFormatType.NATIVE)
                .get(PATIENCE.toSeconds(), TimeUnit.SECONDS); // it commits what was sent
    }

    /**
     * @param all halves of events that are to be done
     * @param halves done so far: Flink's source is ahead of what it takes, and an event costs when it comes and when it is taken
     */
    private void measure(long all, LongSupplier halves) throws IOException, InterruptedException {
        await("the warm-up", halves, all / 2);
        long warm = halves.getAsLong();
        long start = System.nanoTime();
        Used before = used();
        await("all events", halves, all);
        Used after = used();
        double events = (halves.getAsLong() - warm) / 2.0;
        Properties costs = new Properties();
        costs.setProperty("eventsPerSecond", Double.toString(events / (System.nanoTime() - start) * 1e9));
        costs.setProperty("workerMicrosAnEvent", Double.toString((after.worker - before.worker) / 1e3 / events));
        costs.setProperty("processMicrosAnEvent", Double.toString((after.process - before.process) / 1e3 / events));
        costs.setProperty("allocatedBytesAnEvent", Double.toString((after.allocated - before.allocated) / events));
        try (Writer file = Files.newBufferedWriter(directory.resolve(COSTS))) {
            costs.store(file, null);
        }
    }

    private static void await(String what, LongSupplier halves, long most) throws InterruptedException {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (halves.getAsLong() < most) {
            if (System.nanoTime() > end) {
                throw new IllegalStateException(what + " took too long: " + halves.getAsLong() + " of " + most);
            }
            Thread.sleep(LOOK_MILLIS);
        }
    }

    /**
     * What has been used so far.
     *
     * @param worker nanoseconds of CPU of the engine's workers
     * @param process of all threads of this process but the compilers'
     * @param allocated bytes of heap, by the workers
     */
    private record Used(long worker, long process, long allocated) {}

    private Used used() {
        long worker = 0;
        long allocated = 0;
        for (ThreadInfo thread : THREADS.getThreadInfo(THREADS.getAllThreadIds())) {
            if (thread != null && engine.isWorker(thread.getThreadName())) {
                worker += THREADS.getThreadCpuTime(thread.getThreadId());
                allocated += THREADS.getThreadAllocatedBytes(thread.getThreadId());
            }
        }
        return new Used(worker, MACHINE.getProcessCpuTime() - compilers(), allocated);
    }

    /** Returns the nanoseconds of CPU of the compilers' threads, which stay as -XX:-UseDynamicNumberOfCompilerThreads says. */
    private static long compilers() {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            long nanos = 0;
            for (Path task : tasks.toList()) {
                nanos += read(task.resolve("comm")).contains("Compiler")
                        ? Long.parseLong(read(task.resolve("schedstat")).split(" ", 2)[0])
                        : 0;
            }
            return nanos;
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
    }

    private static String read(Path file) throws IOException {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException ended) {
            return "";
        }
    }
}
