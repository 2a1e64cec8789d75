package dev.millrace.train;

import static dev.millrace.train.TrainerFixture.TIME;
import static dev.millrace.train.TrainerFixture.commit;
import static dev.millrace.train.TrainerFixture.entries;
import static dev.millrace.train.TrainerFixture.examples;
import static dev.millrace.train.TrainerFixture.heavy;
import static dev.millrace.train.TrainerFixture.settings;
import static dev.millrace.train.TrainerFixture.shown;
import static dev.millrace.train.TrainerFixture.upsert;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.model.ModelEntry;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Books;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;

/** Steps, books and catalogue of a {@link Trainer}, and of one that learns of the log alone. */
class TrainerTest {

    private final SplittableRandom random = new SplittableRandom(7);
    private final TrainerSettings settings = settings();

    @Test
    void aGapInTheLogStopsTheLearner() {
        Trainer live = new Trainer(settings);
        Trainer follower = new Trainer(settings);
        fill(live, 1);
        live.learn(live.closeBatch());
        fill(live, 2);
        MiniBatch second = live.closeBatch();

        assertThatThrownBy(() -> follower.learn(second))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("mini-batch of step 2 follows step 0");
    }

    @Test
    void refusedStepsLeaveTheModelAsItWas() {
        Trainer live = new Trainer(settings);
        Trainer follower = new Trainer(settings);
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        for (int step = 1; step <= 10; step++) {
            fill(live, step);
            if (step % 3 == 0) {
                live.add(heavy("poison" + step));
            }
            MiniBatch batch = live.closeBatch();
            Map<String, String> before = shown(stored, "m");
            StepOutcome outcome = live.learn(batch);
            commit(live, stored);
            if (step % 3 == 0) {
                assertThat(outcome.refusal()).isPresent();
                assertThat(shown(stored, "m")).isEqualTo(before).isNotEmpty();
            }
            assertThat(follower.learn(batch)).isEqualTo(outcome);
        }

        assertThat(entries(follower, "mCPFeE")).isEqualTo(shown(stored, "mCPFeE"));
        assertThat(follower.digest()).isPresent().isEqualTo(live.digest());
        assertThat(live.progress().refusedSteps()).isEqualTo(3);
        // three steps of nine examples each
        assertThat(examples(live).outcomes()).containsEntry("refused: not finite", 27L);
        assertThat(examples(live).isBalanced()).isTrue();
    }

    @Test
    void theMixtureLearnsEveryEighthStepUnlessThatIsRefused() {
        Trainer trainer = new Trainer(settings);
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        commit(trainer, stored);
        List<Integer> moved = new ArrayList<>();
        for (int step = 1; step <= 24; step++) {
            Map<String, String> before = shown(stored, "m");
            fill(trainer, step);
            if (step == 16) {
                trainer.add(heavy("poison"));
            }
            boolean isRefused = trainer.learn(trainer.closeBatch()).refusal().isPresent();
            assertThat(isRefused).isEqualTo(step == 16);
            commit(trainer, stored);
            if (!mixture(shown(stored, "m")).equals(mixture(before))) {
                moved.add(step);
            }
        }

        assertThat(moved).containsExactly(8, 24);
    }

    @Test
    void replayTeachesTheMixtureAsTheStreamDid() {
        String untaught = mixtureAfter(0, Trainer::learn);
        String taught = mixtureAfter(8, Trainer::learn);

        assertThat(taught).isNotEqualTo(untaught);
        assertThat(mixtureAfter(8, Trainer::replay)).isEqualTo(taught);
        assertThat(mixtureAfter(8, Trainer::learnUnexamined)).isEqualTo(untaught);
        assertThat(mixtureAfter(8, (trainer, batch) -> {
                    trainer.keepMixture();
                    return trainer.learn(batch);
                }))
                .isEqualTo(untaught);
    }

    private String mixtureAfter(int steps, BiFunction<Trainer, MiniBatch, StepOutcome> way) {
        Trainer trainer = new Trainer(settings);
        SplittableRandom same = new SplittableRandom(1);
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        for (int step = 1; step <= steps; step++) {
            TrainerFixture.fill(trainer, step, same);
            StepOutcome outcome = way.apply(trainer, trainer.closeBatch());
            assertThat(outcome.outcome()).isEqualTo(Outcome.LEARNT);
        }
        commit(trainer, stored);
        return mixture(shown(stored, "m"));
    }

    private static String mixture(Map<String, String> entries) {
        return entries.getOrDefault(Arrays.toString(ModelEntry.Kind.MIXTURE.key()), "none");
    }

    @Test
    void whatHappenedBeforeTheStartIsCountedAndNotLearnt() {
        TrainerSettings late = settings("learn.from", Instant.ofEpochMilli(TIME + 1_000) + "");
        Trainer log = new Trainer(settings);
        Trainer learner = new Trainer(late);
        Map<byte[], byte[]> before = new TreeMap<>(Arrays::compareUnsigned);
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        log.change(upsert("i0"));
        for (int step = 1; step <= 4; step++) {
            fill(log, step);
            MiniBatch batch = log.closeBatch();
            log.learn(batch);
            assertThat(learner.learn(batch).outcome()).isEqualTo(Outcome.BEFORE_START);
            commit(learner, stored);
            if (step == 1) {
                before.putAll(stored);
            }
        }
        // of the model only what counts the items moves, no weight
        assertThat(shown(stored, "m")).isEqualTo(shown(before, "m"));
        assertThat(learner.step()).isEqualTo(4);
        assertThat(learner.catalogue().contains("i0")).isTrue();

        log.add(at("boundary", TIME + 500));
        log.add(at("behind", TIME + 1_000));
        assertThat(learner.learn(log.closeBatch()).learnt()).isPresent();

        Books.Account account =
                learner.progress().books().getOrDefault(InputTopic.BATCHES.label(), Books.Account.EMPTY);
        assertThat(account.outcome(Outcome.BEFORE_START)).isEqualTo(4);
        assertThat(account.outcome(Outcome.LEARNT)).isEqualTo(1);
        assertThat(account.isBalanced()).isTrue();
        assertThatThrownBy(() -> {
                    SettingsReader reader = new SettingsReader(Map.of("learn.from", "yesterday"));
                    TrainerSettings.read(reader);
                    reader.finish();
                })
                .hasMessageContaining("learn.from = yesterday: must be a time with its offset");
    }

    private static TrainingExample at(String id, long time) {
        TrainingExample any = TrainerFixture.example(id, "u1", "i1", 1);
        return new TrainingExample(id, any.user(), Features.NONE, any.item(), "click", 1, time, 0);
    }

    @Test
    void trailingClicksDoNotBringRemovedItemsBack() {
        Trainer trainer = new Trainer(settings);
        trainer.change(new CatalogueChange.Upsert(new CatalogueItem("gone", TIME, Features.NONE)));
        fill(trainer, 1);
        trainer.learn(trainer.closeBatch());
        trainer.publish();
        trainer.change(new CatalogueChange.Removal("gone", TIME + 1));
        fill(trainer, 2);
        trainer.learn(trainer.closeBatch());
        assertThat(trainer.publish())
                .anyMatch(embedding ->
                        embedding.item().equals("gone") && embedding.vector().isEmpty());

        trainer.add(example("late", "gone"));
        fill(trainer, 3);
        trainer.learn(trainer.closeBatch());

        assertThat(trainer.publish()).noneMatch(embedding -> embedding.item().equals("gone"));
        Books.Account account =
                trainer.progress().books().getOrDefault(InputTopic.EXAMPLES.label(), Books.Account.EMPTY);
        assertThat(account.outcome(Outcome.REMOVED_ITEM)).isEqualTo(1);
        assertThat(account.isBalanced()).isTrue();
    }

    @Test
    void itemsThatComeOnceFillNothing() {
        TrainerSettings bounded = settings("catalogue.max-unannounced", "40", "table.max-rows", "50");
        Trainer live = new Trainer(bounded);
        Trainer follower = new Trainer(bounded);
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
        // rows, and of each item its place, three counts; and what does not grow: networks, clocks, books, 20 users'
        // voices
        assertThat(most).isLessThan(50 + 4 * 48 + 40 + 20);
        commit(follower, new TreeMap<>(Arrays::compareUnsigned));
        assertThat(follower.digest()).isPresent().isEqualTo(live.digest());
    }

    private void fill(Trainer trainer, int step) {
        TrainerFixture.fill(trainer, step, random);
    }

    private TrainingExample example(String id, String item) {
        return TrainerFixture.example(id, item, random);
    }
}
