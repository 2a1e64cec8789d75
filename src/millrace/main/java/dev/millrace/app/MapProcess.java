package dev.millrace.app;

import dev.millrace.follow.ProgressWatch;
import dev.millrace.replay.MappedTopics;
import dev.millrace.serve.TrainServer;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.state.Books;
import dev.millrace.stream.Applications;
import dev.millrace.stream.MillraceTopology;
import dev.millrace.stream.Part;
import dev.millrace.stream.TopologyShape;
import dev.millrace.stream.run.StreamRunner;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.Topics;
import dev.millrace.topic.transaction.TransactionAdmin;
import dev.millrace.wire.AvroWire;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.ToIntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The mapping of the user's own topics as one process: the application, and the server of its health and metrics. */
public final class MapProcess implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(MapProcess.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final StreamRunner runner;
    private final ProgressWatch progress;
    private final Optional<TrainServer> server;

    private MapProcess(StreamRunner runner, ProgressWatch progress, Optional<TrainServer> server) {
        this.runner = runner;
        this.progress = progress;
        this.server = server;
    }

    /**
     * Starts the application.
     *
     * @throws InvalidSettingsException if the mapping cannot be used
     * @throws dev.millrace.topic.fault.UnusableTopicException if a topic is missing or of the wrong shape
     * @throws dev.millrace.topic.fault.BrokerUnreachableException if no broker answers
     * @throws dev.millrace.stream.run.LostContinuityException if it cannot go on where it stopped
     * @throws dev.millrace.stream.run.UnusableStateException if the state directory cannot be used
     */
    public static MapProcess start(MillraceSettings settings, PrometheusMeterRegistry registry) {
        MappedTopics mapping = settings.map().topics();
        Topics topics = new Topics(settings.clients(), settings.topics(), PATIENCE);
        topics.checkInputs(settings.stream().startupTimeout(), waiting -> LOG.info(waiting));
        TopicNames names = settings.topics().names();
        Map<String, Integer> partitions = topics.partitions(mapping.names());
        ToIntFunction<String> count = topic -> Objects.requireNonNull(partitions.get(topic));
        mapping.require(names.all(), count);
        if (settings.stream().isSettling()) {
            List<String> written = new ArrayList<>(names.inputs());
            written.addAll(List.of(names.trainingProgress(), names.deadLetters()));
            String application = settings.stream().applicationId(Part.MAP);
            new TransactionAdmin(settings.clients(), written, List.of(application)).settleOrRefuse();
            WrittenTopics.requireVisibleOffsets(settings);
        }
        topics.checkChangelogs(MillraceTopology.largestEntries(
                settings.stream().applicationId(Part.MAP),
                Part.MAP,
                settings.topics().largest()));
        StreamRunner runner = new StreamRunner(
                settings.stream(),
                settings.clients(),
                applications(settings, mapping, count).topologies());
        ProgressWatch progress =
                new ProgressWatch(settings.clients(), names.trainingProgress(), new AvroWire(settings.wire()));
        MapProcess process = new MapProcess(runner, progress, server(settings, mapping, runner, progress, registry));
        try {
            runner.start();
        } catch (RuntimeException refused) {
            process.close();
            throw refused;
        }
        return process;
    }

    private static Applications applications(
            MillraceSettings settings, MappedTopics mapping, ToIntFunction<String> partitions) {
        return new Applications(Map.of(
                Part.MAP,
                MillraceTopology.map(settings.topics().names(), mapping, new AvroWire(settings.wire()), partitions)));
    }

    public StreamRunner application() {
        return runner;
    }

    /** The accounts of all mapped topics together. */
    public Books.Account books() {
        return mapped(progress.books()).values().stream().reduce(Books.Account.EMPTY, Books.Account::plus);
    }

    private static SortedMap<String, Books.Account> mapped(SortedMap<String, Books.Account> all) {
        return all.subMap(Books.MAPPED, Books.MAPPED + Character.MAX_VALUE);
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
            MappedTopics mapping,
            StreamRunner runner,
            ProgressWatch progress,
            PrometheusMeterRegistry registry) {
        if (!settings.map().server().isOn()) {
            return Optional.empty();
        }
        Metrics metrics = new Metrics(registry);
        runner.bindTo(registry);
        metrics.standing(runner::standingTransactions);
        progress.onceCaughtUp(() -> {
            mapping.names().forEach(topic -> metrics.account(Books.MAPPED + topic, progress::books));
            progress.listenTo(part -> metrics.outcomes(mapped(part.books()), progress::books));
            metrics.outcomes(mapped(progress.books()), progress::books);
        });
        TopologyShape shape =
                TopologyShape.of(applications(settings, mapping, topic -> 1), settings.stream()::applicationId);
        return TrainHealth.server(settings.map().server(), new TrainHealth(runner, Map::of), shape, registry);
    }
}
