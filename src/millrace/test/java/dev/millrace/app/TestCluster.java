package dev.millrace.app;

import dev.millrace.follow.ProgressWatch;
import dev.millrace.state.Books;
import dev.millrace.stream.run.StreamRunner;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicReader;
import dev.millrace.topic.Topics;
import dev.millrace.train.TrainingProgress;
import dev.millrace.verify.books.CountAudit;
import dev.millrace.verify.books.CountReport;
import dev.millrace.verify.books.RecordedAttribution;
import dev.millrace.wire.TopicRecord;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Future;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/** A broker in this process with Millrace's topics, small settings for it, and what tests do with both. */
public final class TestCluster implements AutoCloseable {
    public static final Duration PATIENCE = Duration.ofSeconds(90);
    /** 2026-01-01, where the event time of tests begins. */
    public static final long T0 = 1_767_225_600_000L;

    private final Path directory;
    private final Map<String, String> given = new TreeMap<>();
    private EmbeddedBroker broker;

    /**
     * Starts the broker and creates the topics.
     *
     * @param directory of the broker and of all state
     * @param more settings beside the small ones
     */
    public TestCluster(Path directory, Map<String, String> more) {
        this.directory = directory;
        this.broker = startBroker();
        given.putAll(Map.of(
                "kafka.bootstrap.servers", broker.bootstrapServers(),
                "stream.state-directory", directory.resolve("state").toString(),
                "serve.state-dir", directory.resolve("serve").toString(),
                "serve.port", "0",
                "ingest.port", "0",
                "train.http.port", "-1",
                "batch.max-size", "0", // events may have waited for the trainer
                "tower.dim", "8"));
        given.putAll(more);
        MillraceSettings settings = settings();
        new Topics(settings.clients(), settings.topics(), PATIENCE).create();
    }

    /** Stops the broker, which {@link #restartBroker} brings back with what it held. */
    public void stopBroker() {
        broker.close();
    }

    public void restartBroker() {
        broker = startBroker();
    }

    private EmbeddedBroker startBroker() {
        return EmbeddedBroker.start(directory.resolve("broker"));
    }

    /** Returns what was given, for commands. */
    public Map<String, String> given() {
        return Map.copyOf(given);
    }

    /** @param keysAndValues settings in place of those given */
    public Map<String, String> given(String... keysAndValues) {
        Map<String, String> changed = new TreeMap<>(given);
        for (int at = 0; at < keysAndValues.length; at += 2) {
            changed.put(keysAndValues[at], keysAndValues[at + 1]);
        }
        return changed;
    }

    public MillraceSettings settings() {
        return load(given);
    }

    public static MillraceSettings load(Map<String, String> given) {
        return MillraceSettings.load(List.of(), Map.of(), Map.of(), given);
    }

    public EventProducer producer() {
        return settings().cluster().producer();
    }

    public ProgressWatch progress() {
        MillraceSettings settings = settings();
        return new ProgressWatch(
                settings.clients(),
                settings.topics().names().trainingProgress(),
                settings.cluster().wire());
    }

    /** Starts the trainer's applications alone. */
    public StreamRunner run() {
        StreamRunner runner = TrainProcess.runner(settings(), TrainProcess.From.EVENTS);
        runner.start();
        return runner;
    }

    public TrainProcess train() {
        return train(given, TrainProcess.From.EVENTS);
    }

    public static TrainProcess train(Map<String, String> given, TrainProcess.From from) {
        return TrainProcess.start(load(given), from, metrics());
    }

    public ServeProcess serve() throws IOException {
        return ServeProcess.start(settings(), metrics());
    }

    public static PrometheusMeterRegistry metrics() {
        return new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    }

    /** Returns the committed records of a topic. */
    public List<TopicRecord> records(String topic) {
        List<TopicRecord> found = new ArrayList<>();
        try (TopicReader reader = settings().cluster().reader()) {
            reader.readAll(topic, found::add);
        }
        return found;
    }

    /** Writes records as no producer of ours would, and waits until the broker has them. */
    public void write(List<ProducerRecord<byte[], byte[]>> records) throws Exception {
        try (KafkaProducer<byte[], byte[]> producer = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.bootstrapServers(), "max.request.size", 4 << 20),
                new ByteArraySerializer(),
                new ByteArraySerializer())) {
            for (Future<?> sent : records.stream().map(producer::send).toList()) {
                sent.get();
            }
        }
    }

    public CountReport audit() {
        MillraceSettings settings = settings();
        try (TopicReader log = settings.cluster().reader()) {
            return CountAudit.run(
                    RecordedAttribution.of(settings.cluster(), log, settings.attribution()), Optional.empty());
        }
    }

    /** Returns what became of a topic's events, as last reported. */
    public static Map<String, Long> outcomes(ProgressWatch progress, String topic) {
        return progress.books().getOrDefault(topic, Books.Account.EMPTY).outcomes();
    }

    public static long count(ProgressWatch progress, String topic, String outcome) {
        return outcomes(progress, topic).getOrDefault(outcome, 0L);
    }

    /** Returns how many examples the learner has learnt, as last reported. */
    public static long learnt(ProgressWatch progress) {
        return progress.training().map(TrainingProgress::positives).orElse(0L);
    }

    @Override
    public void close() {
        broker.close();
    }
}
