package dev.millrace.train;

import static dev.millrace.train.TrainerFixture.commit;
import static dev.millrace.train.TrainerFixture.example;
import static dev.millrace.train.TrainerFixture.examples;
import static dev.millrace.train.TrainerFixture.fill;
import static dev.millrace.train.TrainerFixture.heavy;
import static dev.millrace.train.TrainerFixture.settings;
import static dev.millrace.train.TrainerFixture.shown;
import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Examples that are learnt again: {@code rehearsal.examples} of the last {@code rehearsal.batches} batches. */
class RehearsalTest {

    private static final int STEPS = 12;
    private static final int EACH = 5;
    private static final int BATCHES = 3;
    private static final String LEARNT = "MCP";

    private final Trainer trainer = new Trainer(rehearsing());

    @Test
    void rehearsedExamplesAreCountedOnce() {
        List<MiniBatch> log = run(trainer, 1, STEPS);

        assertThat(log.get(0).rehearsed()).isEmpty();
        for (MiniBatch batch : log.subList(1, STEPS)) {
            int before = (int) batch.step() - 1;
            List<TrainingExample> earlier = log.subList(Math.max(0, before - BATCHES), before).stream()
                    .flatMap(each -> each.examples().stream())
                    .toList();
            assertThat(batch.rehearsed()).hasSize(EACH).doesNotHaveDuplicates().isSubsetOf(earlier);
            assertThat(batch.logProbability()).hasSize(8 + EACH);
        }
        assertThat(trainer.progress().positives()).isEqualTo(STEPS * 8);
        assertThat(examples(trainer).outcomes()).containsEntry("learnt", STEPS * 8L);
    }

    @Test
    void allAreDrawnAlikeOften() {
        Trainer one = new Trainer(settings("rehearsal.examples", "1", "rehearsal.batches", "2"));
        List<MiniBatch> log = run(one, 1, 1_000);

        int[] drawn = new int[16]; // by age and place
        for (MiniBatch batch : log.subList(2, 1_000)) {
            String id = batch.rehearsed().get(0).id(); // e<step>-<place>
            int step = Integer.parseInt(id.substring(1, id.indexOf('-')));
            int age = (int) batch.step() - 1 - step;
            drawn[8 * age + Integer.parseInt(id.substring(id.indexOf('-') + 1))]++;
        }

        // 998 draws of 16: 62 of each, with a standard deviation of 7.6
        assertThat(IntStream.of(drawn).boxed()).allMatch(times -> Math.abs(times - 62) < 5 * 7.6);
    }

    @Test
    void popularityKnowsThemOnce() {
        Trainer without = new Trainer(settings());

        List<MiniBatch> log = run(trainer, 1, STEPS);
        List<MiniBatch> plain = run(without, 1, STEPS);

        for (int at = 0; at < STEPS; at++) {
            assertThat(Arrays.copyOf(log.get(at).logProbability(), 8))
                    .isEqualTo(plain.get(at).logProbability());
        }
    }

    @Test
    void theyAreLearntAsTheOtherExamplesAre() {
        Trainer unaware = new Trainer(settings());
        Trainer without = new Trainer(settings());
        List<MiniBatch> log = run(trainer, 1, STEPS);

        log.forEach(batch -> unaware.learn(batch.asLearnt()));
        run(without, 1, STEPS);

        assertThat(vectors(trainer)).isEqualTo(vectors(unaware)).isNotEqualTo(vectors(without));
    }

    @Test
    void restartedLearnerGoesOnAlike() {
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        run(trainer, 1, STEPS);
        commit(trainer, stored);
        Trainer restarted = restored(stored, rehearsing());

        List<MiniBatch> ahead = run(restarted, STEPS + 1, 2 * STEPS);

        assertThat(ahead).usingRecursiveComparison().isEqualTo(run(trainer, STEPS + 1, 2 * STEPS));
        commit(restarted, stored); // over the entries of before: what left is deleted
        assertThat(remembered(stored)).isEqualTo(BATCHES * 8);
    }

    /** What is rehearsed is in the log, so learners of it need neither the memory nor the settings. */
    @Test
    void learnerOfTheLogLearnsTheSameAndRemembersNothing() {
        Map<byte[], byte[]> lasting = new TreeMap<>(Arrays::compareUnsigned);
        List<MiniBatch> log = run(trainer, 1, STEPS);
        commit(trainer, lasting);
        for (TrainerSettings ofIts : List.of(rehearsing(), settings())) {
            Map<byte[], byte[]> followed = new TreeMap<>(Arrays::compareUnsigned);
            Trainer following = new Trainer(ofIts);
            log.forEach(following::learn);
            commit(following, followed);

            assertThat(shown(followed, LEARNT).equals(shown(lasting, LEARNT))).isTrue();
            assertThat(following.progress().digest())
                    .isNotEmpty()
                    .isEqualTo(trainer.progress().digest());
            assertThat(remembered(followed)).isZero();
        }
    }

    @Test
    void whatWasErasedOrRemovedIsNotLearntAgain() {
        TrainerSettings manyOfAll = settings("rehearsal.examples", "100", "rehearsal.batches", "100");
        Trainer live = new Trainer(manyOfAll);
        List<TrainingExample> first = run(live, 1, 2).get(0).examples();
        String erased = first.get(0).user().user();
        String removed = first.stream()
                .filter(other -> !other.user().user().equals(erased))
                .findFirst()
                .orElseThrow()
                .item();
        Map<byte[], byte[]> lasting = new TreeMap<>(Arrays::compareUnsigned);
        commit(live, lasting);
        assertThat(lasting.values()).anyMatch(value -> holds(value, erased));
        live.removeUser(erased);
        live.change(new CatalogueChange.Removal(removed, TrainerFixture.TIME));
        live.add(example("last", "bob", "i1", 1));
        MiniBatch last = live.closeBatch();

        live.learn(last);
        commit(live, lasting);

        assertThat(last.rehearsed())
                .hasSizeGreaterThan(8)
                .noneMatch(old -> old.user().user().equals(erased) || old.item().equals(removed));
        assertThat(lasting.values()).noneMatch(value -> holds(value, erased));
    }

    @Test
    void whatARefusedBatchHasIsNotLearntAgain() {
        Trainer live = new Trainer(settings("rehearsal.examples", "4", "rehearsal.batches", "100"));
        run(live, 1, 2);
        live.add(heavy("heavy"));
        MiniBatch refused = run(live, 3, 3).get(0);
        assertThat(live.progress().refusedSteps()).isEqualTo(1);

        List<MiniBatch> later = run(live, 4, 60);

        assertThat(refused.rehearsed()).hasSize(4);
        for (MiniBatch batch : later) {
            assertThat(batch.rehearsed())
                    .hasSize(4)
                    .doesNotContainAnyElementsOf(refused.rehearsed())
                    .doesNotContainAnyElementsOf(refused.examples());
        }
    }

    @Test
    void whatIsPassedOverIsNotRehearsed() {
        Trainer late = new Trainer(settings(
                "rehearsal.examples", "100", "rehearsal.batches", "100", "learn.from", "2100-01-01T00:00:00Z"));

        List<MiniBatch> log = run(late, 1, 3);

        assertThat(log).allMatch(batch -> batch.rehearsed().isEmpty());
    }

    @Test
    void nothingIsKeptWhenItIsTurnedOff() {
        Map<byte[], byte[]> stored = new TreeMap<>(Arrays::compareUnsigned);
        run(trainer, 1, 2);
        commit(trainer, stored);
        assertThat(remembered(stored)).isEqualTo(2 * 8);
        Trainer off = restored(stored, settings());

        List<MiniBatch> log = run(off, 3, 3);
        commit(off, stored);

        assertThat(log.get(0).rehearsed()).isEmpty();
        assertThat(remembered(stored)).isZero();
    }

    private static TrainerSettings rehearsing() {
        return settings("rehearsal.examples", Integer.toString(EACH), "rehearsal.batches", Integer.toString(BATCHES));
    }

    /** Learns batches of examples that depend on the step alone. */
    private static List<MiniBatch> run(Trainer trainer, int first, int last) {
        List<MiniBatch> log = new ArrayList<>();
        for (int step = first; step <= last; step++) {
            fill(trainer, step, new SplittableRandom(step));
            log.add(trainer.closeBatch());
            trainer.learn(log.get(log.size() - 1));
        }
        return log;
    }

    private static Trainer restored(Map<byte[], byte[]> stored, TrainerSettings settings) {
        Trainer restored = new Trainer(settings);
        stored.forEach(restored::restore);
        restored.requireWhole();
        return restored;
    }

    private static long remembered(Map<byte[], byte[]> stored) {
        return stored.keySet().stream()
                .filter(key -> key[0] == 'O' && key[1] == 2)
                .count();
    }

    private static boolean holds(byte[] value, String text) {
        String withLength = (char) text.length() + "\0\0\0" + text;
        return new String(value, StandardCharsets.ISO_8859_1).contains(withLength);
    }

    private static List<Float> vectors(Trainer trainer) {
        List<String> items = trainer.items();
        float[] vectors = new float[items.size() * trainer.dim()];
        trainer.vectors(items, vectors);
        List<Float> boxed = new ArrayList<>();
        for (float component : vectors) {
            boxed.add(component);
        }
        return boxed;
    }
}
