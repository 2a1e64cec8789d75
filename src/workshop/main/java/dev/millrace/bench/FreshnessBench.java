package dev.millrace.bench;

import dev.millrace.app.MillraceSettings;
import dev.millrace.app.ReplayRun;
import dev.millrace.evaluate.Figures;
import dev.millrace.evaluate.Report;
import dev.millrace.replay.Pace;
import dev.millrace.shop.ShopGenerator;
import dev.millrace.shop.ShopSettings;
import dev.millrace.state.InputTopic;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.Topics;
import dev.millrace.wire.AvroWire;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Measures how soon clicks and new items are visible, with broker, trainer and server as processes of their own on this machine.
 *
 * <p>A generated shop sends from this process, which calls the recall API as well. Measuring begins after a warm-up, in which the rate rises and the JVMs
 * compile.
 */
public final class FreshnessBench {

    /**
     * How to measure.
     *
     * @param rate exposures and clicks a second
     * @param warmUp time before the measurement, in the first half of which the rate rises
     * @param span of the measurement
     * @param queriesPerSecond of recall
     */
    public record Plan(Pace.EventsPerSecond rate, Duration warmUp, Duration span, double queriesPerSecond) {

        /** Rises in the first half of the warm-up: processes that only begin to compile would have a backlog, which takes what they need to compile. */
        private Pace pace() {
            return new Pace.Rising(rate.rate(), warmUp.toMillis() / 2e3);
        }

        private long seconds() {
            return warmUp.toSeconds() + span.toSeconds() + SETTLE_SECONDS;
        }
    }

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long LOOK_MILLIS = 1_000;
    private static final int SETTLE_SECONDS = 5; // so that the last clicks become visible while more are sent
    private static final int LOOKS_A_LINE = 10;
    private static final String WITHHELD = "millrace_learn_withheld";
    private static final String RECENT = "millrace_freshness_recent_seconds";
    private static final String RANKED = "{by=\"model\",k=\"10\"}";

    private final Path directory;
    private final List<String> launcher;
    private final List<Path> files;
    private final Map<String, String> given;
    private final Report report;

    /**
     * @param directory of all data and logs, empty
     * @param launcher command that runs the program, without arguments
     * @param files of settings, for all parts
     * @param given settings that hold over those of the files
     */
    public FreshnessBench(
            Path directory, List<String> launcher, List<Path> files, Map<String, String> given, Report report) {
        this.directory = directory.toAbsolutePath();
        this.launcher = List.copyOf(launcher);
        this.files = files.stream().map(Path::toAbsolutePath).toList();
        this.given = new TreeMap<>(given);
        this.given.put("stream.state-directory", this.directory.resolve("state").toString());
        this.given.put("serve.state-dir", this.directory.resolve("serve").toString());
        this.given.put("serve.port", "0");
        this.given.put("train.http.port", "0");
        addTo("publish.attributes", FreshnessProbes.MARK);
        addTo("attribution.negative-actions", FreshnessProbes.HIDE);
        this.report = report;
    }

    private void addTo(String setting, String name) {
        given.merge(setting, name, (others, one) -> others + "," + one);
    }

    /** What runs during a measurement. */
    private record Parts(SeparateProcesses processes, RecallClient recall, FreshnessProbes probes, Future<?> sender) {

        void requireAll() throws InterruptedException {
            processes.requireAll();
            probes.requireAll();
            FreshnessProbes.requireUnfailed(sender);
        }
    }

    /** Runs, and tells what it measured. */
    public void run(Plan plan) throws IOException, InterruptedException {
        try (SeparateProcesses processes = new SeparateProcesses(directory, launcher)) {
            String broker = processes.start(
                    List.of(
                            "broker",
                            "--port",
                            "0",
                            "--dir",
                            directory.resolve("broker").toString()),
                    Pattern.compile("broker (\\S+:\\d+),"));
            given.put("kafka.bootstrap.servers", broker);
            MillraceSettings settings = MillraceSettings.load(files, Map.of(), System.getenv(), given);
            new Topics(settings.clients(), settings.topics(), PATIENCE).create();
            String trainerUrl = processes.start(command("train"), Pattern.compile("health and metrics (\\S+)"));
            String url = processes.start(command("serve"), Pattern.compile("recall API (\\S+)"));
            measure(plan, settings, processes, new RecallClient(url), new RecallClient(trainerUrl));
        }
    }

    private List<String> command(String name) {
        List<String> command = new ArrayList<>(List.of(name));
        files.forEach(file -> command.addAll(List.of("--config", file.toString())));
        given.forEach((key, value) -> command.addAll(List.of("--set", key + "=" + value)));
        return command;
    }

    private void measure(
            Plan plan,
            MillraceSettings settings,
            SeparateProcesses processes,
            RecallClient recall,
            RecallClient trainer)
            throws IOException, InterruptedException {
        AvroWire wire = new AvroWire(settings.wire());
        ShopSettings shop = ShopSettings.read(settings.reader());
        ReplayRun replay = new ReplayRun(ShopGenerator.of(settings.reader()), plan.pace(), Long.MAX_VALUE, bad -> {});
        ExecutorService threads = Executors.newSingleThreadExecutor();
        try (EventProducer producer =
                        new EventProducer(settings.clients(), settings.topics().names(), wire);
                ClickTrail trail =
                        new ClickTrail(settings.clients(), settings.topics().names(), wire)) {
            Future<?> sender = threads.submit(() -> {
                replay.run(producer, InstantSource.system());
                return null;
            });
            threads.shutdown(); // ends with what it sends
            Stopwatch.await(PATIENCE, "the first answer (see the logs in " + directory + ")", () -> {
                processes.requireAll();
                return recall.ask("/v1/recall?user=u0").isPresent();
            });
            try (FreshnessProbes probes =
                    new FreshnessProbes(recall, producer, replay, plan.queriesPerSecond(), shop.users())) {
                Parts parts = new Parts(processes, recall, probes, sender);
                watch("warming up", plan, 0, plan.warmUp().toSeconds(), parts);
                probes.clear();
                long begin = System.currentTimeMillis();
                Map<InputTopic, Long> sentBefore = replay.sent();
                Map<String, Double> cpuBefore = processes.cpuSeconds();
                watch("measuring", plan, plan.warmUp().toSeconds(), plan.span().toSeconds(), parts);
                Map<String, Double> cpuAfter = processes.cpuSeconds();
                Map<InputTopic, Long> sentAfter = replay.sent();
                long end = System.currentTimeMillis();
                double seconds = (end - begin) / 1e3;
                report.add(new Figures()
                        .with("eventsPerSecond", plan.rate().rate())
                        .with("warmUpSeconds", plan.warmUp().toSeconds())
                        .with("seconds", plan.span().toSeconds())
                        .with("recallRequestsPerSecond", plan.queriesPerSecond())
                        .with("sentInSeconds", seconds)
                        .with("sentPerSecond", increase(sentBefore, sentAfter, seconds))
                        .with("coresUsed", increase(cpuBefore, cpuAfter, seconds))
                        .with("isWithheldAtTheEnd", trainer.gauge(WITHHELD) > 0) // withheld vectors are not counted
                        .with("recallAt10", trainer.gauge("millrace_exam_recall" + RANKED)) // of the last events ranked
                        .with("standardError", trainer.gauge("millrace_exam_recall_standard_error" + RANKED))
                        .with("unanswered", probes.unanswered()));
                probes.waits().forEach((wait, sample) -> tell("waits", wait, sample));
                watch("settling", plan, plan.seconds() - SETTLE_SECONDS, SETTLE_SECONDS, parts);
                report.progress().reached("", plan.seconds(), plan.seconds());
                trail.legs(begin, end).forEach((leg, times) -> tell("legs", leg, times));
            } finally {
                replay.stop();
                threads.awaitTermination(PATIENCE.toSeconds(), TimeUnit.SECONDS);
            }
        }
    }

    /**
     * Waits until a part of the plan is over, and checks that nothing has failed.
     *
     * @param from second of the plan
     */
    private void watch(String part, Plan plan, long from, long seconds, Parts parts) throws InterruptedException {
        for (long second = from; second < from + seconds; second++) {
            report.progress().reached(part, second, plan.seconds());
            Thread.sleep(LOOK_MILLIS);
            parts.requireAll();
            if (second % LOOKS_A_LINE == LOOKS_A_LINE - 1) {
                report.note(
                        "%5d s, %s: click → served vector, last minute: p50 %.2f s  p99 %.2f s",
                        second + 1,
                        part,
                        parts.recall().gauge(RECENT + "{of=\"p50\"}"),
                        parts.recall().gauge(RECENT + "{of=\"p99\"}"));
            }
        }
    }

    /** What grew a second, by name. */
    private static <K> Figures increase(
            Map<K, ? extends Number> before, Map<K, ? extends Number> after, double seconds) {
        Figures figures = new Figures();
        after.forEach((key, number) -> {
            Number then = before.get(key);
            double increase = number.doubleValue() - (then == null ? 0 : then.doubleValue());
            figures.with(key.toString().toLowerCase(Locale.ROOT), increase / seconds);
        });
        return figures;
    }

    private void tell(String table, String what, Sample waits) {
        report.add(
                table,
                new Figures()
                        .with("wait", what)
                        .with("count", waits.count())
                        .with("p50Millis", waits.median())
                        .with("p99Millis", waits.quantile(0.99))
                        .with("maxMillis", waits.quantile(1))
                        .with("shareWithinASecond", waits.share(1_000)));
    }
}
