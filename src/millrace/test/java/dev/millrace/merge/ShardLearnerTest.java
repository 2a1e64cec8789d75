package dev.millrace.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.state.Books;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.InputTopic;
import dev.millrace.state.MemoryEntries;
import dev.millrace.state.Outcome;
import dev.millrace.train.StepDigest;
import dev.millrace.train.Trainer;
import dev.millrace.train.TrainerSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ShardLearnerTest {

    /**
     * Equal bits need changes that a float can hold: those by less than a half of a weight (Sterbenz 1974). So the steps are short, and weights
     * are not near 0. Moments of numeric features are not the same bits, as sums of sums; here is none.
     */
    @Test
    void oneShardWithARoundABatchIsTheLearnerOfToday() {
        TrainerSettings settings = Shards.settings(
                "features.user", "history",
                "optimiser.dense.learning-rate", "0.0001",
                "optimiser.rows.learning-rate", "0.0001");
        SplittableRandom random = new SplittableRandom(1);
        try (Shards one = new Shards(settings, 1);
                Trainer today = new Trainer(settings)) {
            one.list();
            today.reach(Shards.TIME);
            for (int item = 0; item < Shards.ITEMS; item++) {
                today.change(Shards.upsert("i" + item));
            }
            today.learn(today.closeBatch());
            for (int step = 0; step < 12; step++) {
                List<TrainingExample> examples = Shards.examples("u", random);

                one.shards.get(0).learn(examples);
                one.base.add(one.shards.get(0).cut(), "");
                one.round();
                one.shards.get(0).follow(one.rounds.size());
                examples.forEach(today::add);
                today.learn(today.closeBatch());
                today.publish();
                today.drainDirty(new MemoryEntries());

                assertThat(one.digests.get(one.digests.size() - 1))
                        .as("digest of round " + one.rounds.size())
                        .isEqualTo(today.digest().map(StepDigest::digest).orElseThrow());
            }
            assertThat(one.base.trainer().progress().exam().model())
                    .usingRecursiveComparison()
                    .isEqualTo(today.progress().exam().model());
        }
    }

    /**
     * With one shard, the base's numbers are those of the shard at its last cut, whenever that comes to know of them. The batches are the same, so
     * that negatives do not tell the two apart.
     */
    @Test
    void followingRoundsAtOnceOrLateChangesNoBitOfOneShard() {
        TrainerSettings settings =
                Shards.settings("features.user", "user,history,size", "features.user.size.kind", "numeric");
        SplittableRandom random = new SplittableRandom(3);
        try (Shards prompt = new Shards(settings, 1);
                Shards late = new Shards(settings, 1)) {
            prompt.list();
            late.list();
            ShardLearner first = prompt.shards.get(0).learner;
            ShardLearner second = late.shards.get(0).learner;
            for (int step = 0; step < 20; step++) {
                Shards.examples("u", random).forEach(first::add);
                MiniBatch batch = first.closeBatch();
                first.learn(batch);
                second.learn(batch);
                Delta one = prompt.shards.get(0).cut();
                Delta other = late.shards.get(0).cut();

                assertThat(Shards.changes(other)).isEqualTo(Shards.changes(one));
                prompt.base.add(one, "");
                late.base.add(one, "");
                prompt.round();
                late.round();
                prompt.shards.get(0).follow(prompt.rounds.size());
                if (step % 4 == 3) {
                    late.shards.get(0).follow(late.rounds.size() - 2);
                }
            }
        }
    }

    @Test
    void rowsOfUsersMoveToAnotherNumberOfShardsWhole() {
        TrainerSettings settings = Shards.settings("features.user", "user,history", "table.max-rows", "64");
        try (Shards shards = new Shards(settings, 2)) {
            shards.list();
            SplittableRandom random = new SplittableRandom(7);
            learnOnce(shards, 2, random);
            Map<String, String> before = shards.rowsOfUsers();

            long toFour = shards.rescale(4);
            Map<String, String> after = shards.rowsOfUsers();
            learnOnce(shards, 4, random);
            shards.rescale(2);
            learnOnce(shards, 2, random);

            assertThat(before).hasSize(6);
            assertThat(after).isEqualTo(before);
            assertThat(toFour)
                    .isEqualTo(before.keySet().stream()
                            .filter(user -> Shards.shard(user, 2) != Shards.shard(user, 4))
                            .count())
                    .isPositive();
            shards.shards.forEach(Shards.Shard::restart); // each checks number and sum of its rows
            assertThat(shards.shards.get(2).keysOfRows()).isEmpty();
            assertThat(shards.shards.get(3).keysOfRows()).isEmpty();
        }
    }

    /** Each user's examples come to the user's shard, one delta of each shard makes a round. */
    private static void learnOnce(Shards shards, int count, SplittableRandom random) {
        for (int batch = 0; batch < 4; batch++) {
            Map<Integer, List<TrainingExample>> examples = Shards.examples("u", random).stream()
                    .collect(Collectors.groupingBy(
                            example -> Shards.shard(example.user().user(), count)));
            examples.forEach((shard, ofShard) -> {
                shards.shards.get(shard).learn(ofShard);
                shards.base.add(shards.shards.get(shard).cut(), "");
            });
            shards.round();
            shards.shards.forEach(shard -> shard.follow(shards.rounds.size()));
        }
        shards.shards.subList(0, count).forEach(shard -> assertThat(shard.users())
                .allMatch(user -> Shards.shard(user, count) == shards.shards.indexOf(shard)));
    }

    /** Examples are left over in the open batch at each commit, users are removed, and rows of users expire. */
    @Test
    void aShardThatWasKilledGoesOnFromItsLastCommit() {
        TrainerSettings settings =
                Shards.settings("features.user", "user,history", "table.max-rows", "64", "rehearsal.examples", "2");
        try (Shards disturbed = new Shards(settings, 1);
                Shards undisturbed = new Shards(settings, 1)) {
            List<List<String>> changes = new ArrayList<>();
            for (Shards each : List.of(disturbed, undisturbed)) {
                SplittableRandom random = new SplittableRandom(7);
                List<String> ofEach = new ArrayList<>();
                each.list();
                Shards.Shard shard = each.shards.get(0);
                for (int commit = 0; commit < 12; commit++) {
                    for (int at = 0; at < Shards.BATCH; at++) {
                        shard.learner.add(
                                Shards.example("u" + random.nextInt(200), "i" + random.nextInt(Shards.ITEMS), random));
                    }
                    if (commit % 3 == 2) {
                        shard.learner.removeUser("u" + random.nextInt(200));
                    }
                    assertThat(shard.learner.learn(shard.learner.closeBatch()).outcome())
                            .isEqualTo(Outcome.LEARNT);
                    shard.learner.add(Shards.example("left", "i" + commit, random));
                    Delta delta = shard.cut();
                    ofEach.addAll(Shards.changes(delta));
                    each.base.add(delta, "");
                    each.round();
                    if (each == disturbed) {
                        shard.restart();
                    } else {
                        shard.follow(each.rounds.size());
                    }
                }
                changes.add(ofEach);
            }

            assertThat(changes.get(0)).isEqualTo(changes.get(1));
            assertThat(disturbed.digests).isEqualTo(undisturbed.digests);
            assertThat(disturbed.shards.get(0).entries())
                    .containsExactlyElementsOf(undisturbed.shards.get(0).entries());
            Books.Account examples = Books.Account.of(
                    InputTopic.EXAMPLES, disturbed.shards.get(0).learner.books().accounts());
            // 12 times a batch and one that is left over, and four removals of users; the last one left over is still
            // open
            assertThat(examples.received()).isEqualTo(12 * (Shards.BATCH + 1) + 4);
            assertThat(examples.waiting()).isEqualTo(1);
            assertThat(examples.isBalanced()).isTrue();
        }
    }

    @Test
    void rowsOfUsersAreVisitedInPartsAndWhatIsOwedIsKept() {
        try (Shards shards = new Shards(Shards.settings(), 1)) {
            shards.list();
            Shards.Shard shard = shards.shards.get(0);
            shard.learn(Shards.examples("u", new SplittableRandom(5)));
            shard.learner.owe(true);
            shards.base.add(shard.cut(), "");
            shards.round();
            shard.restart();
            List<String> keys = new ArrayList<>();
            int parts = 0;

            Optional<byte[]> next = Optional.of(new byte[0]);
            while (next.isPresent()) {
                next = shard.learner.rowsOfUsers(next.get(), 2, (key, value) -> keys.add(Shards.latin(key)));
                parts++;
            }

            assertThat(shard.learner.owes()).isTrue();
            assertThat(shard.unsettled(1)).contains("rows are to be published that were withheld");
            assertThat(shard.unsettled(0)).contains("delta 1 is in no round");
            List<String> rows = shard.keysOfRows();
            assertThat(keys).hasSizeGreaterThan(3).isEqualTo(rows);
            assertThat(parts).isEqualTo((rows.size() + 1) / 2);
        }
    }

    @Test
    void aShardRefusesRowsOfUsersThatItsLastCommitDidNotWrite() {
        try (Shards shards = new Shards(Shards.settings(), 1)) {
            shards.list();
            Shards.Shard shard = shards.shards.get(0);
            shard.learn(Shards.examples("u", new SplittableRandom(5)));
            shards.base.add(shard.cut(), "");
            shards.round();

            shard.loseARow();

            assertThatThrownBy(shard::restart)
                    .isInstanceOf(CorruptEntryException.class)
                    .hasMessageContaining("rows of users");
        }
    }

    @Test
    void aDrainAmidADeltaIsRefused() {
        try (Shards shards = new Shards(Shards.settings(), 1)) {
            shards.list();
            shards.shards.get(0).learn(Shards.examples("u", new SplittableRandom(5)));

            assertThatThrownBy(() -> shards.shards.get(0).learner.drainDirty(new MemoryEntries()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("cut before a drain");
        }
    }

    @Test
    void aStepOnRowsOfUsersThatWereCutAndNotStoredIsRefused() {
        try (Shards shards = new Shards(Shards.settings(), 1)) {
            shards.list();
            SplittableRandom random = new SplittableRandom(1);
            Shards.Shard shard = shards.shards.get(0);
            shard.learn(Shards.examples("u", random));
            assertThat(shard.learner.cut()).isPresent();

            assertThatThrownBy(() -> shard.learn(Shards.examples("u", random)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("drain before a step");
        }
    }

    @Test
    void aShardDoesNotComeToARoundAmidADelta() {
        try (Shards shards = new Shards(Shards.settings(), 1)) {
            shards.list();
            shards.shards.get(0).learn(Shards.examples("u", new SplittableRandom(5)));
            shards.round();

            assertThatThrownBy(() -> shards.shards.get(0).follow(2))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("cut before a round");
        }
    }

    @Test
    void shardsDrawTheSameNegativesInTheSameBatchOfARound() {
        try (Shards shards = new Shards(Shards.settings("rehearsal.examples", "0"), 2)) {
            shards.list();
            SplittableRandom random = new SplittableRandom(5);
            List<List<String>> drawn = new ArrayList<>();
            for (Shards.Shard shard : shards.shards) {
                Shards.examples("u", random).forEach(shard.learner::add);
                drawn.add(shard.learner.closeBatch().negatives());
            }

            assertThat(drawn.get(0)).hasSizeGreaterThanOrEqualTo(16).isEqualTo(drawn.get(1));
        }
    }

    @Test
    void aRemovedItemIsLeftOutUntilItsRemovalIsLongAgo() {
        try (Shards shards = new Shards(Shards.settings("catalogue.removal-memory", "1h"), 1)) {
            shards.list();
            SplittableRandom random = new SplittableRandom(5);
            shards.base.change(new CatalogueChange.Removal("i7", Shards.TIME));
            List<Integer> counted = new ArrayList<>();
            for (long time : new long[] {0, 7_200_000, 7_200_000}) {
                shards.round();
                shards.shards.get(0).follow(shards.rounds.size());
                TrainingExample removed = Shards.example("u", "i7", random);
                TrainingExample other = Shards.example("u", "i8", random);
                shards.shards.get(0).learn(List.of(at(Shards.TIME + time, removed), at(Shards.TIME + time, other)));
                Delta delta = shards.shards.get(0).cut();
                counted.add(delta.counted().size());
                shards.base.add(delta, "");
            }

            // two hours are longer than the memory; the second batch does not know them before its round
            assertThat(counted).containsExactly(1, 1, 2);
        }
    }

    private static TrainingExample at(long time, TrainingExample example) {
        return new TrainingExample("", example.user(), example.context(), example.item(), example.action(), 1, time, 0);
    }

    /** It comes to the catalogue with the round, and has a row from the first batch after it on. */
    @Test
    void anItemThatOnlyExamplesNameComesWithTheRound() {
        try (Shards shards = new Shards(Shards.settings(), 1)) {
            shards.list();
            List<TrainingExample> clicks = List.of(Shards.example("u", "new", new SplittableRandom(5)));
            List<Boolean> hasRow = new ArrayList<>();
            for (int batch = 0; batch < 2; batch++) {
                shards.shards.get(0).learn(clicks);
                Delta delta = shards.shards.get(0).cut();
                hasRow.add(delta.changes().stream()
                        .anyMatch(change -> Shards.latin(change.key()).endsWith("\0new")));
                shards.base.add(delta, "");
                shards.round();
                shards.shards.get(0).follow(shards.rounds.size());
            }

            assertThat(shards.base.trainer().catalogue().contains("new")).isTrue();
            assertThat(hasRow).containsExactly(false, true);
        }
    }
}
