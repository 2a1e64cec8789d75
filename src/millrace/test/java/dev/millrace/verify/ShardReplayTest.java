package dev.millrace.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.exam.ExamWitness;
import dev.millrace.feature.UserFeatures;
import dev.millrace.merge.Base;
import dev.millrace.merge.Delta;
import dev.millrace.merge.DeltaPart;
import dev.millrace.merge.Replica;
import dev.millrace.merge.Round;
import dev.millrace.merge.ShardLearner;
import dev.millrace.model.StepTimes;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.MemoryEntries;
import dev.millrace.topic.BatchLog.BrokenLogException;
import dev.millrace.train.StepDigest;
import dev.millrace.train.TrainerSettings;
import dev.millrace.wire.ModelRound;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShardReplayTest {

    private static final long TIME = 1_700_000_000_000L;
    private static final int SHARDS = 3;
    private static final int IDLE = 2; // has no examples in the middle of the run
    private static final int ROUNDS = 60;
    private static final int BATCH = 8;

    private final TrainerSettings settings = TrainerSettings.read(new SettingsReader(Map.of(
            "batch.size", Integer.toString(BATCH),
            "batch.negatives", "16",
            "tower.dim", "8",
            "features.user", "user,history",
            "digest.steps", "1")));
    private final List<List<MiniBatch>> batches = new ArrayList<>(); // by shard
    private final List<ModelRound> rounds = new ArrayList<>();
    private final List<AutoCloseable> learners = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable learner : learners) {
            learner.close();
        }
    }

    /** Begins the replay of what was logged. */
    private ShardReplay replay(int threads) {
        ShardReplay replay = begun(threads, new MemoryEntries(), new ReplayedShards());
        assertThat(rounds).allSatisfy(round -> assertThat(replay.expect(round)).isEmpty());
        return replay;
    }

    private ShardReplay begun(int threads, MemoryEntries stored, ReplayedShards shards) {
        ShardReplay replay = new ShardReplay(
                settings, stored, shards, (shard, step) -> batches.get(shard).listIterator((int) step - 1), 0, threads);
        learners.add(replay);
        return replay;
    }

    /** Begins behind a round with what a replay keeps there, of which nothing but the entries is left. */
    private ShardReplay replayFrom(MemoryEntries kept) {
        MemoryEntries stored = new MemoryEntries();
        ReplayedShards shards = new ReplayedShards();
        kept.scan(new byte[0], (key, value) -> {
            if (ReplayedShards.isOfShards(key)) {
                shards.take(key, value);
            } else {
                stored.put(key, value);
            }
            return true;
        });
        return begun(2, stored, shards);
    }

    private void learnAll(ShardReplay replay) {
        rounds.forEach(round -> replay.learn(round, "record " + round.batch().step()));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5})
    void anyNumberOfThreadsMakesTheDigestOfEachRoundAgain(int threads) {
        live();

        List<String> digests = new ArrayList<>();
        ShardReplay replay = replay(threads);
        for (ModelRound round : rounds) {
            replay.learn(round, "");
            digests.add(replay.trainer().digest().map(StepDigest::digest).orElseThrow());
        }

        assertThat(rounds).hasSize(ROUNDS);
        assertThat(digests).isEqualTo(rounds.stream().map(ModelRound::digest).toList());
    }

    /** Most rounds have deltas under way: learnt on earlier ones, taken by later ones. */
    @Test
    void aReplayGoesOnFromWhatAnotherKeptAtAnyRound() {
        live();
        ShardReplay whole = replay(2);
        List<MemoryEntries> kept = new ArrayList<>();
        for (ModelRound round : rounds) {
            whole.learn(round, "");
            kept.add(new MemoryEntries());
            whole.keep(kept.get(kept.size() - 1));
        }
        Map<String, String> users = rowsOfUsers(whole);

        for (int from = 1; from <= ROUNDS; from++) {
            ShardReplay replay = replayFrom(kept.get(from - 1));
            List<ModelRound> rest = rounds.subList(from, ROUNDS);
            assertThat(rest)
                    .allSatisfy(round -> assertThat(replay.expect(round)).isEmpty());
            rest.forEach(round -> replay.learn(round, "")); // each compares batch, deltas and digest
            assertThat(replay.trainer().digest()).isEqualTo(whole.trainer().digest());
            assertThat(rowsOfUsers(replay)).as("from round %d", from).isEqualTo(users);
        }
    }

    private static Map<String, String> rowsOfUsers(ShardReplay replay) {
        Map<String, String> rows = new TreeMap<>();
        replay.rowsOfUsers((key, value) ->
                rows.put(HexFormat.of().formatHex(key), HexFormat.of().formatHex(value)));
        return rows;
    }

    @Test
    void ofTheRoundsThatWereToldOfTheLastWholeOneHasAllDeltasThatLaterOnesTake() {
        live();
        int told = 55; // the idle shard learns again
        ShardReplay first = begun(2, new MemoryEntries(), new ReplayedShards());
        rounds.subList(0, told).forEach(round -> assertThat(first.expect(round)).isEmpty());
        int whole = (int) first.lastWhole();
        assertThat(whole).isBetween(40, told);

        MemoryEntries kept = learnt(first, whole);
        ShardReplay replay = replayFrom(kept);
        assertThat(rounds.subList(whole, ROUNDS))
                .allSatisfy(round -> assertThat(replay.expect(round)).isEmpty());
    }

    @Test
    void roundsWithoutDeltasDoNotEndTheWaitForOne() {
        live();
        ShardReplay replay = replay(2);
        long whole = replay.lastWhole();
        MiniBatch last = rounds.get(ROUNDS - 1).batch();
        for (int step = ROUNDS + 1; step <= ROUNDS + 200; step++) { // as when a catalogue comes at once
            assertThat(replay.expect(new ModelRound(
                            rounds.get(0).generation(), with(last, step, List.of()), List.of(), "", SHARDS)))
                    .isEmpty();
        }

        assertThat(replay.lastWhole()).isEqualTo(whole);
    }

    @Test
    void aDeltaThatACheckpointDoesNotHaveIsNamed() {
        live();
        Round.Taken late = rounds.stream()
                .flatMap(round -> round.deltas().stream()
                        .filter(delta -> delta.origin().round() < round.batch().step() - 1))
                .findFirst()
                .orElseThrow();
        int taking = rounds.stream()
                .filter(round -> round.deltas().contains(late))
                .mapToInt(round -> (int) round.batch().step())
                .findFirst()
                .orElseThrow();
        int from = taking - 1;
        ShardReplay ignorant = begun(2, new MemoryEntries(), new ReplayedShards());
        rounds.subList(0, from)
                .forEach(round -> assertThat(ignorant.expect(round)).isEmpty());
        assertThat(ignorant.lastWhole()).isLessThan(from);

        ShardReplay replay = replayFrom(learnt(ignorant, from));
        assertThat(replay.expect(rounds.get(from))).hasValueSatisfying(why -> assertThat(why)
                .startsWith("round " + taking + " takes delta "
                        + late.origin().number() + " of shard "
                        + late.origin().shard())
                .endsWith("before the checkpoint of round " + from));
    }

    /** Learns the first rounds. Returns what is kept there. */
    private MemoryEntries learnt(ShardReplay replay, int to) {
        rounds.subList(0, to).forEach(round -> replay.learn(round, ""));
        MemoryEntries kept = new MemoryEntries();
        replay.keep(kept);
        return kept;
    }

    @Test
    void aBatchThatWasChangedIsFoundInTheDeltaOfItsStep() {
        live();
        Round.Taken third = taken(1, 3);
        int at = (int) third.firstStep() - 1;
        MiniBatch good = batches.get(1).get(at);
        List<TrainingExample> examples = new ArrayList<>(good.examples());
        Collections.swap(examples, 0, 1); // steps sum in the order of their examples
        batches.get(1).set(at, with(good, examples));

        assertThatThrownBy(() -> learnAll(replay(2)))
                .isInstanceOf(BrokenLogException.class)
                .hasMessageContainingAll(
                        "delta 3 of shard 1, of steps " + third.firstStep() + " to " + third.lastStep(),
                        "has SHA-256 " + third.sha256() + ", its steps make ");
    }

    @Test
    void aDeltaThatNoRoundHasIsMissedAtTheNextOne() {
        live();
        Round.Taken third = taken(0, 3);
        Round.Taken fourth = taken(0, 4);
        change(
                third,
                round -> new ModelRound(
                        round.generation(),
                        round.batch(),
                        round.deltas().stream()
                                .filter(delta -> !delta.equals(third))
                                .toList(),
                        round.digest(),
                        round.shards()));

        assertThatThrownBy(() -> learnAll(replay(2)))
                .isInstanceOf(BrokenLogException.class)
                .hasMessageContainingAll(
                        "delta 4 of shard 0, of steps " + fourth.firstStep() + " to " + fourth.lastStep(),
                        "the log of the shard has step " + third.firstStep());
    }

    @Test
    void anotherDigestOfARoundIsNamedWithBothValues() {
        live();
        ModelRound round = rounds.get(6);
        rounds.set(6, new ModelRound(round.generation(), round.batch(), round.deltas(), "ab", round.shards()));

        assertThatThrownBy(() -> learnAll(replay(2)))
                .isInstanceOf(BrokenLogException.class)
                .hasMessage("digest of round 7 (record 7): published ab, replayed " + round.digest());
    }

    @Test
    void aRoundWhoseBatchIsNotThatOfItsDeltasIsNamed() {
        live();
        ModelRound round = rounds.get(9);
        List<TrainingExample> others = new ArrayList<>(round.batch().examples());
        Collections.reverse(others);
        rounds.set(
                9,
                new ModelRound(
                        round.generation(),
                        with(round.batch(), others),
                        round.deltas(),
                        round.digest(),
                        round.shards()));

        assertThatThrownBy(() -> learnAll(replay(2)))
                .isInstanceOf(BrokenLogException.class)
                .hasMessageContaining("round 10 (record 10) has another batch than its deltas");
    }

    @Test
    void aShardWhoseLogEndsTooSoonIsNamedWithTheStep() {
        live();
        Round.Taken third = taken(1, 3);
        endBefore(1, third.lastStep());

        assertThatThrownBy(() -> learnAll(replay(2)))
                .isInstanceOf(BrokenLogException.class)
                .hasMessageContaining(
                        "the log of shard 1 ends before step " + third.lastStep() + " of delta 3 of shard 1");
    }

    @Test
    void aStepThatTheLogDoesNotHaveIsNamed() {
        live();
        Round.Taken third = taken(1, 3);
        batches.get(1).remove((int) third.firstStep() - 1);

        assertThatThrownBy(() -> learnAll(replay(2)))
                .isInstanceOf(BrokenLogException.class)
                .hasMessageContainingAll("delta 3 of shard 1", "needs step " + third.firstStep() + " next");
    }

    @Test
    void ofSeveralShardsThatFailTheFirstIsNamed() {
        live();
        Set<Long> ofSecond = deltas(1).map(delta -> delta.origin().round()).collect(Collectors.toSet());
        Round.Taken first = deltas(0)
                .filter(delta -> ofSecond.contains(delta.origin().round()))
                .findFirst()
                .orElseThrow();
        Round.Taken second = deltas(1)
                .filter(delta -> delta.origin().round() == first.origin().round())
                .findFirst()
                .orElseThrow();
        endBefore(0, first.firstStep());
        endBefore(1, second.firstStep());

        assertThatThrownBy(() -> learnAll(replay(5)))
                .isInstanceOf(BrokenLogException.class)
                .hasMessageContaining("the log of shard 0 ends before step " + first.firstStep());
    }

    private void endBefore(int shard, long step) {
        batches.set(shard, batches.get(shard).subList(0, (int) step - 1));
    }

    private Round.Taken taken(int shard, long number) {
        return deltas(shard)
                .filter(delta -> delta.origin().number() == number)
                .findFirst()
                .orElseThrow();
    }

    private Stream<Round.Taken> deltas(int shard) {
        return rounds.stream()
                .flatMap(round -> round.deltas().stream())
                .filter(delta -> delta.origin().shard() == shard);
    }

    private void change(Round.Taken delta, UnaryOperator<ModelRound> change) {
        rounds.replaceAll(round -> round.deltas().contains(delta) ? change.apply(round) : round);
    }

    private static MiniBatch with(MiniBatch batch, List<TrainingExample> examples) {
        return with(batch, batch.step(), examples);
    }

    private static MiniBatch with(MiniBatch batch, long step, List<TrainingExample> examples) {
        return new MiniBatch(
                step,
                batch.seed(),
                batch.catalogue(),
                examples,
                Arrays.copyOf(batch.logProbability(), examples.size()),
                batch.negatives(),
                batch.negativeLogProbability(),
                batch.catalogueSize(),
                batch.removedUsers(),
                batch.draws(),
                batch.exposed(),
                batch.rehearsed(),
                batch.clock());
    }

    /** Three shards on their way, with exams: deltas of one to three steps wait for one to three rounds, an item and a user leave. */
    private void live() {
        SplittableRandom random = new SplittableRandom(11);
        MemoryEntries stored = new MemoryEntries();
        Replica replica = new Replica(new MemoryEntries());
        Base base = new Base(settings, stored, ExamWitness.NONE);
        learners.add(base);
        write(base, stored, replica);
        replica.caughtUp();
        List<LiveShard> shards = new ArrayList<>();
        for (int number = 0; number < SHARDS; number++) {
            batches.add(new ArrayList<>());
            shards.add(new LiveShard(number, replica));
        }
        base.reach(TIME);
        for (int item = 0; item < 60; item++) {
            base.change(new CatalogueChange.Upsert(new CatalogueItem("i" + item, TIME, Features.NONE)));
        }
        while (rounds.size() < ROUNDS) {
            int round = rounds.size();
            for (LiveShard shard : shards) {
                boolean isIdle = shard.number == IDLE && round > 10 && round < 50;
                if (!isIdle && round > 0 && random.nextInt(3) > 0) {
                    shard.learn(1 + random.nextInt(3), round == 30, random);
                    if (random.nextInt(3) > 0) { // else it comes with the next one
                        shard.sent.forEach(delta -> base.add(delta, sha256(delta)));
                        shard.sent.clear();
                    }
                }
            }
            if (round == 20) {
                base.change(new CatalogueChange.Removal("i7", TIME));
            }
            MiniBatch batch = base.closeRound();
            Round merged = base.merge(batch, true);
            write(base, stored, replica);
            String digest = base.trainer().digest().map(StepDigest::digest).orElseThrow();
            rounds.add(new ModelRound(base.trainer().generation(), batch, merged.deltas(), digest, shards.size()));
        }
    }

    private static String sha256(Delta delta) {
        return DeltaPart.of(delta).get(0).sha256();
    }

    private static void write(Base base, MemoryEntries stored, Replica replica) {
        base.trainer().publish();
        base.drainDirty(replica.beside(stored));
    }

    private final class LiveShard {

        private final int number;
        private final MemoryEntries own = new MemoryEntries();
        private final Replica.View view;
        private final ShardLearner learner;
        private final List<Delta> sent = new ArrayList<>();

        private LiveShard(int number, Replica replica) {
            this.number = number;
            view = replica.view();
            learner = new ShardLearner(settings, number, own, view, view.round(), StepTimes.UNTIMED);
            learner.begin();
            learners.add(learner);
        }

        private void learn(int steps, boolean removesUser, SplittableRandom random) {
            if (random.nextInt(4) > 0) { // else on an older round
                Set<byte[]> changed = new TreeSet<>(Arrays::compareUnsigned);
                List<Round> next = view.advance(changed);
                if (!next.isEmpty()) {
                    learner.follow(next, changed);
                }
            }
            for (int step = 0; step < steps; step++) {
                for (int at = 0; at < BATCH; at++) {
                    learner.add(example(random));
                }
                if (removesUser) {
                    learner.removeUser("u" + number + "-3");
                }
                MiniBatch batch = learner.closeBatch();
                batches.get(number).add(batch);
                learner.learn(batch);
            }
            sent.add(learner.cut().orElseThrow());
            learner.drainDirty(own);
        }

        private TrainingExample example(SplittableRandom random) {
            List<String> history = List.of("i" + random.nextInt(60), "i" + random.nextInt(60));
            return new TrainingExample(
                    "",
                    new UserFeatures("u" + number + "-" + random.nextInt(9), TIME, Features.NONE, history),
                    Features.NONE,
                    "i" + random.nextInt(62), // two that nobody announced
                    "click",
                    1,
                    TIME + random.nextInt(1_000),
                    0);
        }
    }
}
