package dev.millrace.app;

import dev.millrace.alarm.Alarm;
import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationFact.Kind;
import dev.millrace.generation.GenerationHistory;
import dev.millrace.model.ModelSettings;
import dev.millrace.model.network.TowerSettings;
import dev.millrace.serve.TrainServer;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.stream.GenerationTerms;
import dev.millrace.stream.MillraceTopology;
import dev.millrace.stream.StreamRunner;
import dev.millrace.topic.GenerationRecords;
import dev.millrace.topic.ProgressRecords;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.TopicReader;
import dev.millrace.topic.Topics;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.AvroWire;
import io.javalin.util.JavalinException;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The training side as one process: the applications, and where they tell how they are. */
public final class TrainProcess implements AutoCloseable {

    /** Where mini-batches come from. */
    public enum From {
        /** Made here, of the events. */
        EVENTS,
        /** Read from the log that another trainer wrote. */
        MINI_BATCHES
    }

    private static final Logger LOG = LoggerFactory.getLogger(TrainProcess.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final StreamRunner runner;
    private final ProgressWatch progress;
    private final Optional<TrainServer> server;

    private TrainProcess(StreamRunner runner, ProgressWatch progress, Optional<TrainServer> server) {
        this.runner = runner;
        this.progress = progress;
        this.server = server;
    }

    /**
     * Starts the applications.
     *
     * @throws dev.millrace.topic.UnusableTopicException if a topic is missing or of the wrong shape
     * @throws dev.millrace.topic.BrokerUnreachableException if no broker answers
     * @throws dev.millrace.stream.LostContinuityException if an application cannot go on where it stopped
     * @throws dev.millrace.stream.UnusableStateException if the state directory cannot be used
     */
    public static TrainProcess start(MillraceSettings settings, From from, PrometheusMeterRegistry registry) {
        GenerationHistory history = history(settings);
        if (from == From.EVENTS || settings.stream().isLogLearnerPublishing()) {
            requireOwnGeneration(settings, from, history);
        }
        StreamRunner runner = runner(settings, from, history);
        ProgressWatch progress = new ProgressWatch(
                settings.clients(),
                settings.topics().names().trainingProgress(),
                new ProgressRecords(new AvroWire(settings.wire())),
                switch (from) {
                    case EVENTS -> MillraceTopology.LEARNER_PART;
                    case MINI_BATCHES ->
                        MillraceTopology.logLearnerPart(GenerationTerms.application(settings.stream(), learner(from)));
                });
        TrainProcess process = new TrainProcess(runner, progress, server(settings, runner, progress, registry));
        try {
            runner.start();
        } catch (RuntimeException refused) {
            process.close();
            throw refused;
        }
        return process;
    }

    /**
     * The applications, ready to start.
     *
     * @throws dev.millrace.topic.UnusableTopicException if a topic is missing or of the wrong shape
     * @throws dev.millrace.topic.BrokerUnreachableException if no broker answers
     * @throws dev.millrace.stream.UnusableStateException if the state directory cannot be used
     */
    public static StreamRunner runner(MillraceSettings settings, From from) {
        return runner(settings, from, history(settings));
    }

    private static StreamRunner runner(MillraceSettings settings, From from, GenerationHistory history) {
        TopicNames names = settings.topics().names();
        AvroWire wire = new AvroWire(settings.wire());
        return new StreamRunner(
                settings.stream(),
                settings.clients(),
                switch (from) {
                    case EVENTS ->
                        Map.of(
                                StreamRunner.Part.ATTRIBUTE,
                                MillraceTopology.attribute(names, settings.attribution(), wire),
                                StreamRunner.Part.LEARN,
                                MillraceTopology.learn(
                                        names,
                                        settings.trainer(),
                                        settings.stream().maxWait(),
                                        wire,
                                        terms(settings, StreamRunner.Part.LEARN, history)));
                    case MINI_BATCHES ->
                        Map.of(
                                StreamRunner.Part.LEARN_FROM_LOG,
                                MillraceTopology.learnFromLog(
                                        names,
                                        settings.trainer(),
                                        settings.stream().isLogLearnerPublishing(),
                                        wire,
                                        terms(settings, StreamRunner.Part.LEARN_FROM_LOG, history)));
                });
    }

    private static GenerationTerms terms(MillraceSettings settings, StreamRunner.Part part, GenerationHistory history) {
        return GenerationTerms.of(
                settings.stream(),
                settings.trainerTexts(),
                settings.trainer().model().generationName(),
                part,
                history,
                () -> logEnd(settings));
    }

    private static long logEnd(MillraceSettings settings) {
        try (TopicReader reader = new TopicReader(settings.clients(), PATIENCE)) {
            return reader.committedEnd(settings.topics().names().miniBatches(), 0);
        } catch (RuntimeException unknown) {
            LOG.warn("The end of the log is not known: {}", unknown.getMessage());
            return Long.MAX_VALUE;
        }
    }

    /**
     * What has been said of generations, once all topics are as they should be; a transaction that a killed learner left open there is
     * waited for.
     */
    private static GenerationHistory history(MillraceSettings settings) {
        new Topics(settings.clients(), settings.topics(), PATIENCE)
                .check(settings.stream().startupTimeout(), waiting -> LOG.info(waiting));
        return new GenerationRecords(new AvroWire(settings.wire()))
                .read(
                        settings.clients(),
                        settings.topics().names(),
                        PATIENCE.plus(settings.stream().transactionTimeout()).multipliedBy(2));
    }

    private static StreamRunner.Part learner(From from) {
        return switch (from) {
            case EVENTS -> StreamRunner.Part.LEARN;
            case MINI_BATCHES -> StreamRunner.Part.LEARN_FROM_LOG;
        };
    }

    /** A generation is of one application: vectors of two learners must not meet under one name. */
    private static void requireOwnGeneration(MillraceSettings settings, From from, GenerationHistory history) {
        String generation = settings.trainer().model().generationName();
        String application = GenerationTerms.application(settings.stream(), learner(from));
        Optional<String> taken = history.fact(generation, Kind.STARTED)
                .map(GenerationFact::by)
                .filter(owner -> !owner.equals(application))
                .map(owner -> "must be another, as application " + owner + " has published generation " + generation
                        + " (millrace model hand-over gives it to another application)");
        Optional<String> retired = history.fact(generation, Kind.RETIRED)
                .map(fact -> "must be another, as generation " + generation + " is retired");
        retired.or(() -> taken).ifPresent(rule -> {
            throw new InvalidSettingsException(List.of(new SettingFault(
                    "model.generation", settings.trainer().model().generation(), rule)));
        });
    }

    public StreamRunner applications() {
        return runner;
    }

    /** Where health and metrics are; absent where they are off. */
    public Optional<String> url() {
        return server.map(TrainServer::url);
    }

    @Override
    public void close() {
        server.ifPresent(TrainServer::close);
        progress.close();
        runner.close();
    }

    private static Optional<TrainServer> server(
            MillraceSettings settings, StreamRunner runner, ProgressWatch progress, PrometheusMeterRegistry registry) {
        if (!settings.trainServer().isOn()) {
            return Optional.empty();
        }
        runner.bindTo(registry);
        gauge(registry, "millrace.learn.step", "steps learnt", progress, TrainingProgress::step);
        gauge(registry, "millrace.learn.positives", "positives learnt from", progress, TrainingProgress::positives);
        gauge(
                registry,
                "millrace.learn.refused.steps",
                "steps left out, as they would have made the model not finite",
                progress,
                TrainingProgress::refusedSteps);
        gauge(registry, "millrace.learn.loss", "loss of the last step", progress, TrainingProgress::loss);
        gauge(registry, "millrace.learn.items", "items in the catalogue", progress, TrainingProgress::items);
        fieldWeights(registry, progress, settings.trainer().model());
        figures(registry, progress, settings.trainer().model());
        gauge(
                registry,
                "millrace.learn.withheld",
                "1 while neither vectors nor query side are published",
                progress,
                training -> training.withheld().isPresent() ? 1 : 0);
        for (Alarm.Kind kind : Alarm.Kind.values()) {
            Tags tags = Tags.of("alarm", kind.text());
            gauge(
                    registry,
                    "millrace.model.alarm",
                    "1 while a measure of the model is beyond its limit",
                    tags,
                    progress,
                    training -> ofKind(training, kind).filter(Alarm::isActive).isPresent() ? 1 : 0);
            gauge(
                    registry,
                    "millrace.model.measure",
                    "what the alarm of that name compares with its limit",
                    tags,
                    progress,
                    training -> ofKind(training, kind).map(Alarm::value).orElse(Double.NaN));
        }
        try {
            return Optional.of(
                    new TrainServer(settings.trainServer(), new RunnerHealth(runner, progress), registry).start());
        } catch (JavalinException taken) {
            LOG.atWarn()
                    .addKeyValue("port", settings.trainServer().port())
                    .log("No health and metrics, port " + settings.trainServer().port() + " of "
                            + settings.trainServer().host() + " cannot be bound (train.http.port): "
                            + taken.getMessage());
            return Optional.empty();
        }
    }

    /** A gauge for each feature of a tower that weighs its fields. */
    private static void fieldWeights(MeterRegistry registry, ProgressWatch progress, ModelSettings model) {
        TowerSettings.Senet senet = model.towers().senet();
        if (senet.user()) {
            model.user().forEach(feature -> fieldWeight(registry, progress, "user", feature.name()));
        }
        if (senet.item()) {
            model.item().forEach(feature -> fieldWeight(registry, progress, "item", feature.name()));
        }
    }

    private static void figures(MeterRegistry registry, ProgressWatch progress, ModelSettings model) {
        figure(
                registry,
                "millrace.learn.temperature",
                "temperature of the softmax after the last step",
                Tags.empty(),
                progress,
                TrainingProgress.TEMPERATURE);
        Map<String, String> ages = Map.of(
                "max", TrainingProgress.VECTOR_AGE_MAX,
                "p99", TrainingProgress.VECTOR_AGE_P99,
                "mean", TrainingProgress.VECTOR_AGE_MEAN);
        ages.forEach((of, figure) -> figure(
                registry,
                "millrace.publish.vector.age.steps",
                "age of the published vectors at the last publication, learning steps",
                Tags.of("of", of),
                progress,
                figure));
        figure(
                registry,
                "millrace.publish.vector.age.seconds",
                "event time that the oldest published vector was behind at the last publication",
                Tags.empty(),
                progress,
                TrainingProgress.VECTOR_AGE_SECONDS);
        figure(
                registry,
                "millrace.publish.vectors",
                "vectors published",
                Tags.empty(),
                progress,
                TrainingProgress.PUBLISHED_VECTORS);
        Map<String, String> quantiles = Map.of(
                "0.05", TrainingProgress.LOG_Q_LOW,
                "0.5", TrainingProgress.LOG_Q_MEDIAN,
                "0.95", TrainingProgress.LOG_Q_HIGH);
        quantiles.forEach((quantile, figure) -> figure(
                registry,
                "millrace.learn.log.q",
                "natural log of the sampling probability of the last batch's columns",
                Tags.of("quantile", quantile),
                progress,
                figure));
        if (model.loss().objectives().areLearned()) {
            model.towers()
                    .actions()
                    .forEach(action -> figure(
                            registry,
                            "millrace.learn.objective.weight",
                            "what the loss of an action weighs after the last step",
                            Tags.of("action", action),
                            progress,
                            TrainingProgress.objectiveWeight(action)));
        }
    }

    private static void figure(
            MeterRegistry registry, String name, String description, Tags tags, ProgressWatch progress, String figure) {
        gauge(registry, name, description, tags, progress, training -> training.figures()
                .getOrDefault(figure, Double.NaN));
    }

    private static void fieldWeight(MeterRegistry registry, ProgressWatch progress, String side, String field) {
        Gauge.builder("millrace.field.weight", progress, one -> one.training()
                        .map(training -> training.fieldWeights().getOrDefault(side + "." + field, Double.NaN))
                        .orElse(Double.NaN))
                .description("mean weight of a feature in the last batch learnt")
                .tag("side", side)
                .tag("field", field)
                .register(registry);
    }

    private static Optional<Alarm> ofKind(TrainingProgress training, Alarm.Kind kind) {
        return training.alarms().stream().filter(alarm -> alarm.kind() == kind).findFirst();
    }

    private static void gauge(
            MeterRegistry registry,
            String name,
            String description,
            ProgressWatch progress,
            ToDoubleFunction<TrainingProgress> value) {
        gauge(registry, name, description, Tags.empty(), progress, value);
    }

    private static void gauge(
            MeterRegistry registry,
            String name,
            String description,
            Tags tags,
            ProgressWatch progress,
            ToDoubleFunction<TrainingProgress> value) {
        Gauge.builder(name, progress, one -> one.training()
                        .map(value::applyAsDouble)
                        .orElse(Double.NaN))
                .description(description)
                .tags(tags)
                .register(registry);
    }

    /** The applications' health, as far as this process can see it. */
    private record RunnerHealth(StreamRunner runner, ProgressWatch progress) implements TrainServer.Health {

        @Override
        public boolean isAlive() {
            return runner.isAlive();
        }

        @Override
        public boolean isReady() {
            return runner.isReady();
        }

        @Override
        public Map<String, Object> detail() {
            Map<String, Object> detail = new LinkedHashMap<>();
            detail.put("applications", runner.states());
            detail.put("cluster", runner.isClusterAnswering() ? "answering" : "silent");
            detail.put("lag", runner.lag());
            progress.training().ifPresent(training -> {
                detail.put("generation", training.generation());
                detail.put("step", training.step());
                training.withheld().ifPresent(why -> detail.put("withheld", why));
                detail.put(
                        "alarms",
                        training.alarms().stream()
                                .filter(Alarm::isActive)
                                .map(RunnerHealth::detail)
                                .toList());
            });
            runner.failure().ifPresent(failure -> detail.put("failure", String.valueOf(failure.getMessage())));
            return detail;
        }

        private static Map<String, Object> detail(Alarm alarm) {
            Map<String, Object> detail = new LinkedHashMap<>();
            detail.put("alarm", alarm.kind().text());
            detail.put("value", alarm.value());
            detail.put("limit", alarm.limit());
            detail.put("since", alarm.since());
            return detail;
        }
    }
}
