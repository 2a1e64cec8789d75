package dev.millrace.bench;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import dev.millrace.app.MillraceSettings;
import dev.millrace.app.ReplayRun;
import dev.millrace.evaluate.Figures;
import dev.millrace.evaluate.Report;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.replay.Pace;
import dev.millrace.shop.ShopGenerator;
import dev.millrace.state.InputTopic;
import dev.millrace.stream.BareTopology;
import dev.millrace.stream.MillraceTopology;
import dev.millrace.stream.Part;
import dev.millrace.stream.run.StreamRunner;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.Topics;
import dev.millrace.wire.AvroWire;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.kafka.streams.Topology;

/**
 * Measures what an event costs the attribution, beside a bare topology of the same settings that gets and puts one entry of RocksDB an event.
 *
 * <p>The events are in the topics before the measurement. The first half of them warms up. Broker and applications run in this process.
 */
public final class StreamBench {

    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final double WARM_UP = 0.5;
    private static final OperatingSystemMXBean MACHINE =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    private static final String PROCESSED = "kafka.stream.thread.process.total";

    private final Path directory;
    private final List<Path> files;
    private final Map<String, String> given;
    private final Report report;

    /**
     * @param directory for broker and state, empty
     * @param files configuration
     * @param given settings above those of the files
     */
    public StreamBench(Path directory, List<Path> files, Map<String, String> given, Report report) {
        this.directory = directory;
        this.files = files;
        this.given = new TreeMap<>(given);
        this.report = report;
    }

    /** What is measured. */
    private enum Kind {
        ATTRIBUTION,
        BARE;

        String text() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Runs both a number of times in turn, and tells of each, then the medians. */
    public void run(long events, int rounds) throws IOException, InterruptedException {
        try (EmbeddedBroker broker = EmbeddedBroker.start(
                directory.resolve("broker"), 0, Optional.empty(), Map.of("log.cleaner.enable", "false"))) {
            given.put("kafka.bootstrap.servers", broker.bootstrapServers());
            MillraceSettings settings = settings("fill");
            new Topics(settings.clients(), settings.topics(), PATIENCE).create();
            Map<InputTopic, Long> sent = fill(settings, events);
            report.add(new Figures().with("events", events));
            Map<Kind, Map<String, Sample>> found = new EnumMap<>(Kind.class);
            int done = 0;
            for (int round = 1; round <= rounds; round++) {
                for (Kind kind : Kind.values()) {
                    report.progress().reached(kind.text(), done++, (long) rounds * Kind.values().length);
                    Map<String, Sample> samples = found.computeIfAbsent(kind, first -> new LinkedHashMap<>());
                    measure(kind, round, records(kind, sent), samples);
                }
            }
            report.progress().reached("", done, done);
            found.forEach((kind, samples) -> {
                Figures medians = new Figures().with("kind", kind.text());
                samples.forEach((name, sample) -> medians.with(name, sample.spread()));
                report.add("medians", medians);
            });
        }
    }

    private void measure(Kind kind, int round, long events, Map<String, Sample> samples)
            throws IOException, InterruptedException {
        MillraceSettings settings = settings(kind.text() + round);
        String application = settings.stream().applicationId(Part.ATTRIBUTE);
        Map<String, Double> costs = new LinkedHashMap<>();
        MeterRegistry registry = new SimpleMeterRegistry();
        try (StreamRunner runner = runner(kind, settings)) {
            runner.start();
            runner.bindTo(registry);
            Stopwatch.await(PATIENCE, "the warm-up", () -> processed(registry) >= WARM_UP * events);
            long warm = processed(registry);
            Stopwatch watch = Stopwatch.start();
            Map<String, Double> before = used(application);
            Stopwatch.await(PATIENCE, "all events", () -> processed(registry) >= events);
            double span = (double) processed(registry) - warm;
            costs.put("eventsPerSecond", span / watch.seconds());
            used(application)
                    .forEach((name, after) -> costs.put(name, (after - before.getOrDefault(name, 0.0)) / span));
        }
        costs.put("changelogBytesAnEvent", changelogBytes(application) / (double) events);
        Figures row = new Figures().with("kind", kind.text()).with("round", round);
        costs.forEach((name, cost) -> {
            row.with(name, cost);
            samples.computeIfAbsent(name, first -> new Sample()).add(cost);
        });
        report.add("rounds", row);
    }

    /** Returns how many records the application's threads have processed. */
    private static long processed(MeterRegistry registry) {
        return (long) registry.find(PROCESSED).functionCounters().stream()
                .mapToDouble(FunctionCounter::count)
                .sum();
    }

    private static StreamRunner runner(Kind kind, MillraceSettings settings) {
        TopicNames names = settings.topics().names();
        Map<String, Integer> partitions = new Topics(settings.clients(), settings.topics(), PATIENCE).partitions();
        Topology topology =
                switch (kind) {
                    case ATTRIBUTION ->
                        MillraceTopology.attribute(
                                names,
                                settings.attribution(),
                                settings.attributionKept(),
                                new AvroWire(settings.wire()),
                                topic -> Objects.requireNonNull(partitions.get(topic)),
                                ExperimentReference.Lookup.NONE);
                    case BARE -> BareTopology.getAndPut(names);
                };
        return new StreamRunner(settings.stream(), settings.clients(), Map.of(Part.ATTRIBUTE, topology));
    }

    /** What the stream's threads have used so far, and this process with broker, clients, RocksDB, compilers and garbage collector. */
    private static Map<String, Double> used(String application) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long nanos = 0;
        long allocated = 0;
        for (ThreadInfo thread : threads.getThreadInfo(threads.getAllThreadIds())) {
            if (thread != null
                    && thread.getThreadName().startsWith(application)
                    && thread.getThreadName().contains("StreamThread")) {
                nanos += threads.getThreadCpuTime(thread.getThreadId());
                allocated += threads.getThreadAllocatedBytes(thread.getThreadId());
            }
        }
        Map<String, Double> used = new LinkedHashMap<>();
        used.put("threadMicrosAnEvent", nanos / 1e3);
        used.put("processMicrosAnEvent", MACHINE.getProcessCpuTime() / 1e3);
        used.put("allocatedBytesAnEvent", (double) allocated);
        return used;
    }

    /** Returns the bytes of an application's changelogs in the broker's directory, which are never compacted, with their transactions' marks. */
    private long changelogBytes(String application) throws IOException {
        String changelog = Pattern.quote(application) + "-.*-changelog-.*";
        try (Stream<Path> files = Files.walk(directory.resolve("broker").resolve("log"))) {
            return files.filter(file -> file.toString().endsWith(".log")
                            && file.getName(file.getNameCount() - 2).toString().matches(changelog))
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    /** Returns how many records were sent, by input topic. */
    private static Map<InputTopic, Long> fill(MillraceSettings settings, long events) throws InterruptedException {
        ReplayRun replay = new ReplayRun(ShopGenerator.of(settings.reader()), new Pace.Max(), events, bad -> {});
        try (EventProducer producer =
                new EventProducer(settings.clients(), settings.topics().names(), new AvroWire(settings.wire()))) {
            replay.run(producer, InstantSource.system());
        }
        return replay.sent();
    }

    /** Returns how many records the application of a kind reads. */
    private static long records(Kind kind, Map<InputTopic, Long> sent) {
        return sent.entrySet().stream()
                .filter(topic -> kind == Kind.ATTRIBUTION
                        || topic.getKey() == InputTopic.EXPOSURES
                        || topic.getKey() == InputTopic.CLICKS)
                .mapToLong(Map.Entry::getValue)
                .sum();
    }

    private MillraceSettings settings(String name) {
        Map<String, String> own = new TreeMap<>(given);
        own.put("stream.application-id", name);
        own.put("stream.state-directory", directory.resolve(name).toString());
        return MillraceSettings.load(files, Map.of(), System.getenv(), own);
    }
}
