package dev.millrace.app;

import dev.millrace.follow.DiskEntries;
import dev.millrace.follow.FollowingRecall;
import dev.millrace.follow.ItemGraphs;
import dev.millrace.follow.ModelFeed;
import dev.millrace.follow.ServedState;
import dev.millrace.serve.RecallServer;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.Topics;
import dev.millrace.topic.transaction.TransactionWatch;
import dev.millrace.topic.transaction.Transactions;
import dev.millrace.wire.AvroWire;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The serving side as one process: follows the topics and answers recall. */
public final class ServeProcess implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ServeProcess.class);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final DiskEntries disk;
    private final ItemGraphs graphs;
    private final ServedState state;
    private final FollowingRecall following;
    private final Transactions transactions;
    private final TransactionWatch watch;
    private final RecallServer server;

    private ServeProcess(
            DiskEntries disk,
            ItemGraphs graphs,
            ServedState state,
            FollowingRecall following,
            Transactions transactions,
            TransactionWatch watch,
            RecallServer server) {
        this.disk = disk;
        this.graphs = graphs;
        this.state = state;
        this.following = following;
        this.transactions = transactions;
        this.watch = watch;
        this.server = server;
    }

    /**
     * Begins to follow the topics and to listen. Answers 503 until it has caught up.
     *
     * @throws dev.millrace.topic.UnusableTopicException if a topic is missing or of the wrong shape
     * @throws dev.millrace.topic.BrokerUnreachableException if no broker answers
     */
    public static ServeProcess start(MillraceSettings settings, PrometheusMeterRegistry registry) throws IOException {
        new Topics(settings.clients(), settings.topics(), PATIENCE)
                .check(settings.stream().startupTimeout(), waiting -> LOG.info(waiting));
        DiskEntries disk = DiskEntries.open(
                settings.serve().stateDirectory(), settings.serve().cacheBytes());
        ItemGraphs graphs = new ItemGraphs(settings.serve().graph());
        ServedState state = new ServedState(
                disk, new ModelFeed(disk), settings.serve().keptGenerations(), graphs, InstantSource.system());
        TopicNames names = settings.topics().names();
        FollowingRecall following =
                FollowingRecall.start(settings.clients(), names, new AvroWire(settings.wire()), state);
        Transactions transactions = new Transactions(settings.clients(), PATIENCE);
        Set<String> followed =
                Set.of(names.generations(), names.itemEmbeddings(), names.modelUpdates(), names.userFeatures());
        TransactionWatch watch = new TransactionWatch(
                () -> transactions.written(followed, Set.of()),
                transactions::open, // a server only looks
                settings.stream().transactionTimeout());
        watch.start();
        StandingTransactions standing = new StandingTransactions(watch::standing);
        standing.bindTo(registry);
        RecallServer server =
                new RecallServer(settings.serve(), state, standing::detail, registry, InstantSource.system()).start();
        return new ServeProcess(disk, graphs, state, following, transactions, watch, server);
    }

    public ServedState state() {
        return state;
    }

    /** Why a topic can no longer be followed; absent while all are. */
    public Optional<Throwable> failure() {
        return following.failure();
    }

    /** The address of the API. */
    public String url() {
        return server.url();
    }

    @Override
    public void close() {
        server.close();
        following.close();
        watch.close();
        transactions.close();
        graphs.close();
        disk.close();
    }
}
