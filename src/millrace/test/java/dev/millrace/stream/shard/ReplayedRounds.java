package dev.millrace.stream.shard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.exam.ExamWitness;
import dev.millrace.merge.Base;
import dev.millrace.merge.Delta;
import dev.millrace.merge.DeltaPart;
import dev.millrace.merge.Replica;
import dev.millrace.merge.Round;
import dev.millrace.merge.ShardLearner;
import dev.millrace.model.StepTimes;
import dev.millrace.state.EntrySink;
import dev.millrace.state.MemoryEntries;
import dev.millrace.train.StepDigest;
import dev.millrace.train.TrainerSettings;
import dev.millrace.wire.ModelRound;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Makes the rounds of a log again, in one thread and without Kafka: of what the shards learnt, and of the base that merged it. */
public final class ReplayedRounds implements AutoCloseable {

    private static final long LONG_AFTER = Long.MAX_VALUE / 2; // all announced items of a round have come

    private final Base base;
    private final MemoryEntries stored = new MemoryEntries();
    private final Replica replica = new Replica(new MemoryEntries());
    private final TrainerSettings settings;
    private final Map<Integer, Shard> shards = new TreeMap<>();

    private final class Shard implements AutoCloseable {

        private final Replica.View view = replica.view();
        private final Deque<MiniBatch> batches;
        private final Deque<Round.Taken> next;
        private final Deque<Delta> sent = new ArrayDeque<>();
        private final MemoryEntries own = new MemoryEntries();
        private final ShardLearner learner;

        private Shard(int number, List<MiniBatch> batches, List<Round.Taken> deltas) {
            this.batches = new ArrayDeque<>(batches);
            this.next = new ArrayDeque<>(deltas);
            learner = new ShardLearner(settings, number, own, view, view.round(), StepTimes.UNTIMED);
            learner.begin();
        }

        /** Learns what the shard learnt on the round that the base has come to. */
        private void learn() {
            while (!next.isEmpty() && next.getFirst().origin().round() == replica.round()) {
                Round.Taken delta = next.removeFirst();
                follow();
                for (long step = delta.firstStep(); step <= delta.lastStep(); step++) {
                    MiniBatch batch = batches.removeFirst();
                    assertThat(batch.step()).isEqualTo(step);
                    learner.learn(batch);
                }
                Delta made = learner.cut().orElseThrow();
                learner.drainDirty(own);
                assertThat(DeltaPart.of(made).get(0).sha256())
                        .as("delta " + made.origin().number() + " of shard "
                                + made.origin().shard() + ", learnt on round "
                                + made.origin().round())
                        .isEqualTo(delta.sha256());
                sent.add(made);
            }
        }

        private void follow() {
            Set<byte[]> changed = new TreeSet<>(Arrays::compareUnsigned);
            List<Round> rounds = view.advance(changed);
            if (!rounds.isEmpty()) {
                learner.follow(rounds, changed);
            }
        }

        @Override
        public void close() {
            learner.close();
        }
    }

    public ReplayedRounds(TrainerSettings settings) {
        this.settings = settings;
        base = new Base(settings, stored, ExamWitness.NONE);
        drain();
        replica.caughtUp();
    }

    /**
     * Makes all rounds again, and requires what the log says of each: batch, deltas, digest.
     *
     * @param batches by shard, in their order
     * @return the digest after each round
     */
    public List<String> run(Map<Integer, List<MiniBatch>> batches, List<ModelRound> rounds) {
        Map<Integer, List<Round.Taken>> deltas = new TreeMap<>();
        rounds.forEach(round -> round.deltas()
                .forEach(delta -> deltas.computeIfAbsent(delta.origin().shard(), shard -> new ArrayList<>())
                        .add(delta)));
        deltas.forEach((shard, ofShard) ->
                shards.put(shard, new Shard(shard, batches.getOrDefault(shard, List.of()), ofShard)));
        List<String> digests = new ArrayList<>();
        for (ModelRound round : rounds) {
            shards.values().forEach(Shard::learn);
            for (Round.Taken delta : round.deltas()) {
                Shard of =
                        Optional.ofNullable(shards.get(delta.origin().shard())).orElseThrow();
                base.add(of.sent.removeFirst(), delta.sha256());
            }
            base.reach(round.batch().clock() == 0 ? LONG_AFTER : round.batch().clock());
            round.batch().catalogue().stream()
                    .filter(CatalogueChange::isAnnounced)
                    .forEach(base::change);
            MiniBatch batch = base.closeRound();
            assertThat(batch)
                    .as("round " + batch.step())
                    .usingRecursiveComparison()
                    .ignoringFields("clock")
                    .isEqualTo(round.batch());
            assertThat(base.merge(batch, true).deltas()).isEqualTo(round.deltas());
            drain();
            String digest = base.trainer().digest().map(StepDigest::digest).orElseThrow();
            if (!round.digest().isEmpty()) {
                assertThat(digest).as("digest of round " + batch.step()).isEqualTo(round.digest());
            }
            digests.add(digest);
        }
        return digests;
    }

    private void drain() {
        base.trainer().publish();
        base.drainDirty(new EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {
                stored.put(key, value);
                replica.take(key, Optional.of(value));
            }

            @Override
            public void delete(byte[] key) {
                stored.delete(key);
                replica.take(key, Optional.empty());
            }
        });
    }

    @Override
    public void close() {
        shards.values().forEach(Shard::close);
        base.close();
    }
}
