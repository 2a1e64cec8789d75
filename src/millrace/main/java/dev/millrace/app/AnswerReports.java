package dev.millrace.app;

import dev.millrace.experiment.AnswerWindow;
import dev.millrace.experiment.Arm;
import dev.millrace.experiment.Experiment;
import dev.millrace.serve.ServedAnswers;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.EventProducer;
import dev.millrace.wire.ServingProgress;
import dev.millrace.wire.Topic;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells on the topic serving-progress what a server's answers are like: every two seconds while an experiment runs, and nothing else.
 *
 * <p>It needs no transaction. A record says all that the one before it said of the window, so one that is lost or comes twice changes nothing for long; and
 * who reads it only takes a treatment back, or waits. Where the brokers take none, the server goes on answering, and says so in its log.
 */
final class AnswerReports implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(AnswerReports.class);
    private static final Duration EVERY = Duration.ofSeconds(2);

    private final Cluster cluster;
    private final Supplier<Optional<Experiment>> latest;
    private final ServedAnswers answers;
    private final InstantSource clock;
    private final String server = UUID.randomUUID().toString();
    private final ScheduledExecutorService teller = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "tell-answers");
        thread.setDaemon(true);
        return thread;
    });
    private Optional<EventProducer> producer = Optional.empty(); // of the thread that tells
    private long window; // its number
    private boolean isFailing;

    /** @param latest experiment, whether it runs or not */
    AnswerReports(Cluster cluster, Supplier<Optional<Experiment>> latest, ServedAnswers answers, InstantSource clock) {
        this.cluster = cluster;
        this.latest = latest;
        this.answers = answers;
        this.clock = clock;
    }

    /** Begins to tell. */
    AnswerReports start() {
        var unused = teller.scheduleWithFixedDelay(
                this::tellOrWarn, EVERY.toMillis(), EVERY.toMillis(), TimeUnit.MILLISECONDS);
        return this;
    }

    @Override
    public void close() {
        var unused = teller.submit(this::closeProducer);
        teller.shutdown();
    }

    /** Tells once. */
    void tellOrWarn() {
        try {
            tell(latest.get().filter(Experiment::isRunning));
            isFailing = false;
        } catch (RuntimeException failed) { // the executor would end the task silently
            closeProducer();
            if (!isFailing) {
                LOG.warn(
                        "What this server's answers are like cannot be told, so nothing is promoted: {}",
                        failed.getMessage());
            }
            isFailing = true;
        }
    }

    private void tell(Optional<Experiment> running) {
        answers.follow(running);
        if (running.isEmpty()) {
            closeProducer();
            return;
        }
        long now = clock.millis();
        AnswerWindow told = answers.take(now);
        if (told.control().answers() + told.treatment().answers() == 0) {
            return;
        }
        EventProducer open = producer.orElseGet(cluster::producer);
        producer = Optional.of(open);
        for (Arm arm : Arm.values()) {
            open.send(
                    Topic.SERVING_PROGRESS,
                    cluster.topics().servingProgress(),
                    new ServingProgress(
                            server,
                            arm.label(),
                            window,
                            told.from(),
                            now,
                            running.get().name(),
                            running.get().salt(),
                            told.of(arm)),
                    now);
        }
        open.flush();
        window += told.isFull() ? 1 : 0;
    }

    private void closeProducer() {
        producer.ifPresent(EventProducer::close);
        producer = Optional.empty();
    }
}
