package dev.millrace.app;

import dev.millrace.alarm.InputAlarms;
import dev.millrace.follow.DiskEntries;
import dev.millrace.follow.FollowingRecall;
import dev.millrace.follow.LogStanding;
import dev.millrace.follow.ModelFeed;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.follow.ServedState;
import dev.millrace.follow.TopicView;
import dev.millrace.operation.OperatorAction;
import dev.millrace.page.ClickSender;
import dev.millrace.page.LivePage;
import dev.millrace.page.LiveSources;
import dev.millrace.serve.AnswerLog;
import dev.millrace.serve.HttpSetup;
import dev.millrace.serve.RecallServer;
import dev.millrace.serve.ServedAnswers;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.Topics;
import dev.millrace.topic.transaction.TransactionWatch;
import dev.millrace.topic.transaction.Transactions;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.ServingProgress;
import dev.millrace.wire.Topic;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The serving side as one process: follows the topics and answers recall. */
public final class ServeProcess implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ServeProcess.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final Duration ORDER_PATIENCE = Duration.ofSeconds(10);

    private final DiskEntries disk;
    private final ServedState state;
    private final FollowingRecall following;
    private final Transactions transactions;
    private final TransactionWatch watch;
    private final Optional<ProgressWatch> progress;
    private final Optional<TopicView<OperatorAction.Kind, OperatorAction>> audits;
    private final Optional<LivePage> page;
    private final Optional<AnswerLog> answerLog;
    private final RecallServer server;
    private final AnswerReports reports;
    private final Optional<TopicView<String, ServingProgress>> served;

    /**
     * Begins to follow the topics and to listen. Answers 503 until it has caught up.
     *
     * @throws HttpSetup.PortTakenException if another process listens at the port
     * @throws dev.millrace.topic.fault.UnusableTopicException if a topic is missing or of the wrong shape
     * @throws dev.millrace.topic.fault.BrokerUnreachableException if no broker answers
     */
    public static ServeProcess start(MillraceSettings settings, PrometheusMeterRegistry registry) throws IOException {
        return start(settings, registry, Optional.empty());
    }

    /**
     * As {@link #start(MillraceSettings, PrometheusMeterRegistry)}.
     *
     * @param clicks sends what a visitor of the page clicks; absent where there is no producer
     */
    public static ServeProcess start(
            MillraceSettings settings, PrometheusMeterRegistry registry, Optional<ClickSender> clicks)
            throws IOException {
        HttpSetup.requireFree(
                "serve.port", settings.serve().host(), settings.serve().port());
        new Topics(settings.clients(), settings.topics(), PATIENCE)
                .check(settings.stream().startupTimeout(), waiting -> LOG.info(waiting));
        return new ServeProcess(settings, registry, clicks);
    }

    private ServeProcess(MillraceSettings settings, PrometheusMeterRegistry registry, Optional<ClickSender> clicks)
            throws IOException {
        TopicNames names = settings.topics().names();
        AvroWire wire = new AvroWire(settings.wire());
        InstantSource clock = InstantSource.system();
        Metrics metrics = new Metrics(registry);
        disk = DiskEntries.open(
                settings.serve().stateDirectory(), settings.serve().cacheBytes());
        state = new ServedState(disk, new ModelFeed(disk), settings.serve().keptGenerations(), clock);
        Optional<LogStanding> standing =
                settings.serve().answersSample() > 0 ? Optional.of(new LogStanding()) : Optional.empty();
        answerLog = standing.map(told -> new AnswerLog(
                settings.serve().answersSample(),
                state,
                told,
                new AnswerLog.Target(settings.clients(), names.answers(), wire),
                clock));
        following = FollowingRecall.start(settings.clients(), names, wire, state, standing);
        transactions = new Transactions(settings.clients(), PATIENCE);
        Set<String> followed = Set.of(
                names.generations(),
                names.itemEmbeddings(),
                names.modelUpdates(),
                names.itemNeighbours(),
                names.userFeatures());
        watch = new TransactionWatch(
                () -> transactions.written(followed, Set.of()),
                transactions::open, // a server only looks
                settings.stream().transactionTimeout());
        watch.start();
        metrics.standing(watch::standing);
        InputAlarms inputs = new InputAlarms(settings.inputAlarms());
        long startedAt = clock.millis();
        boolean hasPage = settings.serve().hasPage();
        progress = hasPage || clicks.isPresent() // a demo shows figures without a page too
                ? Optional.of(new ProgressWatch(
                        settings.clients(),
                        names.trainingProgress(),
                        wire,
                        PartProgress.LEARNER,
                        part -> inputs.take(part.part(), part.books(), part.farShare(), part.writtenAt() < startedAt)))
                : Optional.empty();
        Cluster cluster = settings.cluster();
        audits = hasPage
                ? Optional.of(
                        new TopicView<>(cluster, Topic.OPERATOR_ACTIONS, names.operatorActions(), OperatorAction::kind))
                : Optional.empty();
        served = hasPage
                ? Optional.of(
                        new TopicView<>(cluster, Topic.SERVING_PROGRESS, names.servingProgress(), ServingProgress::key))
                : Optional.empty();
        page = progress.flatMap(watched -> audits.map(audited -> new LivePage(
                        new LiveSources(
                                settings.clients().bootstrapServers(),
                                state,
                                watched,
                                audited,
                                () -> served.map(TopicView::values).orElse(List.of()),
                                inputs,
                                settings.serve().weights()),
                        cluster,
                        clicks,
                        clock)
                .start()));
        if (clicks.isPresent()) { // a demo: the trainer has no address of its own
            progress.ifPresent(watched -> {
                new TrainMetrics(metrics, watched).register(settings.trainer().model());
                metrics.books(watched);
            });
            metrics.inputs(inputs);
        }
        audits.ifPresent(audited -> metrics.verifications(audited, clock));
        ServedAnswers answers = new ServedAnswers();
        reports = new AnswerReports(cluster.withPatience(ORDER_PATIENCE), state::latestExperiment, answers, clock)
                .start();
        server = new RecallServer(
                        settings.serve(),
                        state,
                        new RecallServer.Beside(
                                () -> TrainHealth.standing(watch.standing()),
                                answers,
                                page,
                                new ClusterOperations(
                                        cluster.withPatience(ORDER_PATIENCE), settings.attribution(), clock),
                                answerLog),
                        registry,
                        clock)
                .start();
    }

    public ServedState state() {
        return state;
    }

    /** Why a topic can no longer be followed; absent while all are. */
    public Optional<Throwable> failure() {
        return following.failure();
    }

    /** What the parts of the trainer say of themselves; absent where nobody is shown it. */
    public Optional<ProgressWatch> progress() {
        return progress;
    }

    /** The address of the API. */
    public String url() {
        return server.url();
    }

    @Override
    public void close() {
        server.close();
        reports.close();
        answerLog.ifPresent(AnswerLog::close);
        page.ifPresent(LivePage::close);
        progress.ifPresent(ProgressWatch::close);
        audits.ifPresent(TopicView::close);
        served.ifPresent(TopicView::close);
        following.close();
        watch.close();
        transactions.close();
        disk.close();
    }
}
