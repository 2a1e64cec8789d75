package dev.millrace.demo;

import dev.millrace.app.MillraceSettings;
import dev.millrace.app.ReplayRun;
import dev.millrace.app.ServeProcess;
import dev.millrace.app.TrainProcess;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.evaluate.Figures;
import dev.millrace.exam.ExamTotals;
import dev.millrace.follow.Freshness;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.page.ClickSender;
import dev.millrace.state.Books;
import dev.millrace.stream.run.StreamRunner;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicReader;
import dev.millrace.topic.Topics;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.AvroWire;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Everything in one process: broker, topics, trainer, server and a replay, with its progress on the terminal.
 *
 * <p>Closed in the order that loses nothing: replay, server, trainer, broker.
 */
public final class Demo implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration LOOK = Duration.ofMillis(200);
    private static final long NOW_POSITIVES = 5_000;

    private final PrintWriter out;
    private final ReplayRun replay;
    private final EmbeddedBroker broker;
    private final StreamRunner trainer;
    private final ServeProcess server;
    private final ProgressWatch progress;
    private final EventProducer producer;
    private final String examplesTopic;
    private final TopicReader examples;
    private final Thread sender;
    private volatile Optional<Throwable> sendFailure = Optional.empty();
    private volatile long startNanos = System.nanoTime();

    /**
     * Starts all parts.
     *
     * @param directory of the broker's and the trainer's data
     * @param settings by the address of the broker
     */
    public Demo(Path directory, Function<String, MillraceSettings> settings, ReplayRun replay, PrintWriter out)
            throws IOException, InterruptedException {
        this.out = out;
        this.replay = replay;
        broker = EmbeddedBroker.start(directory.resolve("broker"));
        MillraceSettings bound = settings.apply(broker.bootstrapServers());
        new Topics(bound.clients(), bound.topics(), PATIENCE).create();
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        trainer = TrainProcess.runner(bound, TrainProcess.From.EVENTS);
        trainer.bindTo(registry);
        trainer.start();
        producer = new EventProducer(bound.clients(), bound.topics().names(), new AvroWire(bound.wire()));
        server = ServeProcess.start(
                bound, registry, Optional.of(new Visitor(bound.attribution().hiding())));
        out.println("page       " + server.url());
        out.println("data       " + directory.toAbsolutePath().normalize());
        out.println("broker     " + broker.bootstrapServers());
        progress = server.progress().orElseThrow();
        examplesTopic = bound.topics().names().trainingExamples();
        examples = new TopicReader(bound.clients(), PATIENCE);
        out.println("recall API " + server.url() + "   (try /v1/recall?user=ID&k=10, /readyz, /metrics)");
        out.flush();
        sender = new Thread(this::send, "replay");
        if (!trainer.awaitRunning(PATIENCE)) {
            throw new IllegalStateException(
                    "the trainer was not running within " + PATIENCE.toSeconds() + " s: " + trainer.states());
        }
        startNanos = System.nanoTime();
        sender.start();
    }

    /**
     * Shows progress until everything that was sent has been learnt and is served.
     *
     * @param isUntilEnd whether to return then; else it goes on, until the thread is interrupted, to show what a visitor's clicks change
     * @throws IllegalStateException if a part failed
     */
    public void await(Duration every, boolean isUntilEnd) throws InterruptedException {
        long next = System.nanoTime();
        long shownSteps = -1;
        boolean isOver = false;
        while (true) {
            long steps = progress.training().map(TrainingProgress::step).orElse(0L);
            boolean isDue = System.nanoTime() - next >= 0 && (!isOver || steps != shownSteps);
            boolean isEnd = !isOver && isDrained();
            if (isDue || isEnd) {
                show();
                shownSteps = steps;
                next = System.nanoTime() + every.toNanos();
            }
            if (isEnd && isUntilEnd) {
                return;
            }
            if (isEnd) {
                isOver = true;
                out.println(
                        "all events of the log are learnt and served; the recall API answers until you press Ctrl-C");
                out.flush();
            }
            checkParts();
            Thread.sleep(LOOK.toMillis());
        }
    }

    /** What became of the events so far, by logical topic. */
    public SortedMap<String, Books.Account> books() {
        return progress.books();
    }

    /** The exam over the second half of the positives so far. */
    public ExamTotals secondHalf() {
        return progress.examOfSecondHalf();
    }

    /** The run so far. Freshness is the time from sending a click until its item's new vector is in the index. */
    public Figures figures() {
        Freshness.Quantiles freshness = server.state().freshness().overall();
        return new Figures()
                .with("events", eventsSent())
                .with("seconds", (System.nanoTime() - startNanos) / 1e9)
                .with("steps", progress.training().map(TrainingProgress::step).orElse(0L))
                .with("items", server.state().servedItems())
                .with("freshnessP50Millis", freshness.p50Millis())
                .with("freshnessP99Millis", freshness.p99Millis());
    }

    @Override
    public void close() {
        replay.stop();
        sender.interrupt();
        try {
            sender.join(PATIENCE.toMillis());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
        }
        producer.close();
        examples.close();
        server.close();
        trainer.close();
        broker.close();
    }

    private void send() {
        try {
            replay.run(producer, InstantSource.system());
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException | Error failed) {
            sendFailure = Optional.of(failed);
        }
    }

    /** A visitor of the page. */
    private final class Visitor implements ClickSender {

        private final List<String> actions;

        Visitor(AttributionSettings.Hiding hiding) {
            actions = Stream.of(Set.of(CLICK), hiding.actions(), hiding.undo())
                    .flatMap(names -> names.stream().sorted().limit(1))
                    .toList();
        }

        @Override
        public List<String> actions() {
            return actions;
        }

        @Override
        public OptionalLong send(String user, String item, String action) {
            return replay.click(producer, "page-" + UUID.randomUUID(), user, item, action, System.currentTimeMillis());
        }
    }

    private boolean isDrained() {
        checkParts();
        return replay.isFinished()
                && progress.settledUpTo(replay.sent(), examplesTopic + "-0").stream()
                        .anyMatch(this::isEndOfExamples)
                && server.state().servedItems()
                        == progress.training().map(TrainingProgress::items).orElse(0);
    }

    /**
     * Returns true if no training example lies at the offset or behind it. Examples are committed together with the books that
     * have their events, so all of them are seen here.
     */
    private boolean isEndOfExamples(long offset) {
        return examples.extents(examplesTopic).stream()
                .allMatch(extent -> examples.firstFrom(extent, offset).isEmpty());
    }

    private void checkParts() {
        Optional<Throwable> failure =
                sendFailure.or(trainer::failure).or(progress::failure).or(server::failure);
        if (failure.isPresent()) {
            throw new IllegalStateException("a part of the demo failed: " + failure.get(), failure.get());
        }
    }

    private void show() {
        Optional<TrainingProgress> training = progress.training();
        double seconds = (System.nanoTime() - startNanos) / 1e9;
        ExamTotals now = progress.examOfLast(NOW_POSITIVES);
        Freshness.Quantiles freshness = server.state().freshness().recent(System.currentTimeMillis());
        out.printf(
                Locale.ROOT,
                "%5.0f s  %,9d events %,7.0f/s  step %,6d  loss %6.3f  R@10 %.3f ± %.3f (popularity %.3f)  fresh p50"
                        + " %s p99 %s  index %,d%n",
                seconds,
                eventsSent(),
                eventsSent() / Math.max(seconds, 1e-3),
                training.map(TrainingProgress::step).orElse(0L),
                training.map(TrainingProgress::loss).orElse(0.0),
                now.model().recallAt(10),
                now.model().standardErrorAt(10),
                now.popularity().recallAt(10),
                seconds(freshness.p50Millis()),
                seconds(freshness.p99Millis()),
                server.state().servedItems());
        out.flush();
    }

    private long eventsSent() {
        return replay.sent().values().stream().mapToLong(Long::longValue).sum();
    }

    private static String seconds(long millis) {
        return String.format(Locale.ROOT, "%.1f s", millis / 1000.0);
    }
}
