package dev.millrace.app;

import dev.millrace.alarm.InputAlarms;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.generation.GenerationHistory;
import dev.millrace.generation.GenerationRules;
import dev.millrace.serve.HttpSetup;
import dev.millrace.serve.TrainServer;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.stream.Applications;
import dev.millrace.stream.GenerationTerms;
import dev.millrace.stream.MillraceTopology;
import dev.millrace.stream.Part;
import dev.millrace.stream.TopologyShape;
import dev.millrace.stream.run.StreamRunner;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.TopicReader;
import dev.millrace.topic.Topics;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.PartProgress;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.time.InstantSource;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToIntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The training side as one process: the applications, and the server of their health and metrics. */
public final class TrainProcess implements AutoCloseable {

    /** Where mini-batches come from. */
    public enum From {
        /** Made by this trainer, from the events. */
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
     * @throws InvalidSettingsException if the state was begun under other settings, or another application has the generation
     * @throws dev.millrace.topic.fault.UnusableTopicException if a topic is missing or of the wrong shape
     * @throws dev.millrace.topic.fault.BrokerUnreachableException if no broker answers
     * @throws dev.millrace.stream.run.LostContinuityException if an application cannot go on where it stopped
     * @throws dev.millrace.stream.run.UnusableStateException if the state directory cannot be used
     */
    public static TrainProcess start(MillraceSettings settings, From from, PrometheusMeterRegistry registry) {
        HeapBudget.of(settings).check(Runtime.getRuntime().maxMemory());
        GenerationHistory history = history(settings);
        new StateSettingsCheck(settings, history, PATIENCE).require(parts(from));
        checkChangelogs(settings, from);
        if (from == From.EVENTS || settings.stream().isLogLearnerPublishing()) {
            requireOwnGeneration(settings, from, history);
        }
        StreamRunner runner = runner(settings, from, history);
        InputWatch inputs = new InputWatch(
                new InputAlarms(settings.inputAlarms()), InstantSource.system().millis());
        ProgressWatch progress = new ProgressWatch(
                settings.clients(),
                settings.topics().names().trainingProgress(),
                new AvroWire(settings.wire()),
                switch (from) {
                    case EVENTS -> PartProgress.LEARNER;
                    case MINI_BATCHES ->
                        PartProgress.logLearner(settings.stream().applicationId(learner(from)));
                },
                inputs::take);
        TrainProcess process = new TrainProcess(
                runner, progress, server(settings, runner, progress, inputs, shape(settings, from), registry));
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
     * @throws dev.millrace.topic.fault.UnusableTopicException if a topic is missing or of the wrong shape
     * @throws dev.millrace.topic.fault.BrokerUnreachableException if no broker answers
     * @throws dev.millrace.stream.run.UnusableStateException if the state directory cannot be used
     */
    public static StreamRunner runner(MillraceSettings settings, From from) {
        return runner(settings, from, history(settings));
    }

    private static StreamRunner runner(MillraceSettings settings, From from, GenerationHistory history) {
        Map<String, Integer> partitions = topics(settings).partitions();
        return new StreamRunner(
                settings.stream(),
                settings.clients(),
                applications(settings, from, history, topic -> Objects.requireNonNull(partitions.get(topic)))
                        .topologies());
    }

    /** The shape of the applications, which depends on the settings alone. */
    public static TopologyShape shape(MillraceSettings settings, From from) {
        return TopologyShape.of(
                applications(settings, from, new GenerationHistory(), topic -> 1), settings.stream()::applicationId);
    }

    private static Applications applications(
            MillraceSettings settings, From from, GenerationHistory history, ToIntFunction<String> partitions) {
        TopicNames names = settings.topics().names();
        AvroWire wire = new AvroWire(settings.wire());
        return new Applications(
                switch (from) {
                    case EVENTS ->
                        Map.of(
                                Part.ATTRIBUTE,
                                MillraceTopology.attribute(
                                        names, settings.attribution(), settings.attributionKept(), wire, partitions),
                                Part.LEARN,
                                MillraceTopology.learn(
                                        names,
                                        settings.trainer(),
                                        settings.stream().maxWait(),
                                        wire,
                                        terms(settings, Part.LEARN, history)));
                    case MINI_BATCHES ->
                        Map.of(
                                Part.LEARN_FROM_LOG,
                                MillraceTopology.learnFromLog(
                                        names,
                                        settings.trainer(),
                                        settings.stream().isLogLearnerPublishing(),
                                        wire,
                                        terms(settings, Part.LEARN_FROM_LOG, history)));
                });
    }

    private static GenerationTerms terms(MillraceSettings settings, Part part, GenerationHistory history) {
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
            LOG.warn("The end of the log is unknown: {}", unknown.getMessage());
            return Long.MAX_VALUE;
        }
    }

    /**
     * The history of generations. Checks the topics and settles orphaned transactions first, and waits for a transaction that a killed learner
     * has left open.
     */
    private static GenerationHistory history(MillraceSettings settings) {
        topics(settings).check(settings.stream().startupTimeout(), waiting -> LOG.info(waiting));
        if (settings.stream().isSettling()) {
            settings.transactions().settleOrRefuse();
            WrittenTopics.requireVisibleOffsets(settings);
        }
        return GenerationAdmin.history(settings.cluster()
                .withPatience(
                        PATIENCE.plus(settings.stream().transactionTimeout()).multipliedBy(2)));
    }

    private static Set<Part> parts(From from) {
        return switch (from) {
            case EVENTS -> EnumSet.of(Part.ATTRIBUTE, Part.LEARN);
            case MINI_BATCHES -> EnumSet.of(Part.LEARN_FROM_LOG);
        };
    }

    private static Topics topics(MillraceSettings settings) {
        return new Topics(settings.clients(), settings.topics(), PATIENCE);
    }

    private static void checkChangelogs(MillraceSettings settings, From from) {
        Map<String, Long> largest = new HashMap<>();
        for (Part part : parts(from)) {
            largest.putAll(MillraceTopology.largestEntries(
                    settings.stream().applicationId(part),
                    part,
                    settings.topics().largest()));
        }
        topics(settings).checkChangelogs(largest);
    }

    private static Part learner(From from) {
        return switch (from) {
            case EVENTS -> Part.LEARN;
            case MINI_BATCHES -> Part.LEARN_FROM_LOG;
        };
    }

    private static void requireOwnGeneration(MillraceSettings settings, From from, GenerationHistory history) {
        String generation = settings.trainer().model().generationName();
        String application = settings.stream().applicationId(learner(from));
        new GenerationRules(history).refusesToPublish(generation, application).ifPresent(rule -> {
            throw new InvalidSettingsException(List.of(new SettingFault(
                    "model.generation", settings.trainer().model().generation(), rule)));
        });
    }

    public StreamRunner applications() {
        return runner;
    }

    /** How far the learner is. */
    public ProgressWatch progress() {
        return progress;
    }

    /** The address of health and metrics; absent if there is no server. */
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
            MillraceSettings settings,
            StreamRunner runner,
            ProgressWatch progress,
            InputWatch inputs,
            TopologyShape shape,
            PrometheusMeterRegistry registry) {
        if (!settings.trainServer().isOn()) {
            return Optional.empty();
        }
        StandingTransactions transactions = new StandingTransactions(runner::standingTransactions);
        runner.bindTo(registry);
        transactions.bindTo(registry);
        new TrainMetrics(registry, progress).register(settings.trainer().model());
        BooksMetrics.follow(registry, progress);
        inputs.bindTo(registry);
        try {
            return Optional.of(new TrainServer(
                            settings.trainServer(),
                            new TrainHealth(runner, transactions, progress, inputs),
                            shape,
                            registry)
                    .start());
        } catch (HttpSetup.PortTakenException taken) {
            LOG.warn("No health and metrics: {}", taken.getMessage());
            return Optional.empty();
        }
    }
}
