package dev.millrace.bench;

import dev.millrace.shop.ShopSettings;
import com.sun.management.ThreadMXBean;
import dev.millrace.app.MillraceSettings;
import dev.millrace.app.ReplayRun;
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
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Measures what an event costs the attribution, beside a bare topology of the same settings that gets and puts one entry of RocksDB an event.
 *
 * <p>The events are in the topics before the measurement. The first half of them warms up. Broker and applications run in this process.
 */
public final class StreamBench {

    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final double WARM_UP = 0.5;
    private static final String PROCESSED = "kafka.stream.thread.process.total";

    private final Path directory;
    private final List<Path> files;
    private final Map<String, String> given;
    private final BenchReport report;

    /**
     * @param directory for broker and state, empty
     * @param files configuration
     * @param given settings above those of the files
     */
    public StreamBench(Path directory, List<Path> files, Map<String, String> given, BenchReport report) {
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

    /**
     * What was used up to a moment.
     *
     * @param events taken in
     * @param threadNanos CPU time of the stream's threads
     * @param allocated bytes that they allocated
     */
    private record Moment(
            long events, long nanos, long threadNanos, long allocated, Map<ThreadLoad.Work, Double> seconds) {}

    /** Runs both a number of times in turn, and tells of each, then the medians. */
    public void run(long events, int rounds) throws IOException, InterruptedException {
        try (EmbeddedBroker broker = EmbeddedBroker.start(
                directory.resolve("broker"), 0, Optional.empty(), Map.of("log.cleaner.enable", "false"))) {
            given.put("kafka.bootstrap.servers", broker.bootstrapServers());
            MillraceSettings settings = settings("fill");
            new Topics(settings.clients(), settings.topics(), PATIENCE).create();
            long start = System.nanoTime();
            Map<InputTopic, Long> sent = fill(settings, events);
            double seconds = Figures.secondsSince(start);
            report.add(new Figures().with("events", events).with("sendSeconds", seconds));
            report.print("%,d events sent in %.1f s", events, seconds);
            Map<Kind, double[][]> all = new EnumMap<>(Kind.class);
            for (Kind kind : Kind.values()) {
                all.put(kind, new double[4][rounds]);
            }
            int done = 0;
            for (int round = 0; round < rounds; round++) {
                for (Kind kind : Kind.values()) {
                    report.reached(kind.text(), done++, (long) rounds * Kind.values().length);
                    measure(kind, round, records(kind, sent), Objects.requireNonNull(all.get(kind)));
                }
            }
            report.reached("", done, done);
            all.forEach(this::tell);
        }
    }

    private void tell(Kind kind, double[][] columns) {
        Spread events = Spread.of(columns[0]);
        Spread micros = Spread.of(columns[1]);
        Spread allocated = Spread.of(columns[2]);
        Spread changelog = Spread.of(columns[3]);
        report.add(
                "medians",
                new Figures()
                        .with("kind", kind.text())
                        .with("eventsPerSecond", events)
                        .with("threadMicrosAnEvent", micros)
                        .with("allocatedBytesAnEvent", allocated)
                        .with("changelogBytesAnEvent", changelog));
        report.print(
                "%-12s median [range]  events/s %s  µs/event on its thread %s  bytes allocated/event %s  changelog bytes/event %s",
                kind.text(),
                events.text("%,.0f"),
                micros.text("%.1f"),
                allocated.text("%,.0f"),
                changelog.text("%,.0f"));
    }

    private void measure(Kind kind, int round, long events, double[][] columns)
            throws IOException, InterruptedException {
        MillraceSettings settings = settings(kind.text() + round);
        String application = settings.stream().applicationId(Part.ATTRIBUTE);
        Moment warm;
        Moment end;
        MeterRegistry registry = new SimpleMeterRegistry();
        try (StreamRunner runner = runner(kind, settings)) {
            runner.start();
            runner.bindTo(registry);
            Waiting.until(PATIENCE, "the warm-up", () -> processed(registry) >= WARM_UP * events);
            warm = moment(processed(registry), application);
            Waiting.until(PATIENCE, "all events", () -> processed(registry) >= events);
            end = moment(processed(registry), application);
        }
        double span = end.events - warm.events;
        columns[0][round] = span * 1e9 / (end.nanos - warm.nanos);
        columns[1][round] = (end.threadNanos - warm.threadNanos) / 1e3 / span;
        columns[2][round] = (end.allocated - warm.allocated) / span;
        columns[3][round] = changelogBytes(application) / (double) events;
        StringBuilder others = new StringBuilder();
        Figures byThreads = new Figures();
        end.seconds.forEach((work, seconds) -> {
            String name = work.name().toLowerCase(Locale.ROOT);
            double micros = (seconds - warm.seconds.getOrDefault(work, 0.0)) * 1e6 / span;
            byThreads.with(name, micros);
            others.append(String.format(Locale.ROOT, "  %s %.1f", name, micros));
        });
        report.add(
                "rounds",
                new Figures()
                        .with("kind", kind.text())
                        .with("round", round + 1)
                        .with("eventsPerSecond", columns[0][round])
                        .with("threadMicrosAnEvent", columns[1][round])
                        .with("allocatedBytesAnEvent", columns[2][round])
                        .with("changelogBytesAnEvent", columns[3][round])
                        .with("microsAnEventByThreads", byThreads));
        report.print(
                "%-12s round %d  %,.0f events/s  %.1f µs an event on its thread  µs an event by threads:%s",
                kind.text(), round + 1, columns[0][round], columns[1][round], others);
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
        return new StreamRunner(
                settings.stream(),
                settings.clients(),
                Map.of(
                        Part.ATTRIBUTE,
                        switch (kind) {
                            case ATTRIBUTION ->
                                MillraceTopology.attribute(
                                        names,
                                        settings.attribution(),
                                        settings.attributionKept(),
                                        new AvroWire(settings.wire()),
                                        topic -> Objects.requireNonNull(partitions.get(topic)));
                            case BARE -> BareTopology.getAndPut(names);
                        }));
    }

    private static Moment moment(long events, String application) {
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
        return new Moment(events, System.nanoTime(), nanos, allocated, ThreadLoad.seconds(application));
    }

    /** Returns the bytes of an application's changelogs in the broker's directory, which are never compacted, with their transactions' marks. */
    private long changelogBytes(String application) throws IOException {
        Path logs = directory.resolve("broker").resolve("log");
        long bytes = 0;
        try (DirectoryStream<Path> topics = Files.newDirectoryStream(logs, application + "-*-changelog-*")) {
            for (Path topic : topics) {
                try (Stream<Path> segments = Files.list(topic)) {
                    bytes += segments.filter(file -> file.toString().endsWith(".log"))
                            .mapToLong(StreamBench::size)
                            .sum();
                }
            }
        }
        return bytes;
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Returns how many records were sent, by input topic. */
    private static Map<InputTopic, Long> fill(MillraceSettings settings, long events) throws InterruptedException {
        ReplayRun replay = new ReplayRun(new ShopGenerator(ShopSettings.read(settings.reader())), new Pace.Max(), events, bad -> {});
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
