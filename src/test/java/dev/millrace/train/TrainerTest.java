package dev.millrace.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.CatalogueChange;
import dev.millrace.batch.MiniBatch;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Books;
import dev.millrace.state.EntrySink;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class TrainerTest {

    private static final long TIME = 1_700_000_000_000L;
    private static final int SWEEP = 10;

    private final SplittableRandom random = new SplittableRandom(7);
    private final TrainerSettings settings = settings();

    @Test
    void learnerOfTheLogAloneHasTheSameWeightsAndTheSamePopularity() {
        try (Trainer live = new Trainer(settings);
                Trainer follower = new Trainer(settings)) {
            for (int step = 0; step < 30; step++) {
                fill(live, step);
                MiniBatch batch = live.closeBatch();
                live.learn(batch);
                follower.learn(batch);
            }

            assertThat(entries(follower, "mCPeE")).isEqualTo(entries(live, "mCPeE"));
            assertThat(follower.digest()).isPresent().isEqualTo(live.digest());
        }
    }

    @Test
    void restoredTrainerGoesOnBitForBit() {
        try (Trainer undisturbed = new Trainer(settings);
                Trainer stopped = new Trainer(settings);
                Trainer restored = new Trainer(settings)) {
            Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
            List<MiniBatch> log = new ArrayList<>();
            for (int step = 0; step < 20; step++) {
                fill(undisturbed, step);
                MiniBatch batch = undisturbed.closeBatch();
                undisturbed.learn(batch);
                entries(undisturbed, ""); // commits at each step, the other not
                log.add(batch);
            }
            for (int step = 0; step < 20; step++) {
                Trainer each = step < 12 ? stopped : restored;
                if (step == 12) {
                    commit(stopped, stored);
                    List<byte[]> keys = new ArrayList<>(stored.keySet());
                    java.util.Collections.reverse(keys); // the order does not matter
                    keys.forEach(key -> restored.restore(key, stored.getOrDefault(key, new byte[0])));
                }
                each.learn(log.get(step));
                if (step < 11) {
                    commit(stopped, stored); // as often as not, as commits come
                }
            }

            entries(restored, "");
            assertThat(restored.digest()).isPresent().isEqualTo(undisturbed.digest());
            // at 5 and 10, and then of the one commit at 20, which is the digest itself
            assertThat(restored.progress().digests())
                    .hasSize(2)
                    .isSubsetOf(undisturbed.progress().digests());
            assertThat(restored.progress().exam().model().scored())
                    .isEqualTo(undisturbed.progress().exam().model().scored());
        }
    }

    @ParameterizedTest(name = "one commit in {0} steps")
    @ValueSource(ints = {1, 3})
    void noVectorIsOlderThanTheSweepBoundWhateverComesAndGoes(int stepsACommit) {
        try (Trainer trainer = new Trainer(settings)) {
            for (int hot = 0; hot < 60; hot++) {
                trainer.change(new CatalogueChange.Upsert(new CatalogueItem("i" + hot, TIME, Features.NONE)));
            }
            for (int cold = 0; cold < 200; cold++) { // items that are never clicked: only the sweep publishes them
                trainer.change(new CatalogueChange.Upsert(new CatalogueItem("c" + cold, TIME, Features.NONE)));
            }
            Map<String, Long> publishedAt = new HashMap<>();
            int lastCommit = 0;
            int largestGap = 0;
            for (int step = 1; step <= 200; step++) {
                fill(trainer, step);
                if (step % 3 == 0) {
                    trainer.change(new CatalogueChange.Removal("c" + random.nextInt(200), TIME));
                }
                trainer.learn(trainer.closeBatch());
                if (random.nextInt(stepsACommit) > 0) {
                    continue; // a commit takes in several steps
                }
                for (ItemEmbedding embedding : trainer.publish()) {
                    if (embedding.vector().isPresent()) {
                        publishedAt.put(embedding.item(), (long) step);
                    } else {
                        publishedAt.remove(embedding.item());
                    }
                }
                largestGap = Math.max(largestGap, step - lastCommit);
                lastCommit = step;
                int gap = largestGap;
                long now = step;
                // a commit sweeps for the steps since the one before, so a round may end one gap late
                assertThat(publishedAt.values()).allMatch(at -> now - at <= SWEEP + gap);
            }
        }
    }

    @Test
    void removedItemGetsATombstoneAndATrailingClickDoesNotBringItBack() {
        try (Trainer trainer = new Trainer(settings)) {
            trainer.change(new CatalogueChange.Upsert(new CatalogueItem("gone", TIME, Features.NONE)));
            fill(trainer, 1);
            trainer.learn(trainer.closeBatch());
            trainer.publish();
            trainer.change(new CatalogueChange.Removal("gone", TIME + 1));
            fill(trainer, 2);
            trainer.learn(trainer.closeBatch());
            assertThat(trainer.publish())
                    .anyMatch(embedding -> embedding.item().equals("gone")
                            && embedding.vector().isEmpty());

            trainer.add(example("late", "gone"));
            fill(trainer, 3);
            trainer.learn(trainer.closeBatch());

            assertThat(trainer.publish())
                    .noneMatch(embedding -> embedding.item().equals("gone"));
            Books.Account account = trainer.progress().books().getOrDefault(Trainer.EXAMPLES, Books.Account.EMPTY);
            assertThat(account.outcome("removed-item")).isEqualTo(1);
            assertThat(account.isBalanced()).isTrue();
        }
    }

    @Test
    void aStreamOfItemsThatComeOnceFillsNeitherModelNorCatalogue() {
        TrainerSettings bounded = settings("catalogue.max-unannounced", "40", "table.max-rows", "50");
        try (Trainer live = new Trainer(bounded);
                Trainer follower = new Trainer(bounded)) {
            Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
            Map<String, Boolean> index = new HashMap<>();
            int most = 0;
            for (int step = 0; step < 100; step++) {
                for (int at = 0; at < 8; at++) {
                    live.add(example("e" + step + "-" + at, "once" + step + "-" + at));
                }
                MiniBatch batch = live.closeBatch();
                live.learn(batch);
                follower.learn(batch);
                live.publish()
                        .forEach(embedding ->
                                index.put(embedding.item(), embedding.vector().isPresent()));
                commit(live, stored);
                most = Math.max(most, stored.size());
            }
            TrainingProgress progress = live.progress();

            assertThat(progress.items()).isBetween(40, 40 + 8);
            assertThat(progress.rows().rows()).isLessThanOrEqualTo(50);
            assertThat(index.values().stream().filter(isThere -> isThere)).hasSize(progress.items());
            // rows, and of each item its place, two counts; and what does not grow: networks, clocks, books
            assertThat(most).isLessThan(50 + 3 * 48 + 40);
            commit(follower, new TreeMap<>(Arrays::compareUnsigned));
            assertThat(follower.digest()).isPresent().isEqualTo(live.digest());
        }
    }

    @Test
    void aGapInTheLogStopsTheLearner() {
        try (Trainer live = new Trainer(settings);
                Trainer follower = new Trainer(settings)) {
            fill(live, 1);
            live.learn(live.closeBatch());
            fill(live, 2);
            MiniBatch second = live.closeBatch();

            assertThatThrownBy(() -> follower.learn(second))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("mini-batch of step 2 follows step 0");
        }
    }

    /** @param extra key, value, key, value … */
    private static TrainerSettings settings(String... extra) {
        Map<String, String> given = new HashMap<>(Map.of(
                "batch.size", "8",
                "batch.negatives", "16",
                "batch.max-changes", "50",
                "tower.dim", "8",
                "tower.user.hidden", "8",
                "tower.item.hidden", "8",
                "features.user", "history",
                "features.item", "item",
                "publish.sweep.steps", Integer.toString(SWEEP),
                "digest.steps", "5"));
        for (int at = 0; at < extra.length; at += 2) {
            given.put(extra[at], extra[at + 1]);
        }
        return TrainerSettings.read(new SettingsReader(given));
    }

    private void fill(Trainer trainer, int step) {
        for (int at = 0; at < 8; at++) {
            trainer.add(example("e" + step + "-" + at, "i" + random.nextInt(60)));
        }
    }

    private TrainingExample example(String id, String item) {
        List<String> history = List.of("i" + random.nextInt(60), "i" + random.nextInt(60));
        return new TrainingExample(
                id,
                new UserFeatures("u" + random.nextInt(20), TIME, Features.NONE, history),
                Features.NONE,
                item,
                "click",
                1,
                TIME,
                0);
    }

    private static void commit(Trainer trainer, Map<byte[], byte[]> stored) {
        trainer.publish();
        trainer.drainDirty(new EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {
                stored.put(key, value);
            }

            @Override
            public void delete(byte[] key) {
                stored.remove(key);
            }
        });
    }

    private static Map<String, String> entries(Trainer trainer, String kinds) {
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        commit(trainer, stored);
        Map<String, String> shown = new TreeMap<>();
        stored.forEach((key, value) -> {
            if (kinds.indexOf(key[0]) >= 0) {
                shown.put(Arrays.toString(key), Arrays.toString(value));
            }
        });
        return shown;
    }
}
