package dev.millrace.stream.shard;

import dev.millrace.batch.MiniBatch;
import dev.millrace.merge.DeltaPart;
import dev.millrace.merge.Replica;
import dev.millrace.merge.Round;
import dev.millrace.merge.ShardLearner;
import dev.millrace.model.StepTimes;
import dev.millrace.publish.ModelUpdate;
import dev.millrace.settings.KeptSettings;
import dev.millrace.state.EntrySource;
import dev.millrace.state.Utf8;
import dev.millrace.stream.CommitPace;
import dev.millrace.stream.CommitRequests;
import dev.millrace.stream.MillraceTopology;
import dev.millrace.stream.Outlet;
import dev.millrace.stream.WriteThroughStore;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.ModelDeltas;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TrainingRecords;
import dev.millrace.wire.UndecodableException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.streams.processor.PunctuationType;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.jspecify.annotations.Nullable;

/**
 * The learner of one shard as a processor: collects examples into batches, learns from them on a replica of the base, and sends in each commit
 * what it changed since the last one.
 *
 * <p>It comes to a later round only where no delta is open. The clock decides when that is; the delta says which round it was.
 */
final class ShardProcessor implements Processor<byte[], byte[], byte[], byte[]>, WriteThroughStore.Owner<ShardLearner> {

    /** How long a shard without examples stays on a round, for which all later ones are kept. */
    private static final Duration IDLE = Duration.ofSeconds(1);

    private static final Duration SOON = Duration.ofMillis(1);

    /** Rows of users that a commit sends again after publication was withheld. */
    private static final int ROWS_A_COMMIT = 10_000;

    private static final String BEHIND_SHARD = "/";

    private final ShardTopology.Learner learner;
    private final TopicNames topics;
    private final AvroWire wire;
    private final Replica replica;
    private final Pauses pauses;
    private final CommitPace.OfThreads paces;

    // set by init, which Kafka calls before all else
    private ProcessorContext<byte[], byte[]> context;
    private Outlet outlet;
    private WriteThroughStore<ShardLearner> store;
    private CommitRequests commits;
    private CommitRequests.Wait wait; // while a batch is open
    private int shard;
    private Replica.@Nullable View view; // of the learner that the store has
    private Optional<byte[]> nextRow = Optional.empty(); // of those to be sent again

    @SuppressWarnings("NullAway.Init")
    ShardProcessor(ShardTopology.Learner learner, Replica replica, Pauses pauses, CommitPace.OfThreads paces) {
        this.learner = learner;
        this.topics = learner.topics();
        this.wire = learner.wire();
        this.replica = replica;
        this.pauses = pauses;
        this.paces = paces;
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> initialised) {
        context = initialised;
        shard = context.taskId().partition();
        outlet = new Outlet(context, wire);
        store = context.getStateStore(MillraceTopology.SHARD_STORE);
        commits = new CommitRequests(context, paces);
        store.own(this, commits);
        wait = new CommitRequests.Wait(context);
        nextRow = Optional.empty();
        pauses.begin(shard, ShardLearner.lastDelta(store.entries()));
        wait.begin(learner.maxWait(), this::closeWaiting); // a batch may have been open when the last commit was made
        context.schedule(IDLE, PunctuationType.WALL_CLOCK_TIME, now -> followIdle());
    }

    @Override
    public void close() {
        pauses.leave(shard);
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        RecordMetadata from = outlet.origin();
        ShardLearner one = store.change(from);
        try {
            new TrainingRecords(wire)
                    .decode(
                            record.value(),
                            one::add,
                            change -> {
                                throw new IllegalStateException("item " + change.itemId() + " came at offset "
                                        + from.offset() + " of " + from.topic() + "-" + from.partition()
                                        + ": with shards, items go to " + topics.modelDeltas());
                            },
                            one::removeUser);
        } catch (UndecodableException broken) {
            throw outlet.broken(broken);
        }
        while (one.isBatchReady()) {
            closeAndLearn(one);
        }
        if (!wait.isOn() && one.hasOpenWork()) {
            wait.begin(learner.maxWait(), this::closeWaiting);
        }
    }

    @Override
    public KeptSettings settings() {
        return learner.kept();
    }

    @Override
    public ShardLearner fresh(EntrySource stored) {
        Replica.View now = replica.view();
        view = now;
        return new ShardLearner(learner.settings(), shard, learner.rows(stored), now, now.round(), StepTimes.UNTIMED);
    }

    @Override
    public List<byte[]> readLater() {
        return ShardLearner.readLater();
    }

    @Override
    public void restored(ShardLearner one) {
        one.begin();
        if (!replica.hasHandled(shard, one.lastDelta())) {
            throw new IllegalStateException("shard " + shard + " begins before the base has handled its delta "
                    + one.lastDelta() + ": it must wait for that");
        }
        learner.shares().join();
    }

    @Override
    public void dropped(ShardLearner one) {
        one.close();
        learner.shares().leave();
        if (view != null) {
            view.close();
            view = null;
        }
    }

    @Override
    public void beforeCommit(ShardLearner one) {
        long now = context.currentSystemTimeMs();
        outlet.whileCommitting(() -> {
            sendDelta(one, now);
            sendRows(one, now);
            PartProgress said = new PartProgress(
                    PartProgress.shard(shard), now, one.books().accounts(), store.positions(), Optional.empty());
            outlet.send(MillraceTopology.TO_PROGRESS, Topic.TRAINING_PROGRESS, topics.trainingProgress(), said, now);
        });
        pauses.cut(shard, one.lastDelta());
    }

    private void sendDelta(ShardLearner one, long now) {
        one.cut().ifPresent(delta -> DeltaPart.of(delta)
                .forEach(part -> outlet.send(
                        ShardTopology.TO_DELTAS,
                        ModelDeltas.key(part),
                        Optional.of(new ModelDeltas(wire).encode(topics.modelDeltas(), part)),
                        now)));
    }

    /**
     * Writes what changed, and sends the rows of users. While the base withholds its own, they wait; afterwards all are sent again, some in each
     * commit.
     */
    private void sendRows(ShardLearner one, long now) {
        boolean isWithheld = replica.isWithheld();
        if (isWithheld) {
            one.owe(true);
            nextRow = Optional.empty(); // what was sent of them may change meanwhile
        } else if (one.owes() && nextRow.isEmpty()) {
            nextRow = Optional.of(new byte[0]);
        }
        store.drain((key, value) -> {
            if (one.isRowOfUser(key) && (value.isEmpty() || !isWithheld)) {
                sendRow(one, key, value, now);
            }
        });
        if (!isWithheld && nextRow.isPresent()) {
            nextRow = one.rowsOfUsers(
                    nextRow.get(), ROWS_A_COMMIT, (key, value) -> sendRow(one, key, Optional.of(value), now));
            one.owe(nextRow.isPresent());
            commits.after(SOON, store::change);
        }
    }

    private void sendRow(ShardLearner one, byte[] key, Optional<byte[]> value, long now) {
        ModelUpdate update = new ModelUpdate(one.generation(), one.round(), key, value);
        outlet.send(MillraceTopology.TO_UPDATES, Topic.MODEL_UPDATES, topics.modelUpdates(), update, now);
    }

    private void closeWaiting() {
        if (store.state().hasOpenWork()) {
            closeAndLearn(store.change());
        }
    }

    private void followIdle() {
        if (store.isLoaded() && !store.state().hasDelta()) {
            follow();
            if (store.state().owes() && !replica.isWithheld()) {
                ShardLearner unused = store.change();
                commits.whenDue(); // it sends the rows
            }
        }
    }

    private void closeAndLearn(ShardLearner one) {
        wait.cancel();
        long now = context.currentSystemTimeMs();
        if (one.isDeltaFull()) {
            sendDelta(one, now);
            sendRows(one, now);
        }
        if (!one.hasDelta()) {
            follow();
        }
        MiniBatch batch = one.closeBatch();
        outlet.send(
                MillraceTopology.TO_BATCHES,
                key(shard, batch.step()),
                wire.encode(Topic.MINI_BATCHES, topics.miniBatches(), batch),
                now);
        commits.whenDue();
        one.learn(batch)
                .refusal()
                .ifPresent(message -> outlet.sendRefusedStep(
                        MillraceTopology.LEARN_TO_DEAD_LETTERS,
                        batch.step(),
                        topics.miniBatches() + "-" + shard,
                        message));
    }

    private void follow() {
        if (view == null) {
            throw new IllegalStateException("shard " + shard + " has no view of the base");
        }
        Set<byte[]> changed = new TreeSet<>(Arrays::compareUnsigned);
        List<Round> rounds = view.advance(changed);
        if (!rounds.isEmpty()) {
            store.change().follow(rounds, changed);
        }
    }

    /** The key of a shard's step. */
    static byte[] key(int shard, long step) {
        return Utf8.bytes(shard + BEHIND_SHARD + step);
    }

    /** The shard of a step's key, which is the partition that it goes to. */
    static int shard(byte[] key) {
        String text = Utf8.text(key);
        return Integer.parseInt(text, 0, text.indexOf(BEHIND_SHARD), 10);
    }
}
