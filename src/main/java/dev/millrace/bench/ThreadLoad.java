package dev.millrace.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Stream;

/** The CPU time of this process by what its threads do, on Linux. The kernel counts it in hundredths of a second. */
final class ThreadLoad {

    /** What a thread does. */
    enum Work {
        /** Threads of a Kafka Streams application; their names begin with its id. */
        STREAM,
        /** Threads of Kafka's clients. */
        CLIENTS,
        /** Compactions and flushes of RocksDB. */
        ROCKSDB,
        /** The JIT compilers. */
        JIT,
        /** The garbage collector. */
        GC,
        /** The broker in this process, and all others. */
        BROKER
    }

    private static final Path TASKS = Path.of("/proc/self/task");
    private static final int NAME = 15; // characters that the kernel keeps of a name
    private static final int USER_TICKS = 11; // fields behind the name in parentheses
    private static final double TICKS_A_SECOND = 100;

    private ThreadLoad() {}

    /** Returns the seconds that the threads of this process have used so far; nothing where there is no such system. */
    static Map<Work, Double> seconds(String application) {
        Map<Work, Double> seconds = new EnumMap<>(Work.class);
        if (Files.isDirectory(TASKS)) {
            try (Stream<Path> tasks = Files.list(TASKS)) {
                tasks.forEach(task -> add(task, application, seconds));
            } catch (IOException unreadable) {
                throw new UncheckedIOException(unreadable);
            }
        }
        return seconds;
    }

    private static void add(Path task, String application, Map<Work, Double> seconds) {
        String stat;
        try {
            stat = Files.readString(task.resolve("stat"));
        } catch (IOException ended) {
            return; // the thread has ended since
        }
        String name = stat.substring(stat.indexOf('(') + 1, stat.lastIndexOf(')'));
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
        double used =
                (Double.parseDouble(fields[USER_TICKS]) + Double.parseDouble(fields[USER_TICKS + 1])) / TICKS_A_SECOND;
        seconds.merge(work(name, application), used, Double::sum);
    }

    private static Work work(String name, String application) {
        if (name.startsWith(application.substring(0, Math.min(NAME, application.length())))) {
            return Work.STREAM;
        }
        if (name.startsWith("kafka-producer") || name.startsWith("kafka-coordin") || name.startsWith("kafka-admin")) {
            return Work.CLIENTS;
        }
        if (name.startsWith("rocksdb")) {
            return Work.ROCKSDB;
        }
        if (name.startsWith("C1 Comp") || name.startsWith("C2 Comp")) {
            return Work.JIT;
        }
        return name.startsWith("GC ") || name.startsWith("G1 ") || name.startsWith("VM Thread") ? Work.GC : Work.BROKER;
    }
}
