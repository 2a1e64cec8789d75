package dev.millrace.stream.shard;

import dev.millrace.batch.MiniBatch;
import dev.millrace.exam.ExamWitness;
import dev.millrace.merge.Base;
import dev.millrace.merge.Round;
import dev.millrace.settings.KeptSettings;
import dev.millrace.state.Books;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySource;
import dev.millrace.state.InputTopic;
import dev.millrace.stream.CommitPace;
import dev.millrace.stream.CommitRequests;
import dev.millrace.stream.ItemArrivals;
import dev.millrace.stream.LearnerNotices;
import dev.millrace.stream.MillraceTopology;
import dev.millrace.stream.Outlet;
import dev.millrace.stream.Publication;
import dev.millrace.stream.WriteThroughStore;
import dev.millrace.topic.TopicNames;
import dev.millrace.train.EntryKind;
import dev.millrace.train.Figure;
import dev.millrace.train.StepDigest;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.ModelDeltas;
import dev.millrace.wire.ModelRound;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import dev.millrace.wire.UndecodableException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/**
 * The base as a processor: takes the deltas of the shards and the changes of the catalogue, closes rounds, merges and publishes.
 *
 * <p>The clock decides only when a round is closed and when a commit is asked for. Each commit has the deltas that it took in a round.
 */
final class BaseProcessor implements Processor<byte[], byte[], byte[], byte[]>, WriteThroughStore.Owner<Base> {

    private static final Duration SOON = Duration.ofMillis(1);

    private final ShardTopology.Learner learner;
    private final Duration patience;
    private final TopicNames topics;
    private final AvroWire wire;
    private final CommitPace.OfThreads paces;
    private final LearnerNotices notices = new LearnerNotices();

    // set by init, which Kafka calls before all else
    private ProcessorContext<byte[], byte[]> context;
    private Outlet outlet;
    private Publication publication;
    private WriteThroughStore<Base> store;
    private CommitRequests commits;
    private CommitRequests.Wait forShards; // while a round waits for deltas
    private CommitRequests.Wait forChanges; // while changes of the catalogue are open
    private ItemArrivals arrivals;
    private final List<Round> rounds = new ArrayList<>(); // since the last commit
    private final SortedMap<String, Double> late = new TreeMap<>(); // rounds, by the figure of a shard

    @SuppressWarnings("NullAway.Init")
    BaseProcessor(ShardTopology.Learner learner, Duration patience, CommitPace.OfThreads paces) {
        this.learner = learner;
        this.patience = patience;
        this.topics = learner.topics();
        this.wire = learner.wire();
        this.paces = paces;
    }

    @Override
    public void init(ProcessorContext<byte[], byte[]> initialised) {
        context = initialised;
        outlet = new Outlet(context, wire);
        publication = new Publication(outlet, topics, topics.modelRounds(), learner.terms(), notices);
        store = context.getStateStore(MillraceTopology.BASE_STORE);
        commits = new CommitRequests(context, paces);
        store.own(this, commits);
        forShards = new CommitRequests.Wait(context);
        forChanges = new CommitRequests.Wait(context);
        arrivals = new ItemArrivals(context);
        rounds.clear();
        forChanges.begin(learner.maxWait(), this::closeWaiting); // changes may have been open at the last commit
        arrivals.begin(this::lookForArrivals); // and items may have waited
        commits.after(SOON, store::change); // shards wait for the first entries
    }

    @Override
    public void process(Record<byte[], byte[]> record) {
        RecordMetadata from = outlet.origin();
        Base base = store.change(from);
        arrivals.follow(base.trainer());
        try {
            new ModelDeltas(wire).decode(record.value(), base::add, base::change);
        } catch (UndecodableException | CorruptEntryException broken) {
            throw outlet.broken(broken);
        }
        closeIfComplete(base);
        arrivals.await(base.trainer(), this::lookForArrivals);
    }

    @Override
    public KeptSettings settings() {
        return learner.kept();
    }

    @Override
    public Base fresh(EntrySource stored) {
        return new Base(learner.settings(), learner.rows(stored), ExamWitness.NONE);
    }

    @Override
    public List<byte[]> readLater() {
        return EntryKind.readLater();
    }

    @Override
    public void dropped(Base base) {
        base.close();
        learner.shares().leave();
    }

    @Override
    public void restored(Base base) {
        base.trainer().requireWhole();
        learner.shares().join();
    }

    /** Closes a round of what has come, publishes, writes what changed, then tells the rounds: the digest is of what was written. */
    @Override
    public void beforeCommit(Base base) {
        Trainer trainer = base.trainer();
        long now = context.currentSystemTimeMs();
        outlet.whileCommitting(() -> {
            if (base.hasWaiting()) {
                closeRound(base);
            }
            if (publication.publish(trainer, Optional.empty(), now, store::drain)) {
                commits.after(SOON, store::change); // publishes the next part
            }
            sendRounds(trainer, now);
            TrainingProgress progress = trainer.progress(late);
            notices.alarms(progress.alarms(), trainer.surgingItem());
            PartProgress said = new PartProgress(
                    PartProgress.LEARNER, now, books(progress), store.positions(), Optional.of(progress));
            outlet.send(MillraceTopology.TO_PROGRESS, Topic.TRAINING_PROGRESS, topics.trainingProgress(), said, now);
        });
    }

    private void sendRounds(Trainer trainer, long now) {
        String digest = trainer.digest().map(StepDigest::digest).orElse("");
        for (Round round : rounds) {
            ModelRound said = new ModelRound(
                    trainer.generation(),
                    round.batch(),
                    round.deltas(),
                    round.number() == trainer.step() ? digest : "",
                    topics.shards());
            outlet.send(ShardTopology.TO_ROUNDS, Topic.MODEL_ROUNDS, topics.modelRounds(), said, now);
        }
        rounds.clear();
    }

    /** Its examples are those of deltas: as training examples, the shards count them. */
    private SortedMap<String, Books.Account> books(TrainingProgress progress) {
        SortedMap<String, Books.Account> accounts = new TreeMap<>(progress.books());
        Optional.ofNullable(accounts.remove(InputTopic.EXAMPLES.label()))
                .ifPresent(account -> accounts.put("model-deltas", account));
        return accounts;
    }

    private void closeWaiting() {
        if (store.state().hasOpenWork()) {
            close(store.change());
        }
    }

    private void lookForArrivals() {
        Trainer trainer = store.state().trainer();
        arrivals.follow(trainer);
        if (trainer.hasOpenWork()) {
            closeIfComplete(store.change());
        }
        arrivals.await(trainer, this::lookForArrivals);
    }

    private void closeIfComplete(Base base) {
        while (base.isComplete()) { // more than once where more announced items come at once than a round takes
            close(base);
        }
        if (base.hasWaiting() && !forShards.isOn()) {
            forShards.begin(patience, this::closeWaiting);
        }
        if (base.trainer().hasOpenWork() && !forChanges.isOn()) {
            forChanges.begin(learner.maxWait(), this::closeWaiting);
        }
    }

    private void close(Base base) {
        closeRound(base);
        commits.whenDue();
    }

    private void closeRound(Base base) {
        forShards.cancel();
        forChanges.cancel();
        MiniBatch batch = base.closeRound();
        Round round = base.merge(batch, true);
        rounds.add(round);
        round.deltas().forEach(delta -> {
            int shard = delta.origin().shard();
            late.put(
                    Figure.ROUNDS_LATE.label(Integer.toString(shard)),
                    round.number() - 1.0 - delta.origin().round());
        });
        if (!batch.examples().isEmpty()) {
            arrivals.heard(base.trainer());
        }
    }
}
