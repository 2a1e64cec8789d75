package dev.millrace.train;

import static dev.millrace.train.TrainerFixture.TIME;
import static dev.millrace.train.TrainerFixture.commit;
import static dev.millrace.train.TrainerFixture.entries;
import static dev.millrace.train.TrainerFixture.example;
import static dev.millrace.train.TrainerFixture.examples;
import static dev.millrace.train.TrainerFixture.settings;
import static dev.millrace.train.TrainerFixture.shown;
import static dev.millrace.train.TrainerFixture.upsert;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.Batches;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.ModelEntry;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntryDigest;
import dev.millrace.state.Outcome;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The stored state of a {@link Trainer}: its digest, its restoration, and what is erased from it. */
class TrainerStateTest {

    private final SplittableRandom random = new SplittableRandom(7);
    private final TrainerSettings settings = settings();

    @Test
    void theFirstDigestIsOfInitialModels() {
        Trainer committed = new Trainer(settings);
        assertThat(committed.digest()).isEmpty(); // of nothing there is none

        entries(committed, "");

        assertThat(committed.digest()).isPresent().get().satisfies(digest -> {
            assertThat(digest.step()).isZero();
            assertThat(digest.digest()).isNotEqualTo(HexFormat.of().formatHex(new EntryDigest().digest()));
        });
    }

    @Test
    void restoredTrainerGoesOnBitForBit() {
        Trainer undisturbed = new Trainer(settings);
        Trainer stopped = new Trainer(settings);
        Trainer restored = new Trainer(settings);
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

    /** Of clicks at different times, some late, on items that come and go, more than a lesson is certain to look at. */
    @Test
    void theMixtureOfARestartedTrainerLearnsBitForBit() {
        Trainer undisturbed = new Trainer(settings);
        Trainer restarted = new Trainer(settings);
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        Map<byte[], byte[]> expected = new TreeMap<>(Arrays::compareUnsigned);
        byte[] mixture = ModelEntry.Kind.MIXTURE.key();
        int items = 1_200;
        List<CatalogueChange> changes = new ArrayList<>(
                IntStream.range(0, items).mapToObj(item -> upsert("i" + item)).toList());
        List<String> lessons = new ArrayList<>();
        for (int step = 1; step <= 64; step++) {
            MiniBatch batch = Batches.of(step, changes, clicks(step, 40, items));
            undisturbed.learn(batch);
            restarted.learn(batch);
            commit(undisturbed, expected);
            commit(restarted, stored);
            if (step % 6 == 0) {
                restarted = new Trainer(settings);
                stored.forEach(restarted::restore);
            }
            if (step % 8 == 0) {
                byte[] found = stored.getOrDefault(mixture, new byte[0]);
                assertThat(found).as("step %s", step).isEqualTo(expected.getOrDefault(mixture, new byte[1]));
                lessons.add(HexFormat.of().formatHex(found));
            }
            String gone = "i" + random.nextInt(items);
            changes = List.of(new CatalogueChange.Removal(gone, TIME), upsert("i" + random.nextInt(items)));
        }

        assertThat(lessons).doesNotHaveDuplicates();
        assertThat(undisturbed.catalogue().size()).isGreaterThan(1_000);
    }

    private List<TrainingExample> clicks(int step, int count, int items) {
        return IntStream.range(0, count)
                .mapToObj(at -> {
                    long time = TIME + step * 600_000L - random.nextInt(3) * random.nextLong(7_200_000);
                    UserFeatures user = new UserFeatures(
                            "u" + random.nextInt(20),
                            time,
                            Features.NONE,
                            List.of("i" + random.nextInt(items), "i" + random.nextInt(items)));
                    return new TrainingExample(
                            step + "/" + at, user, Features.NONE, "i" + random.nextInt(items), "click", 1, time, 0);
                })
                .toList();
    }

    @Test
    void restoredStateThatMissesAnEntryIsNoticed() {
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        Trainer trainer = new Trainer(settings);
        Trainer whole = new Trainer(settings);
        Trainer partial = new Trainer(settings);
        fill(trainer, 1);
        trainer.learn(trainer.closeBatch());
        commit(trainer, stored);
        stored.forEach(whole::restore);
        byte[] row = stored.keySet().stream()
                .filter(key -> key[0] == 'm' && key[1] == 'r')
                .findFirst()
                .orElseThrow();
        stored.remove(row);
        stored.forEach(partial::restore);

        assertThatCode(whole::requireWhole).doesNotThrowAnyException();
        assertThatThrownBy(partial::requireWhole)
                .isInstanceOf(CorruptEntryException.class)
                .hasMessageContaining("entries restored for step 1");
    }

    @Test
    void removedUsersLeaveTheOpenBatchAndRows() {
        TrainerSettings withUsers = settings("features.user", "user,history");
        Trainer live = new Trainer(withUsers);
        Trainer follower = new Trainer(withUsers);
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        for (int step = 1; step <= 3; step++) {
            fill(live, step);
            live.add(example("ann" + step, "ann", "i1", 1));
            if (step == 3) {
                commit(live, stored); // the open batch is stored with an example that will leave it
                assertThat(holding(stored, "ann")).isNotEmpty();
                live.removeUser("ann");
                live.removeUser("nobody");
                commit(live, stored);
                assertThat(holding(stored, "ann3")).isEmpty(); // the example's id
            }
            MiniBatch batch = live.closeBatch();
            assertThat(batch.removedUsers()).isEqualTo(step == 3 ? List.of("ann", "nobody") : List.of());
            live.learn(batch);
            follower.learn(batch);
        }

        commit(live, stored);

        assertThat(holding(stored, "ann")).isEmpty();
        assertThat(entries(follower, "mCPFeENn")).isEqualTo(shown(stored, "mCPFeENn"));
        assertThat(examples(live).outcome(Outcome.ERASED)).isEqualTo(1);
        assertThat(examples(live).outcome(Outcome.USER_REMOVAL)).isEqualTo(2);
        assertThat(examples(live).isBalanced()).isTrue();
        // what comes after the removal is a new user's
        live.add(example("again", "ann", "i1", 1));
        live.learn(live.closeBatch());
        commit(live, stored);
        assertThat(holding(stored, "mruser\0ann")).hasSize(1);
    }

    @Test
    void waitingUserRemovalsAreLearntAfterARestart() {
        TrainerSettings withUsers = settings("features.user", "user,history");
        Trainer stopped = new Trainer(withUsers);
        Trainer restored = new Trainer(withUsers);
        stopped.add(example("learnt", "ann", "i1", 1));
        stopped.learn(stopped.closeBatch());
        stopped.add(example("open", "ann", "i1", 1));
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        commit(stopped, stored);
        stopped.removeUser("ann");
        commit(stopped, stored);
        stored.forEach(restored::restore);
        assertThat(restored.hasOpenWork()).isTrue();
        assertThat(holding(stored, "mruser\0ann")).hasSize(1);

        restored.learn(restored.closeBatch());
        commit(restored, stored);

        assertThat(holding(stored, "ann")).isEmpty();
        assertThat(examples(restored).outcome(Outcome.USER_REMOVAL)).isEqualTo(1);
        assertThat(examples(restored).isBalanced()).isTrue();
    }

    @Test
    void aRemovedItemsExamplesLeaveTheOpenBatch() {
        Trainer stopped = new Trainer(settings);
        Trainer restored = new Trainer(settings);
        stopped.add(example("before", "ann", "gone", 1));
        stopped.change(new CatalogueChange.Removal("gone", TIME));
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        commit(stopped, stored);
        stored.forEach(restored::restore);

        restored.add(example("after", "ann", "gone", 1));
        restored.add(example("other", "ann", "i1", 1));
        MiniBatch batch = restored.closeBatch();

        assertThat(batch.examples()).extracting(TrainingExample::id).containsExactly("other");
        restored.learn(batch);
        assertThat(examples(restored).outcome(Outcome.REMOVED_ITEM)).isEqualTo(2);
        assertThat(examples(restored).isBalanced()).isTrue();
    }

    @Test
    void idOfARemovedItemIsForgottenAfterAWhileOfEventTime() {
        Trainer trainer = new Trainer(settings("catalogue.removal-memory", "1h"));
        long hour = 3_600_000;
        trainer.change(upsert("gone"));
        trainer.change(new CatalogueChange.Removal("gone", TIME));
        trainer.add(example("on time", "ann", "i1", 1));
        trainer.learn(trainer.closeBatch());
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        commit(trainer, stored);
        assertThat(holding(stored, "gone")).hasSize(1); // the reminder

        TrainingExample late = example("late", "ann", "i1", 1);
        trainer.add(new TrainingExample(late.id(), late.user(), Features.NONE, "i1", "click", 1, TIME + hour + 1, 0));
        trainer.learn(trainer.closeBatch());

        commit(trainer, stored);
        assertThat(holding(stored, "gone")).isEmpty();
    }

    /** Keys of the entries that hold the text in key or value. */
    private static List<String> holding(Map<byte[], byte[]> stored, String text) {
        List<String> found = new ArrayList<>();
        stored.forEach((key, value) -> {
            String shownKey = new String(key, StandardCharsets.ISO_8859_1);
            if (shownKey.contains(text) || new String(value, StandardCharsets.ISO_8859_1).contains(text)) {
                found.add(shownKey);
            }
        });
        return found;
    }

    private void fill(Trainer trainer, int step) {
        TrainerFixture.fill(trainer, step, random);
    }
}
