package dev.millrace.flink;

import dev.millrace.app.MillraceSettings;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.evaluate.Figures;
import dev.millrace.evaluate.Report;
import dev.millrace.feature.UserFeatures;
import dev.millrace.operation.Progress;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.TopicReader;
import dev.millrace.topic.Topics;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TrainingRecords;
import java.io.File;
import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * Measures what an event costs Millrace's attribution and the same rules as a job of Flink, in turn, on the events of {@code bench stream}. The broker
 * runs in this process, each engine in one of its own. Flink needs no package of the JDK opened, as nothing of this job is written by reflection.
 *
 * <p>It prints medians only if all runs wrote equal examples and users' features: ids, features, weights, times, and how often each.
 */
@Command(name = "flink-bench", mixinStandardHelpOptions = true)
final class FlinkBench implements Callable<Integer> {

    private static final Duration PATIENCE = Duration.ofMinutes(10);
    private static final int DIFFERENT = 1;
    private static final int SHOWN = 5;

    @Parameters(index = "0", description = "exposures and clicks")
    long events;

    @Parameters(index = "1", description = "rounds; each runs both, in turn")
    int rounds;

    @Option(names = "--checkpoint", defaultValue = "PT1S", description = "interval of Flink's checkpoints and commits")
    Duration checkpoint = Duration.ofSeconds(1);

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "one of Millrace's settings; may be repeated")
    Map<String, String> set = new LinkedHashMap<>();

    private final Report report = new Report(System.out::println, Progress.NONE);

    /** What an engine wrote: how often each value. */
    private record Written(Map<TrainingExample, Integer> examples, Map<UserFeatures, Integer> users) {}

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new FlinkBench()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("millrace-flink");
        report.note("in %s", directory);
        try (EmbeddedBroker broker = EmbeddedBroker.start(
                directory.resolve("broker"), 0, Optional.empty(), Map.of("log.cleaner.enable", "false"))) {
            set.put("kafka.bootstrap.servers", broker.bootstrapServers());
            MillraceSettings settings = MillraceSettings.load(List.of(), Map.of(), Map.of(), set);
            new Topics(settings.clients(), settings.topics(), PATIENCE).create();
            BenchEvents sent = BenchEvents.send(settings, events);
            report.add(new Figures()
                    .with("events", sent.taken())
                    .with("leftOut", sent.leftOut())
                    .with("checkpoint", checkpoint));
            return run(directory, sent);
        }
    }

    private int run(Path directory, BenchEvents sent) throws IOException, InterruptedException {
        Map<Engine, Map<String, List<Double>>> found = new EnumMap<>(Engine.class);
        Optional<Written> first = Optional.empty();
        for (int round = 1; round <= rounds; round++) {
            for (Engine engine : Engine.values()) {
                Path own = Files.createDirectory(directory.resolve(engine.label() + round));
                MillraceSettings settings = settings(own);
                Properties costs = measure(engine, own, sent);
                Figures row = new Figures().with("engine", engine.label()).with("round", round);
                costs.stringPropertyNames().stream().sorted().forEach(name -> {
                    double cost = Double.parseDouble(costs.getProperty(name));
                    row.with(name, cost);
                    found.computeIfAbsent(engine, none -> new TreeMap<>())
                            .computeIfAbsent(name, none -> new ArrayList<>())
                            .add(cost);
                });
                Written written = written(settings);
                report.add(
                        "rounds", row.with("examples", count(written.examples)).with("users", count(written.users)));
                if (first.isEmpty()) {
                    first = Optional.of(written);
                } else if (!written.equals(first.get())) {
                    tellDifferences(first.get(), written);
                    return DIFFERENT;
                }
            }
        }
        report.add(new Figures()
                .with("equalExamples", first.map(all -> count(all.examples)).orElse(0L))
                .with("equalUserFeatures", first.map(all -> count(all.users)).orElse(0L)));
        found.forEach((engine, costs) -> {
            Figures medians = new Figures().with("engine", engine.label());
            costs.forEach((name, values) -> medians.with(name, spread(values)));
            report.add("medians", medians);
        });
        return 0;
    }

    private Properties measure(Engine engine, Path own, BenchEvents sent) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx1g",
                "-XX:-UseDynamicNumberOfCompilerThreads"));
        command.addAll(List.of(
                "-classpath",
                classPath(engine),
                EngineRun.class.getName(),
                engine.name(),
                own.toString(),
                Long.toString(sent.sent()),
                Long.toString(sent.taken()),
                checkpoint.toString()));
        File log = own.resolve("log").toFile();
        Process process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log)
                .start();
        try {
            if (process.waitFor() != 0) {
                throw new IllegalStateException("the run of " + engine.label() + " failed: " + log);
            }
        } finally {
            process.destroyForcibly();
        }
        Properties costs = new Properties();
        try (Reader file = Files.newBufferedReader(own.resolve(EngineRun.COSTS))) {
            costs.load(file);
        }
        return costs;
    }

    /** Returns this process's class path with the one RocksDB that the engine is built for, and for Flink with its connector's Kafka clients. */
    private static String classPath(Engine engine) {
        List<String> entries =
                new ArrayList<>(List.of(System.getProperty("java.class.path").split(File.pathSeparator, -1)));
        if (engine == Engine.FLINK) {
            entries.removeIf(entry -> isJarOf("rocksdbjni", entry) || isJarOf("kafka-clients", entry));
            entries.add(System.getProperty("flink.kafka-clients"));
        } else {
            entries.removeIf(entry -> isJarOf("frocksdbjni", entry));
        }
        return String.join(File.pathSeparator, entries);
    }

    private static boolean isJarOf(String artifact, String entry) {
        return Path.of(entry).getFileName().toString().startsWith(artifact + "-");
    }

    /** Writes the settings of a run, which has topics of its own for what it writes, and creates these. */
    private MillraceSettings settings(Path own) throws IOException {
        String name = own.getFileName().toString();
        Properties all = new Properties();
        all.putAll(set);
        all.setProperty("stream.application-id", name);
        all.setProperty("stream.state-directory", own.resolve("streams").toString());
        for (String topic : List.of("training-examples", "user-features", "training-progress", "dead-letters")) {
            all.setProperty("topic." + topic + ".name", name + "-" + topic);
        }
        Path file = own.resolve(EngineRun.SETTINGS);
        try (Writer writer = Files.newBufferedWriter(file)) {
            all.store(writer, null);
        }
        MillraceSettings settings = MillraceSettings.load(List.of(file), Map.of(), Map.of(), Map.of());
        new Topics(settings.clients(), settings.topics(), PATIENCE).create();
        return settings;
    }

    private static Written written(MillraceSettings settings) {
        Map<TrainingExample, Integer> examples = new HashMap<>();
        Map<UserFeatures, Integer> users = new HashMap<>();
        AvroWire wire = new AvroWire(settings.wire());
        TrainingRecords training = new TrainingRecords(wire);
        try (TopicReader reader = new TopicReader(settings.clients(), PATIENCE)) {
            reader.readAll(settings.topics().names().trainingExamples(), record -> record.value()
                    .ifPresent(value -> training.decode(
                            value, example -> examples.merge(example, 1, Integer::sum), item -> {}, user -> {})));
            reader.readAll(settings.topics().names().userFeatures(), record -> record.value()
                    .flatMap(value -> wire.decode(Topic.USER_FEATURES, record))
                    .ifPresent(user -> users.merge(user, 1, Integer::sum)));
        }
        return new Written(examples, users);
    }

    private void tellDifferences(Written first, Written other) {
        report.note("The runs differ, so there are no figures.");
        tellDifference("examples", first.examples, other.examples);
        tellDifference("users' features", first.users, other.users);
    }

    private <T> void tellDifference(String what, Map<T, Integer> first, Map<T, Integer> other) {
        Set<Map.Entry<T, Integer>> missing = new HashSet<>(first.entrySet());
        missing.removeAll(other.entrySet());
        Set<Map.Entry<T, Integer>> added = new HashSet<>(other.entrySet());
        added.removeAll(first.entrySet());
        report.note("%d %s of the first run only, %d of this one only", missing.size(), what, added.size());
        missing.stream().limit(SHOWN).forEach(value -> report.note("- %s", value));
        added.stream().limit(SHOWN).forEach(value -> report.note("+ %s", value));
    }

    private static long count(Map<?, Integer> values) {
        return values.values().stream().mapToLong(Integer::longValue).sum();
    }

    private static Figures.Spread spread(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        return new Figures.Spread(sorted.get((sorted.size() - 1) / 2), sorted.get(0), sorted.get(sorted.size() - 1));
    }
}
