package dev.millrace.evaluate;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.exam.ExamWitness;
import dev.millrace.merge.Base;
import dev.millrace.merge.Delta;
import dev.millrace.merge.Round;
import dev.millrace.merge.ShardLearner;
import dev.millrace.model.StepTimes;
import dev.millrace.state.EntrySink;
import dev.millrace.state.KeyIndex;
import dev.millrace.state.MemoryEntries;
import dev.millrace.train.EntryKind;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Several shards and their base in one thread, after a warm-up by one learner. A round ends after a number of batches, and every shard comes to
 * know it a number of rounds later: settings and log decide everything. A batch that it closes is one of the warm-up, or a round.
 */
final class ShardedLearner implements Fed, AutoCloseable {

    /** A round, and what it changed of the base's entries. */
    private record Made(Round round, SortedMap<byte[], Optional<byte[]>> changed) {}

    private final TrainerSettings settings;
    private final Prequential.ShardPlan plan;
    private final StepTimes times;
    private final ExamWitness witness;
    private final MemoryEntries stored = new MemoryEntries();
    private final MemoryEntries replica = new MemoryEntries(); // as of the round that the shards have
    private final Queue<Made> made = new ArrayDeque<>(); // rounds that they do not have
    private final Trainer alone;
    private Optional<Base> base = Optional.empty(); // absent until the warm-up ends
    private final List<ShardLearner> shards = new ArrayList<>();
    private List<MemoryEntries> owned = List.of(); // of each shard
    private int batches; // since the last round
    private long sentBytes;

    ShardedLearner(TrainerSettings settings, Prequential.ShardPlan plan, StepTimes times, ExamWitness witness) {
        this.settings = settings;
        this.plan = plan;
        this.times = times;
        this.witness = witness;
        this.alone = new Trainer(settings, stored, times, witness);
    }

    /** Returns the learner of the warm-up, then that of the base. */
    Trainer trainer() {
        return base.map(Base::trainer).orElse(alone);
    }

    /** Returns the number of examples learnt. */
    long learnt() {
        return alone.positives()
                + shards.stream().mapToLong(ShardLearner::learnt).sum();
    }

    /** Returns bytes of deltas for each example that shards learnt; 0 before the first. */
    double bytesAnExample() {
        return (double) sentBytes / Math.max(1, learnt() - alone.positives());
    }

    long refusedSteps() {
        return alone.progress().refusedSteps()
                + shards.stream().mapToLong(ShardLearner::refusedSteps).sum();
    }

    @Override
    public void reach(long time) {
        trainer().reach(time);
    }

    @Override
    public void change(CatalogueChange change) {
        trainer().change(change);
    }

    @Override
    public void add(TrainingExample example) {
        if (base.isEmpty()) {
            alone.add(example);
            return;
        }
        ShardLearner shard = shards.get(shard(example.user().user()));
        shard.add(example);
        if (shard.isBatchReady()) {
            learnOpen(shard);
        }
    }

    private int shard(String user) {
        return (int) Math.floorMod(KeyIndex.fingerprint(user), (long) plan.count());
    }

    private void learnOpen(ShardLearner shard) {
        shard.learn(shard.closeBatch());
        batches++;
    }

    @Override
    public boolean isBatchReady() {
        return batches >= plan.count() * plan.roundBatches() || trainer().isBatchReady();
    }

    @Override
    public boolean hasOpenWork() {
        return batches > 0 || trainer().hasOpenWork() || shards.stream().anyMatch(ShardLearner::hasOpenWork);
    }

    @Override
    public MiniBatch closeBatch() {
        if (base.isEmpty()) {
            return alone.closeBatch();
        }
        if (!isBatchReady()) {
            shards.stream().filter(ShardLearner::hasOpenWork).forEach(this::learnOpen);
        }
        batches = 0;
        for (int number = 0; number < shards.size(); number++) {
            ShardLearner shard = shards.get(number);
            shard.cut().map(Delta::encoded).ifPresent(sent -> {
                sentBytes += sent.length;
                base.get().add(Delta.decoded(sent), "");
            });
            shard.drainDirty(owned.get(number));
        }
        return base.get().closeRound();
    }

    /** Learns the batch that was closed. */
    void learn(MiniBatch batch, boolean isExamined) {
        if (base.isPresent()) {
            Round round = base.get().merge(batch, isExamined);
            made.add(new Made(round, drain(base.get())));
            if (made.size() > plan.roundsLate()) {
                follow(made.remove());
            }
            return;
        }
        alone.learn(batch, isExamined);
        if (alone.positives() >= plan.warmUp()) {
            withhold(alone);
            alone.drainDirty(stored);
            part();
        }
    }

    /** Makes the learner of the warm-up a base, and its users those of shards. */
    private void part() {
        Base begun = new Base(settings, stored, witness);
        stored.scanBut(new byte[0], EntryKind.readLater(), begun::restore);
        begun.trainer().requireWhole();
        owned = Stream.generate(MemoryEntries::new).limit(plan.count()).toList();
        begun.handOverUsers((user, key, value) -> owned.get(shard(user)).put(key, value));
        base = Optional.of(begun);
        drain(begun);
        stored.scan(new byte[0], (key, value) -> {
            replica.put(key, value);
            return true;
        });
        for (int number = 0; number < plan.count(); number++) {
            ShardLearner shard = new ShardLearner(
                    settings,
                    number,
                    owned.get(number),
                    replica,
                    begun.trainer().step(),
                    times);
            shard.begin();
            shards.add(shard);
        }
    }

    /** Stores what changed in the base, and returns it: the values, and for what is deleted nothing. */
    private SortedMap<byte[], Optional<byte[]>> drain(Base from) {
        SortedMap<byte[], Optional<byte[]>> changed = new TreeMap<>(Arrays::compareUnsigned);
        withhold(from.trainer());
        from.drainDirty(new EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {
                stored.put(key, value);
                changed.put(key, Optional.of(value));
            }

            @Override
            public void delete(byte[] key) {
                stored.delete(key);
                changed.put(key, Optional.empty());
            }
        });
        return changed;
    }

    /** Nobody reads vectors here; without this a commit would miss them. */
    private static void withhold(Trainer trainer) {
        boolean isMoreLeft = trainer.publish(Optional.of("learnt offline"), vector -> {});
        if (isMoreLeft) {
            throw new IllegalStateException("vectors are withheld, and more are left");
        }
    }

    /** Brings the shards to a round. */
    private void follow(Made made) {
        made.changed()
                .forEach(
                        (key, value) -> value.ifPresentOrElse(now -> replica.put(key, now), () -> replica.delete(key)));
        shards.forEach(
                shard -> shard.follow(List.of(made.round()), made.changed().keySet()));
    }

    @Override
    public void close() {
        alone.close();
        base.ifPresent(Base::close);
        shards.forEach(ShardLearner::close);
    }
}
