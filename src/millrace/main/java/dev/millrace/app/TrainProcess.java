package dev.millrace.app;

import dev.millrace.alarm.InputAlarms;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.generation.GenerationHistory;
import dev.millrace.generation.GenerationRules;
import dev.millrace.model.ModelSettings;
import dev.millrace.serve.TrainServer;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.KeptSettings;
import dev.millrace.settings.SettingFault;
import dev.millrace.stream.Applications;
import dev.millrace.stream.GenerationTerms;
import dev.millrace.stream.MillraceTopology;
import dev.millrace.stream.Part;
import dev.millrace.stream.StoredSettings;
import dev.millrace.stream.TopologyShape;
import dev.millrace.stream.run.StreamRunner;
import dev.millrace.topic.ExperimentFacts;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.TopicGrowth;
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
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
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
        EVENTS(Part.LEARN),
        /** Read from the log that another trainer wrote. */
        MINI_BATCHES(Part.LEARN_FROM_LOG);

        private final Part learner;

        From(Part learner) {
            this.learner = learner;
        }

        /** The application that learns, alone. */
        public Part learner() {
            return learner;
        }
    }

    private static final Logger LOG = LoggerFactory.getLogger(TrainProcess.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final String APPLICATION_ID = "stream.application-id";

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
        Start start = new Start(settings, from);
        GenerationHistory history = start.history();
        start.requireKeptSettings();
        start.checkChangelogs();
        start.requireOwnGeneration(history);
        StreamRunner runner = start.runner(history);
        InputAlarms inputs = new InputAlarms(settings.inputAlarms());
        long startedAt = InstantSource.system().millis();
        ProgressWatch progress = new ProgressWatch(
                settings.clients(),
                settings.topics().names().trainingProgress(),
                new AvroWire(settings.wire()),
                switch (from) {
                    case EVENTS -> PartProgress.LEARNER;
                    case MINI_BATCHES -> PartProgress.logLearner(start.learnersApplication());
                },
                part -> inputs.take(part.part(), part.books(), part.farShare(), part.writtenAt() < startedAt)
                        .forEach(TrainProcess::log));
        TrainProcess process = new TrainProcess(runner, progress, start.server(runner, progress, inputs, registry));
        try {
            runner.start();
        } catch (RuntimeException refused) {
            process.close();
            throw refused;
        }
        sayGrowth(settings);
        return process;
    }

    /** Says what the topics grow by. A cluster need not tell a trainer: {@code doctor} says what right is missing. */
    private static void sayGrowth(MillraceSettings settings) {
        try {
            TopicGrowth.inWords(TopicGrowth.of(
                            settings.clients(),
                            settings.topics().names(),
                            InstantSource.system().instant(),
                            PATIENCE))
                    .ifPresent(words -> LOG.info("The topics grow by {}", words));
        } catch (RuntimeException unknown) {
            LOG.debug("what the topics grow by is unknown", unknown);
        }
    }

    /**
     * The applications, ready to start.
     *
     * @throws dev.millrace.topic.fault.UnusableTopicException if a topic is missing or of the wrong shape
     * @throws dev.millrace.topic.fault.BrokerUnreachableException if no broker answers
     * @throws dev.millrace.stream.run.UnusableStateException if the state directory cannot be used
     */
    public static StreamRunner runner(MillraceSettings settings, From from) {
        Start start = new Start(settings, from);
        return start.runner(start.history());
    }

    /** The shape of the applications, which depends on the settings alone. */
    public static TopologyShape shape(MillraceSettings settings, From from) {
        return new Start(settings, from).shape();
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

    private static void log(InputAlarms.State state) {
        String measured = String.format(
                Locale.ROOT, "%s is %.3g, limit %.3g", state.kind().text(), state.value(), state.limit());
        if (state.isActive()) {
            LOG.error("Alarm: {}; {}", measured, state.kind().cause());
        } else {
            LOG.info("Alarm ended: {}", measured);
        }
    }

    /** The steps of a start. */
    private record Start(MillraceSettings settings, From from) {

        private Set<Part> parts() {
            return switch (from) {
                case EVENTS -> EnumSet.of(Part.ATTRIBUTE, Part.LEARN);
                case MINI_BATCHES -> EnumSet.of(Part.LEARN_FROM_LOG);
            };
        }

        /**
         * The history of generations. Checks the topics and settles orphaned transactions first, and waits for a transaction that a killed learner
         * has left open.
         */
        GenerationHistory history() {
            topics().check(settings.stream().startupTimeout(), waiting -> LOG.info(waiting));
            if (settings.stream().isSettling()) {
                settings.transactions().settleOrRefuse();
                WrittenTopics.requireVisibleOffsets(settings);
            }
            return GenerationAdmin.history(settings.cluster()
                    .withPatience(PATIENCE.plus(settings.stream().transactionTimeout())
                            .multipliedBy(2)));
        }

        /**
         * Compares the settings with those that the state of the applications was begun with.
         *
         * @throws InvalidSettingsException if a setting differs that must not: it names each, and says what to do
         */
        void requireKeptSettings() {
            Set<SettingFault> faults = new LinkedHashSet<>(); // two applications may keep the same setting
            String application = settings.stream().applicationId();
            for (Part part : parts()) {
                KeptSettings given = kept(part);
                given.differences(StoredSettings.of(settings.clients(), settings.stream(), part, PATIENCE))
                        .forEach(difference -> faults.add(difference.fault("the state of application " + application)));
            }
            if (!faults.isEmpty()) {
                faults.add(new SettingFault(
                        APPLICATION_ID,
                        application,
                        "has a state that goes on under its own settings only: set these back, or learn under the new"
                                + " ones with another " + APPLICATION_ID
                                + ", beside it or from nothing (docs/operations.md, \"Settings of a "
                                + "state\")"));
                throw new InvalidSettingsException(List.copyOf(faults));
            }
        }

        private KeptSettings kept(Part part) {
            return switch (part) {
                case ATTRIBUTE -> settings.attributionKept();
                case MAP -> KeptSettings.NONE;
                case LEARN, LEARN_FROM_LOG -> settings.learner().kept();
            };
        }

        void checkChangelogs() {
            Map<String, Long> largest = new HashMap<>();
            for (Part part : parts()) {
                largest.putAll(MillraceTopology.largestEntries(
                        settings.stream().applicationId(part),
                        part,
                        settings.topics().largest()));
            }
            topics().checkChangelogs(largest);
        }

        void requireOwnGeneration(GenerationHistory history) {
            ModelSettings model = settings.trainer().model();
            if (from == From.EVENTS || settings.stream().isLogLearnerPublishing()) {
                new GenerationRules(history)
                        .refusesToPublish(model.generationName(), learnersApplication())
                        .ifPresent(rule -> {
                            throw new InvalidSettingsException(
                                    List.of(new SettingFault("model.generation", model.generation(), rule)));
                        });
            }
        }

        String learnersApplication() {
            return settings.stream().applicationId(from.learner());
        }

        StreamRunner runner(GenerationHistory history) {
            Map<String, Integer> partitions = topics().partitions();
            Applications applications = applications(history, topic -> Objects.requireNonNull(partitions.get(topic)));
            return new StreamRunner(settings.stream(), settings.clients(), applications.topologies());
        }

        TopologyShape shape() {
            return TopologyShape.of(
                    applications(new GenerationHistory(), topic -> 1), settings.stream()::applicationId);
        }

        private GenerationTerms terms(GenerationHistory history) {
            return GenerationTerms.of(
                    settings.stream(),
                    settings.trainerTexts(),
                    settings.trainer().model().generationName(),
                    from.learner(),
                    history,
                    this::logEnd);
        }

        private Applications applications(GenerationHistory history, ToIntFunction<String> partitions) {
            GenerationTerms terms = terms(history);
            TopicNames names = settings.topics().names();
            AvroWire wire = new AvroWire(settings.wire());
            return new Applications(
                    switch (from) {
                        case EVENTS ->
                            Map.of(
                                    Part.ATTRIBUTE,
                                    MillraceTopology.attribute(
                                            names,
                                            settings.attribution(),
                                            settings.attributionKept(),
                                            wire,
                                            partitions,
                                            new ExperimentFacts(settings.cluster())),
                                    Part.LEARN,
                                    MillraceTopology.learn(
                                            names,
                                            settings.trainer(),
                                            settings.stream().maxWait(),
                                            wire,
                                            terms));
                        case MINI_BATCHES ->
                            Map.of(
                                    Part.LEARN_FROM_LOG,
                                    MillraceTopology.learnFromLog(
                                            names,
                                            settings.trainer(),
                                            settings.stream().isLogLearnerPublishing(),
                                            wire,
                                            terms));
                    });
        }

        private long logEnd() {
            try (TopicReader reader = new TopicReader(settings.clients(), PATIENCE)) {
                return reader.committedEnd(settings.topics().names().miniBatches(), 0);
            } catch (RuntimeException unknown) {
                LOG.warn("The end of the log is unknown: {}", unknown.getMessage());
                return Long.MAX_VALUE;
            }
        }

        private Topics topics() {
            return new Topics(settings.clients(), settings.topics(), PATIENCE);
        }

        Optional<TrainServer> server(
                StreamRunner runner, ProgressWatch progress, InputAlarms inputs, PrometheusMeterRegistry registry) {
            if (!settings.trainServer().isOn()) {
                return Optional.empty();
            }
            Metrics metrics = new Metrics(registry);
            runner.bindTo(registry);
            metrics.standing(runner::standingTransactions);
            new TrainMetrics(metrics, progress).register(settings.trainer().model());
            metrics.books(progress);
            metrics.inputs(inputs);
            return TrainHealth.server(
                    settings.trainServer(), new TrainHealth(runner, progress, inputs), shape(), registry);
        }
    }
}
