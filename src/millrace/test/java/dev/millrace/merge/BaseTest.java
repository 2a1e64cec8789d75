package dev.millrace.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.exam.ExamWitness;
import dev.millrace.model.ModelEntry;
import dev.millrace.model.SharedNumbers.Change;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySink;
import dev.millrace.state.MemoryEntries;
import dev.millrace.train.EntryKind;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BaseTest {

    private static final int ROUNDS = 25;

    /** Part of a shard's log. */
    private interface Action {
        /** Returns false if the shard must wait for a round. */
        boolean isDone(Shards all, Shards.Shard shard, List<List<Delta>> ofRounds);
    }

    /**
     * What shards did.
     *
     * @param ofShards [shards] their actions; a shard's order of them is its log
     * @param lastCuts [shards][rounds] number of the actions up to the shard's cut for a round
     * @param removed [rounds] the item that a round removes; empty for none
     */
    private record Log(List<List<Action>> ofShards, int[][] lastCuts, List<String> removed) {

        private static final int END = 2 + ROUNDS;

        /** Shards of different speed, which follow late; the second is away for a while. */
        static Log of(int shards, long seed) {
            SplittableRandom random = new SplittableRandom(seed);
            List<String> removed = new ArrayList<>();
            for (int round = 0; round < END; round++) {
                removed.add(round > 1 && random.nextInt(4) == 0 ? "i" + random.nextInt(Shards.ITEMS) : "");
            }
            List<List<Action>> all = new ArrayList<>();
            int[][] lastCuts = new int[shards][END];
            for (int shard = 0; shard < shards; shard++) {
                List<Action> actions = new ArrayList<>();
                int followed = 1;
                for (int round = 2; round < END; round++) {
                    boolean isAway = shard == 1 && round > 8 && round < 16;
                    int batches = isAway ? 0 : random.nextInt(3);
                    for (int batch = 0; batch < batches; batch++) {
                        actions.add(learning("s" + shard + "u", random));
                    }
                    if (batches > 0) {
                        String user = "s" + shard + "u" + random.nextInt(6);
                        boolean isErased = random.nextInt(4) == 0;
                        int of = round;
                        actions.add((run, one, ofRounds) -> {
                            if (isErased) {
                                one.learner.removeUser(user);
                                one.learn(List.of());
                            }
                            return ofRounds.get(of).add(one.cut());
                        });
                    }
                    lastCuts[shard][round] = actions.size();
                    if (!isAway && random.nextInt(3) > 0) {
                        followed = Math.max(followed, round - random.nextInt(3));
                        int to = followed;
                        actions.add((run, one, ofRounds) -> {
                            if (to > run.rounds.size()) {
                                return false;
                            }
                            one.follow(to);
                            return true;
                        });
                    }
                }
                all.add(actions);
            }
            return new Log(all, lastCuts, removed);
        }

        private static Action learning(String users, SplittableRandom random) {
            List<TrainingExample> examples = Shards.examples(users, random);
            return (run, one, ofRounds) -> {
                one.learn(examples);
                return true;
            };
        }

        /**
         * Runs the shards in an order by chance, each as far ahead of the others as the rounds allow.
         *
         * @return the base's digest after each round
         */
        List<String> run(Shards shards, long seed) {
            Random random = new Random(seed);
            int[] at = new int[ofShards.size()];
            List<List<Delta>> ofRounds = new ArrayList<>();
            for (int round = 0; round < END; round++) {
                ofRounds.add(new ArrayList<>());
            }
            shards.list();
            for (int round = 2; round < END; round++) {
                while (!areCut(round, at)) {
                    int shard = random.nextInt(at.length);
                    List<Action> actions = ofShards.get(shard);
                    int upTo = at[shard] + random.nextInt(6);
                    while (at[shard] < Math.min(upTo, actions.size())
                            && actions.get(at[shard]).isDone(shards, shards.shards.get(shard), ofRounds)) {
                        at[shard]++;
                    }
                }
                Collections.shuffle(ofRounds.get(round), random);
                ofRounds.get(round).forEach(delta -> shards.base.add(delta, ""));
                if (!removed.get(round).isEmpty()) {
                    shards.base.change(new CatalogueChange.Removal(removed.get(round), Shards.TIME));
                }
                shards.round();
            }
            return shards.digests;
        }

        private boolean areCut(int round, int[] at) {
            for (int shard = 0; shard < at.length; shard++) {
                if (at[shard] < lastCuts[shard][round]) {
                    return false;
                }
            }
            return true;
        }
    }

    @ParameterizedTest(name = "{0} shards, caches of {1} and {2} bytes")
    @CsvSource({"2,1,1", "2,1000000000,1", "2,20000,1000000000", "4,1,1000000000", "4,20000,1", "4,1000000000,20000"})
    void ordersDelaysAndCachesOfTheShardsChangeNoBit(int count, long ofBase, long ofShards) {
        TrainerSettings settings =
                Shards.settings("features.item", "item,colour", "features.user", "user,history,size");
        Log log = Log.of(count, 17);

        try (Shards one = new Shards(settings, count);
                Shards other = new Shards(settings.withCacheBytes(ofBase), settings.withCacheBytes(ofShards), count)) {
            List<String> expected = log.run(one, 1);
            List<String> found = log.run(other, 2);

            assertThat(found).hasSize(1 + ROUNDS).isEqualTo(expected);
            assertThat(other.hashes).containsExactlyInAnyOrderElementsOf(one.hashes);
            assertThat(one.base.trainer().progress().positives()).isGreaterThan(ROUNDS * Shards.BATCH);
        }
    }

    /** The shards have come to rounds late and with deltas under way, while items were removed. */
    @Test
    void aShardThatHasFollowedIsLikeOneThatBeginsOnTheBase() {
        TrainerSettings settings = Shards.settings("features.user", "history,size");

        try (Shards shards = new Shards(settings, 2)) {
            Log.of(2, 23).run(shards, 1);
            List<TrainingExample> examples = Shards.examples("u", new SplittableRandom(9));
            Shards.Shard begun = shards.join();

            for (Shards.Shard shard : shards.shards) {
                shard.follow(shards.rounds.size());
                assertThat(shard.learner.unmerged()).isZero();
            }
            List<List<String>> changes = new ArrayList<>();
            for (Shards.Shard shard : List.of(begun, shards.shards.get(0), shards.shards.get(1))) {
                shard.learn(examples);
                changes.add(Shards.changes(shard.cut()));
            }

            assertThat(changes.get(1)).isEqualTo(changes.get(0));
            assertThat(changes.get(2)).isEqualTo(changes.get(0));
        }
    }

    /** The same batches on another round are other changes, so they are another log. */
    @Test
    void theRoundThatAShardLearnsOnIsPartOfTheLog() {
        TrainerSettings settings = Shards.settings();

        try (Shards one = new Shards(settings, 2);
                Shards other = new Shards(settings, 2)) {
            assertThat(Log.of(2, 17).run(one, 1)).isNotEqualTo(Log.of(2, 18).run(other, 1));
        }
    }

    @Test
    void aBaseThatWasKilledGoesOnFromItsLastCommit() {
        SplittableRandom random = new SplittableRandom(5);
        List<List<TrainingExample>> batches = new ArrayList<>();
        for (int batch = 0; batch < 6; batch++) {
            batches.add(Shards.examples("u", random));
        }
        try (Shards disturbed = new Shards(Shards.settings(), 1);
                Shards undisturbed = new Shards(Shards.settings(), 1)) {
            for (Shards each : List.of(disturbed, undisturbed)) {
                each.list();
                for (List<TrainingExample> batch : batches) {
                    Delta delta = sent(each, batch);
                    if (each == disturbed) {
                        each.restartBase();
                    }
                    each.base.add(delta, "");
                    each.round();
                    each.shards.get(0).follow(each.rounds.size());
                }
            }

            assertThat(disturbed.digests).isEqualTo(undisturbed.digests);
        }
    }

    @Test
    void aBaseThatWasKilledAmidTheRecordsOfADeltaGoesOnWithTheRest() {
        List<TrainingExample> examples = Shards.examples("u", new SplittableRandom(5));
        String ofParts = "R\2\0\0\0\0"; // keys of shard 0
        try (Shards disturbed = new Shards(Shards.settings(), 1);
                Shards undisturbed = new Shards(Shards.settings(), 1)) {
            disturbed.list();
            undisturbed.list();
            List<DeltaPart> parts = DeltaPart.of(sent(disturbed, examples), 1_000);
            for (int part = 0; part < parts.size(); part++) {
                assertThat(disturbed.base.hasWaiting()).isFalse();
                disturbed.base.add(parts.get(part));
                if (part < parts.size() - 1) {
                    disturbed.drain();
                    disturbed.restartBase();
                    assertThat(disturbed.isStored(ofParts)).isTrue();
                }
            }
            undisturbed.base.add(DeltaPart.of(sent(undisturbed, examples)).get(0));

            Round round = disturbed.round();
            undisturbed.round();

            assertThat(parts).hasSizeGreaterThan(3);
            assertThat(disturbed.digests).isEqualTo(undisturbed.digests);
            assertThat(round.deltas())
                    .extracting(Round.Taken::sha256)
                    .containsExactly(parts.get(0).sha256());
            assertThat(disturbed.isStored(ofParts)).isFalse();
        }
    }

    @Test
    void aDeltaWhosePartsAreNotThoseThatItsShardSentIsNoInput() {
        try (Shards shards = new Shards(Shards.settings(), 1)) {
            shards.list();
            Delta delta = sent(shards, Shards.examples("u", new SplittableRandom(5)));
            List<DeltaPart> parts = DeltaPart.of(delta, 1_000);
            DeltaPart only = DeltaPart.of(delta).get(0);

            assertThatThrownBy(() -> shards.base.add(parts.get(1))).hasMessageContaining("must come in order");
            shards.base.add(parts.get(0));
            assertThatThrownBy(() -> shards.base.add(parts.get(0))).hasMessageContaining("must come in order");
            assertThatThrownBy(() -> shards.base.add(new DeltaPart(1, 1, 0, 1, only.sha256(), only.bytes())))
                    .isInstanceOf(CorruptEntryException.class);
            assertThatThrownBy(() -> shards.base.add(new DeltaPart(2, 1, 0, 1, "00", only.bytes())))
                    .isInstanceOf(CorruptEntryException.class)
                    .hasMessageContaining("SHA-256");
        }
    }

    @Test
    void aRoundIsCompleteWithADeltaOfEachShardOfTheLast() {
        try (Shards shards = new Shards(Shards.settings(), 3)) {
            SplittableRandom random = new SplittableRandom(5);
            shards.list();
            List<Boolean> areComplete = new ArrayList<>();
            for (int[] senders : new int[][] {{1, 0}, {0, 1, 2}, {2, 0, 1}}) {
                for (int sender : senders) {
                    shards.shards.get(sender).learn(Shards.examples("u", random));
                    shards.base.add(shards.shards.get(sender).cut(), "");
                    areComplete.add(shards.base.isComplete());
                }
                shards.round();
            }

            // the first round waits for nobody, the second for shards 0 and 1, the third for all three
            assertThat(areComplete).containsExactly(true, true, false, true, true, false, false, true);
        }
    }

    @Test
    void aDrainWithADeltaThatNoRoundHasIsRefused() {
        try (Shards shards = new Shards(Shards.settings(), 1)) {
            shards.list();
            shards.base.add(sent(shards, Shards.examples("u", new SplittableRandom(5))), "");

            assertThatThrownBy(shards::drain).hasMessageContaining("close one before a drain");
        }
    }

    @Test
    void aLearnerThatWasAloneHandsItsUsersOver() {
        MemoryEntries stored = new MemoryEntries();
        try (Trainer alone = new Trainer(Shards.settings(), stored)) {
            Shards.examples("ann", new SplittableRandom(5)).forEach(alone::add);
            alone.learn(alone.closeBatch());
            alone.publish();
            alone.drainDirty(stored);
        }
        try (Base base = new Base(Shards.settings(), stored, ExamWitness.NONE)) {
            stored.scanBut(new byte[0], EntryKind.readLater(), base::restore);
            base.trainer().requireWhole();
            long users = base.trainer().model().tableSizes().getOrDefault("user", 0L);
            List<String> handed = new ArrayList<>();

            base.handOverUsers((user, key, value) -> handed.add(user));
            base.trainer().publish();
            base.drainDirty(stored);

            assertThat(handed).hasSize((int) users).isNotEmpty().allMatch(user -> user.startsWith("ann"));
            assertThat(base.trainer().model().tableSizes()).containsEntry("user", 0L);
            stored.scan(new byte[0], (key, value) -> {
                assertThat(Shards.latin(key)).doesNotContain("ann");
                return true;
            });
        }
    }

    /** A learner that was alone knows users by their ids, the base by what deltas have in their place. */
    @Test
    void anErasedUserLeavesTheNeighboursThatALearnerAloneLearnt() {
        SplittableRandom random = new SplittableRandom(5);
        TrainerSettings settings = Shards.settings();
        List<Integer> left = new ArrayList<>();
        for (String erased : List.of("ann0", "nobody")) {
            try (Shards shards = new Shards(settings, 1)) {
                shards.list();
                Trainer alone = shards.base.trainer();
                TrainingExample click = Shards.example("ann0", "i1", random);
                alone.add(click);
                alone.learn(alone.closeBatch());

                shards.shards.get(0).learner.removeUser(erased);
                shards.shards.get(0).learn(List.of());
                shards.base.add(shards.shards.get(0).cut(), "");
                shards.base.merge(shards.base.closeRound(), false);
                alone.publish();
                int[] lists = {0};
                shards.base.drainDirty(new EntrySink() {
                    @Override
                    public void put(byte[] key, byte[] value) {
                        lists[0] += EntryKind.itemWithNeighbours(key).isPresent() ? 1 : 0;
                    }

                    @Override
                    public void delete(byte[] key) {}
                });
                left.add(lists[0]);
            }
        }

        assertThat(left.get(0)).isZero();
        assertThat(left.get(1)).isPositive();
    }

    private static Delta sent(Shards shards, List<TrainingExample> examples) {
        shards.shards.get(0).learn(examples);
        return shards.shards.get(0).cut();
    }

    @Test
    void aDeltaOutOfTurnIsNoInput() {
        try (Shards shards = new Shards(Shards.settings(), 1)) {
            shards.list();
            SplittableRandom random = new SplittableRandom(5);
            Delta first = sent(shards, Shards.examples("u", random));
            Delta second = sent(shards, Shards.examples("u", random));

            assertThatThrownBy(() -> shards.base.add(second, ""))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("delta 2 of shard 0 follows delta 0");
            shards.base.add(first, "");
            assertThatThrownBy(() -> shards.base.add(first, "")).isInstanceOf(IllegalStateException.class);
            shards.base.add(second, "");
            shards.round();
            assertThatThrownBy(() -> shards.base.add(second, "")).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void aDeltaOfAnotherModelIsNoInput() {
        try (Shards shards = new Shards(Shards.settings(), 1);
                Shards others = new Shards(Shards.settings("tower.dim", "16"), 1)) {
            shards.list();
            others.list();
            Delta other = sent(others, Shards.examples("u", new SplittableRandom(5)));

            assertThatThrownBy(() -> shards.base.add(other, ""))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining(others.base.trainer().generation());
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY})
    void aDeltaThatIsNotFiniteChangesNoNumberButItsClicksCount(double number) {
        try (Shards shards = new Shards(Shards.settings(), 1)) {
            shards.list();
            Delta delta = sent(shards, Shards.examples("u", new SplittableRandom(5)));
            List<Change> changes = new ArrayList<>(delta.changes());
            Change last = changes.remove(changes.size() - 1);
            double[] spoilt = last.numbers().clone();
            spoilt[0] = number;
            changes.add(new Change(last.key(), spoilt));
            long rowsBefore = shards.base.trainer().model().rowCounts().rows();

            shards.base.add(delta.withChanges(changes), "");
            Round round = shards.round();

            assertThat(round.deltas())
                    .extracting(Round.Taken::refused)
                    .containsExactly(Optional.of(Round.Reason.NOT_FINITE));
            assertThat(round.handled()).containsEntry(0, 1L);
            assertThat(round.batch().examples()).hasSize(Shards.BATCH);
            assertThat(shards.base.trainer().model().rowCounts().rows()).isEqualTo(rowsBefore);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void whatIsFromBeforeTheStartIsCountedAndNotExamined(boolean isBefore) {
        TrainerSettings settings = isBefore ? Shards.settings("learn.from", "2040-01-01T00:00:00Z") : Shards.settings();
        try (Shards shards = new Shards(settings, 1)) {
            shards.list();
            shards.base.add(sent(shards, Shards.examples("u", new SplittableRandom(5))), "");
            Round round = shards.round();

            assertThat(round.batch().examples()).hasSize(Shards.BATCH);
            assertThat(shards.base.trainer().progress().exam().model().scored()).isEqualTo(isBefore ? 0 : Shards.BATCH);
            List<byte[]> ofTheTerm = new ArrayList<>();
            shards.written(2, (key, value) -> {
                if (key[0] == EntryKind.FAST_POPULARITY.prefix()) {
                    ofTheTerm.add(key);
                }
            });
            assertThat(ofTheTerm).isNotEmpty();
        }
    }

    @Test
    void aDeltaFromLongAgoIsStaleAndItsShardGoesOn() {
        try (Shards shards = new Shards(Shards.settings(), 2)) {
            shards.list();
            SplittableRandom random = new SplittableRandom(5);
            shards.shards.get(1).learn(Shards.examples("v", random));
            Delta late = shards.shards.get(1).cut();
            for (int round = 0; round < Base.MOST_ROUNDS_LATE; round++) {
                shards.base.add(sent(shards, Shards.examples("u", random)), "");
                shards.round();
            }

            shards.base.add(late, ""); // of round 1, in round 2 + MOST_ROUNDS_LATE
            Round round = shards.round();
            shards.shards.get(1).follow(shards.rounds.size());

            assertThat(round.deltas())
                    .extracting(Round.Taken::refused)
                    .containsExactly(Optional.of(Round.Reason.STALE));
            assertThat(shards.shards.get(1).learner.unmerged()).isZero();
        }
    }

    @Test
    void changesOfTheCatalogueMakeNoDeltaStale() {
        try (Shards shards = new Shards(Shards.settings(), 1)) {
            shards.list();
            Delta underWay = sent(shards, Shards.examples("u", new SplittableRandom(5)));
            for (int round = 0; round < 2 * Base.MOST_ROUNDS_LATE; round++) {
                shards.base.change(Shards.upsert("new" + round));
                shards.round();
            }

            shards.base.add(underWay, "");

            assertThat(shards.round().deltas()).extracting(Round.Taken::refused).containsExactly(Optional.empty());
        }
    }

    @Test
    void aDeltaFromBeforeMoreRemovalsThanAreRememberedIsStale() {
        try (Shards shards = new Shards(Shards.settings(), 1)) {
            shards.list();
            Delta underWay = sent(shards, Shards.examples("u", new SplittableRandom(5)));
            for (int round = 0; round < 3; round++) {
                for (int item = 0; item <= Base.MOST_REMOVALS / 2; item++) {
                    shards.base.change(new CatalogueChange.Removal("gone" + round + "-" + item, Shards.TIME));
                }
                shards.round();
            }

            shards.base.add(underWay, "");

            assertThat(shards.round().deltas())
                    .extracting(Round.Taken::refused)
                    .containsExactly(Optional.of(Round.Reason.STALE));
        }
    }

    /** The delta is under way when its shard comes to know of the removal: then its own row is a new one, too. */
    @Test
    void aShardForgetsARemovedItemThatItHasADeltaOf() {
        TrainerSettings settings = Shards.settings("features.user", "history");
        try (Shards shards = new Shards(settings, 1)) {
            shards.list();
            SplittableRandom random = new SplittableRandom(5);
            List<TrainingExample> clicks = List.of(Shards.example("u", "i7", random));
            Delta underWay = sent(shards, clicks);
            shards.base.change(new CatalogueChange.Removal("i7", Shards.TIME));
            shards.round();
            shards.base.change(Shards.upsert("i7"));
            shards.round();
            shards.shards.get(0).follow(3);

            Delta next = sent(shards, clicks);
            for (Delta delta : List.of(underWay, next)) {
                shards.base.add(delta, "");
                shards.round();
            }
            Shards.Shard begun = shards.join();
            clicks.forEach(begun.learner::add);
            MiniBatch batch = begun.learner.closeBatch();
            begun.learner.learn(batch);
            shards.shards.get(0).learner.learn(batch); // without those rounds, which have what it has

            assertThat(next.changes()).anyMatch(change -> isRowOf("i7", change));
            assertThat(Shards.changes(shards.shards.get(0).cut())).isEqualTo(Shards.changes(begun.cut()));
        }
    }

    @Test
    void whatShardsLearntOfAnItemBeforeItsRemovalIsForgotten() {
        try (Shards shards = new Shards(Shards.settings(), 1)) {
            shards.list();
            SplittableRandom random = new SplittableRandom(5);
            List<TrainingExample> clicks = new ArrayList<>();
            for (int at = 0; at < Shards.BATCH; at++) {
                clicks.add(Shards.example("u" + at, "i7", random));
            }
            Delta before = sent(shards, clicks);
            shards.base.change(new CatalogueChange.Removal("i7", Shards.TIME));
            shards.round();
            shards.base.change(Shards.upsert("i7")); // it comes back, as another item

            shards.base.add(before, "");
            shards.round();

            assertThat(before.changes()).anyMatch(change -> isRowOf("i7", change));
            assertThat(shards.base.trainer().catalogue().contains("i7")).isTrue();
            shards.base.trainer().model().forEachRow("item", (key, row) -> assertThat(key)
                    .isNotEqualTo("i7"));
        }
    }

    private static boolean isRowOf(String item, Change change) {
        return ModelEntry.Kind.ROW.isOf(change.key())
                && Shards.latin(change.key()).endsWith("\0" + item);
    }

    @Test
    void neitherDeltasNorTheBaseHoldAUsersId() {
        try (Shards shards = new Shards(Shards.settings(), 1)) {
            shards.list();
            shards.shards.get(0).learn(Shards.examples("ann-of-the-mill-", new SplittableRandom(5)));
            byte[] delta = shards.shards.get(0).learner.cut().orElseThrow().encoded();
            shards.base.add(Delta.decoded(delta), "");
            shards.round();

            assertThat(Shards.latin(delta)).doesNotContain("ann-of-the-mill");
            assertThat(shards.isStored("i7")).isTrue();
            assertThat(shards.isStored("ann-of-the-mill")).isFalse();
        }
    }

    @Test
    void whatAnErasedUserDidLeavesTheBase() {
        try (Shards shards = new Shards(Shards.settings(), 1)) {
            shards.list();
            SplittableRandom random = new SplittableRandom(5);
            List<TrainingExample> clicks = List.of(Shards.example("ann", "i7", random));
            shards.base.add(sent(shards, clicks), "");
            shards.round();
            shards.shards.get(0).follow(2);
            shards.shards.get(0).learn(clicks);
            shards.shards.get(0).learner.removeUser("ann");
            shards.shards.get(0).learn(List.of());
            Delta erasing = shards.shards.get(0).cut();
            shards.base.add(erasing, "");
            Round round = shards.round();

            assertThat(erasing.counted()).isEmpty();
            assertThat(erasing.removedUsers()).containsExactly(Delta.digest("ann"));
            assertThat(round.batch().removedUsers()).containsExactly(Delta.digest("ann"));
        }
    }

    @Test
    void whatCannotBeMergedIsRefusedWithEveryReason() {
        TrainerSettings settings = Shards.settings(
                "optimiser.rows.kind", "adam",
                "batch.max-size", "64",
                "table.admit-after", "2");

        assertThat(Base.faults(settings))
                .extracting(fault -> fault.path() + " = " + fault.value())
                .containsExactly("optimiser.rows.kind = adam", "batch.max-size = 64", "table.admit-after = 2");
        assertThat(Base.faults(Shards.settings())).isEmpty();
    }
}
