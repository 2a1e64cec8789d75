package dev.millrace.bench;

import dev.millrace.shop.ShopSettings;
import dev.millrace.app.MillraceSettings;
import dev.millrace.app.ReplayRun;
import dev.millrace.replay.BadRow;
import dev.millrace.replay.DataSet;
import dev.millrace.replay.Pace;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.shop.ShopGenerator;
import dev.millrace.state.InputTopic;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.Topics;
import dev.millrace.wire.AvroWire;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

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

        private Stage warmingUp() {
            return new Stage("warming up", 0, warmUp.toSeconds(), seconds());
        }

        private Stage measuring() {
            return new Stage("measuring", warmUp.toSeconds(), span.toSeconds(), seconds());
        }

        private Stage settling() {
            return new Stage("settling", warmUp.toSeconds() + span.toSeconds(), SETTLE_LOOKS, seconds());
        }

        private long seconds() {
            return warmUp.toSeconds() + span.toSeconds() + SETTLE_LOOKS;
        }
    }

    /**
     * A part of the plan.
     *
     * @param before seconds of the parts before it
     * @param all seconds of all parts
     */
    private record Stage(String name, long before, long seconds, long all) {}

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final long LOOK_MILLIS = 1_000;
    private static final int SETTLE_LOOKS = 5; // so that the last clicks become visible while more are sent
    private static final int LOOKS_A_LINE = 10;
    private static final String FRESHNESS = "millrace_freshness_seconds";
    private static final String WITHHELD = "millrace_learn_withheld";
    private static final String RECENT = "millrace_freshness_recent_seconds";

    private final Path directory;
    private final List<String> launcher;
    private final List<Path> files;
    private final Map<String, String> given;
    private final BenchReport report;
    private final AtomicReference<@Nullable Throwable> sendFailure = new AtomicReference<>();

    /**
     * @param directory of all data and logs, empty
     * @param launcher command that runs the program, without arguments
     * @param files of settings, for all parts
     * @param given settings that hold over those of the files
     */
    public FreshnessBench(
            Path directory, List<String> launcher, List<Path> files, Map<String, String> given, BenchReport report) {
        this.directory = directory.toAbsolutePath();
        this.launcher = List.copyOf(launcher);
        this.files = files.stream().map(Path::toAbsolutePath).toList();
        this.given = new TreeMap<>(given);
        this.given.put("stream.state-directory", this.directory.resolve("state").toString());
        this.given.put("serve.state-dir", this.directory.resolve("serve").toString());
        this.given.put("serve.port", "0");
        this.given.put("train.http.port", "0");
        this.given.merge("publish.attributes", FreshnessProbes.MARK, (others, mark) -> others + "," + mark);
        this.report = report;
    }

    /** The shop, and the time it has come to. */
    private record TimedShop(ShopGenerator shop, AtomicLong time) implements DataSet {

        @Override
        public boolean hasExposures() {
            return shop.hasExposures();
        }

        @Override
        public Stream<ReplayEvent> events(Consumer<? super BadRow> badRows) {
            return shop.events(badRows).peek(event -> time.accumulateAndGet(event.time(), Math::max));
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
        TimedShop shop = new TimedShop(new ShopGenerator(ShopSettings.read(settings.reader())), new AtomicLong());
        ReplayRun replay = new ReplayRun(shop, plan.pace(), Long.MAX_VALUE, bad -> {});
        Map<String, ProcessHandle> handles = new LinkedHashMap<>(processes.handles());
        handles.put("bench", ProcessHandle.current());
        ProcessLoad load = new ProcessLoad(handles);
        try (EventProducer producer =
                        new EventProducer(settings.clients(), settings.topics().names(), wire);
                ClickTrail trail =
                        new ClickTrail(settings.clients(), settings.topics().names(), wire)) {
            Thread sender = new Thread(() -> send(replay, producer), "replay");
            sender.start();
            awaitFirstAnswers(recall, processes);
            try (FreshnessProbes probes = new FreshnessProbes(
                    recall,
                    producer,
                    shop.time()::get,
                    plan.queriesPerSecond(),
                    ShopSettings.read(settings.reader()).users())) {
                report.print(
                        "warms up for %d s; the rate rises in the first half",
                        plan.warmUp().toSeconds());
                watch(plan.warmingUp(), processes, recall, probes, load);
                report.print("measures for %d s", plan.span().toSeconds());
                probes.clear();
                long begin = System.currentTimeMillis();
                Map<InputTopic, Long> sentBefore = replay.sent();
                NavigableMap<Double, Long> before = recall.histogram(FRESHNESS);
                load.begin();
                watch(plan.measuring(), processes, recall, probes, load);
                Map<String, Double> cores = load.cores();
                NavigableMap<Double, Long> after = recall.histogram(FRESHNESS);
                Map<InputTopic, Long> sentAfter = replay.sent();
                long end = System.currentTimeMillis();
                report.print("");
                tellSettings(plan, settings);
                tellEvents(sentBefore, sentAfter, (end - begin) / 1e3);
                tellLoad(cores, load.coresOfTheMachine());
                report.print("");
                report.print("                                count      p50      p99      max");
                tellFreshness(before, after);
                tell("waits", "new item → recalled", probes.newItems());
                tell("waits", "click → its user's answer", probes.changedAnswers());
                tell("waits", "recall request", probes.requests());
                boolean isWithheld = trainer.gauge(WITHHELD) > 0;
                report.add(
                        new Figures().with("isWithheldAtTheEnd", isWithheld).with("unanswered", probes.unanswered()));
                if (isWithheld) {
                    report.print(
                            "publication is withheld at the end: clicks whose vectors are withheld are not counted");
                }
                if (probes.unanswered() > 0) {
                    report.print("%d new items or clicks were not visible within 30 s", probes.unanswered());
                }
                watch(plan.settling(), processes, recall, probes, load);
                report.print("");
                report.reached("", plan.seconds(), plan.seconds());
                report.print("a click's way, the oldest of each vector");
                trail.legs(begin, end).forEach((leg, times) -> tell("legs", leg, times));
            } finally {
                replay.stop();
                sender.join();
            }
        }
    }

    private void awaitFirstAnswers(RecallClient recall, SeparateProcesses processes)
            throws IOException, InterruptedException {
        Waiting.until(PATIENCE, "the first answer (see the logs in " + directory + ")", () -> {
            processes.requireAll();
            return recall.ask("/v1/recall?user=u0").isPresent();
        });
    }

    private void send(ReplayRun replay, EventProducer producer) {
        try {
            replay.run(producer, InstantSource.system());
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error failed) {
            sendFailure.set(failed);
        }
    }

    /** Waits until a part of the plan is over, and checks that nothing has failed. */
    private void watch(
            Stage stage, SeparateProcesses processes, RecallClient recall, FreshnessProbes probes, ProcessLoad load)
            throws InterruptedException {
        long begin = System.nanoTime();
        for (long look = 1; look <= stage.seconds(); look++) {
            report.reached(stage.name(), stage.before() + look - 1, stage.all());
            Thread.sleep(Math.max(0, look * LOOK_MILLIS - (System.nanoTime() - begin) / 1_000_000));
            load.look();
            processes.requireAll();
            Throwable failed = probes.failure().orElse(sendFailure.get());
            if (failed != null) {
                throw new IllegalStateException("a part of the measurement failed: " + failed, failed);
            }
            if (look % LOOKS_A_LINE == 0) {
                report.print(
                        "%5d s  click → served vector, last minute: p50 %.2f s  p99 %.2f s",
                        look, recall.gauge(RECENT + "{of=\"p50\"}"), recall.gauge(RECENT + "{of=\"p99\"}"));
            }
        }
    }

    private void tellSettings(Plan plan, MillraceSettings settings) {
        report.add(new Figures()
                .with("eventsPerSecond", plan.rate().rate())
                .with("warmUpSeconds", plan.warmUp().toSeconds())
                .with("seconds", plan.span().toSeconds())
                .with("recallRequestsPerSecond", plan.queriesPerSecond())
                .with(
                        "attributeCommitMillis",
                        settings.stream().attributeCommitInterval().toMillis())
                .with(
                        "learnCommitMillis",
                        settings.stream().learnCommitInterval().toMillis())
                .with("batchSize", settings.trainer().batch().size())
                .with("maxWaitMillis", settings.stream().maxWait().toMillis())
                .with("examBudget", settings.trainer().exam().budget())
                .with("partitions", settings.topics().partitions())
                .with("maxHeapBytes", Runtime.getRuntime().maxMemory()));
        report.print(
                "commits at most every %d ms (attribute) and %d ms (learn), batches of %d or %d ms, an exam budget of %s, %d partitions, heaps of %d MB",
                settings.stream().attributeCommitInterval().toMillis(),
                settings.stream().learnCommitInterval().toMillis(),
                settings.trainer().batch().size(),
                settings.stream().maxWait().toMillis(),
                settings.trainer().exam().budget(),
                settings.topics().partitions(),
                Runtime.getRuntime().maxMemory() >> 20);
        report.print(
                "%,.0f events/s for %d s, after %d s of warm-up; %.0f recall requests a second",
                plan.rate().rate(), plan.span().toSeconds(), plan.warmUp().toSeconds(), plan.queriesPerSecond());
    }

    private void tellEvents(Map<InputTopic, Long> before, Map<InputTopic, Long> after, double seconds) {
        long exposures = sentBetween(InputTopic.EXPOSURES, before, after);
        long clicks = sentBetween(InputTopic.CLICKS, before, after);
        report.add(new Figures()
                .with("sentExposures", exposures)
                .with("sentClicks", clicks)
                .with("sentInSeconds", seconds)
                .with("sentEventsPerSecond", (exposures + clicks) / seconds));
        report.print(
                "sent %,.0f events/s: %,d exposures and %,d clicks in %.1f s",
                (exposures + clicks) / seconds, exposures, clicks, seconds);
    }

    private static long sentBetween(InputTopic topic, Map<InputTopic, Long> before, Map<InputTopic, Long> after) {
        return after.getOrDefault(topic, 0L) - before.getOrDefault(topic, 0L);
    }

    private void tellLoad(Map<String, Double> cores, int ofTheMachine) {
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        Figures byProcess = new Figures();
        cores.forEach(byProcess::with);
        report.add(new Figures()
                .with("coresOfTheMachine", ofTheMachine)
                .with("coresUsed", byProcess)
                .with("loadAverage", load));
        StringBuilder text = new StringBuilder("cores used, of " + ofTheMachine + ":");
        cores.forEach((name, used) -> text.append(String.format(Locale.ROOT, " %s %.2f", name, used)));
        report.print("%s; load average %.1f", text, load);
    }

    /** Tells quantiles of what the server counted in between, interpolated within a bucket as Prometheus does. */
    private void tellFreshness(NavigableMap<Double, Long> before, NavigableMap<Double, Long> after) {
        NavigableMap<Double, Long> counts = new TreeMap<>();
        after.forEach((edge, count) -> counts.put(edge, count - before.getOrDefault(edge, 0L)));
        long total = counts.isEmpty() ? 0 : counts.lastEntry().getValue();
        double p50 = quantileMillis(counts, 0.5);
        double p99 = quantileMillis(counts, 0.99);
        double within = (double) counts.getOrDefault(1.0, 0L) / Math.max(1, total);
        String what = "click → served vector";
        report.add(
                "waits",
                new Figures()
                        .with("wait", what)
                        .with("count", total)
                        .with("p50Millis", p50)
                        .with("p99Millis", p99)
                        .with("shareWithinASecond", within));
        report.print(
                "%-28s %,8d %,5.0f ms %,5.0f ms            %.2f %% within 1 s", what, total, p50, p99, 100 * within);
    }

    static double quantileMillis(NavigableMap<Double, Long> counts, double share) {
        double wanted = counts.isEmpty() ? 0 : share * counts.lastEntry().getValue();
        double lowerEdge = 0;
        double below = 0;
        for (Map.Entry<Double, Long> bucket : counts.entrySet()) {
            double upTo = bucket.getValue();
            if (upTo >= wanted && upTo > below) {
                double within = bucket.getKey().isInfinite()
                        ? 0
                        : (bucket.getKey() - lowerEdge) * (wanted - below) / (upTo - below);
                return 1_000 * (lowerEdge + within);
            }
            lowerEdge = bucket.getKey();
            below = upTo;
        }
        return Double.NaN;
    }

    private void tell(String table, String what, DurationSample waits) {
        double p50 = waits.quantile(0.5);
        double p99 = waits.quantile(0.99);
        double longest = waits.quantile(1);
        report.add(
                table,
                new Figures()
                        .with("wait", what)
                        .with("count", waits.count())
                        .with("p50Millis", p50)
                        .with("p99Millis", p99)
                        .with("maxMillis", longest));
        if (waits.count() == 0) {
            report.print("%-28s %,8d", what, 0);
        } else {
            report.print("%-28s %,8d %,5.0f ms %,5.0f ms %,5.0f ms", what, waits.count(), p50, p99, longest);
        }
    }
}
