package dev.millrace.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.model.engine.Engine;
import dev.millrace.model.engine.StepEngine;
import dev.millrace.model.loss.NegativePairs;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class HardNegativesTest {

    private static final String RANKS_3_TO_6 =
            "negatives.hard-model=3 negatives.hard-model.first-rank=3 negatives.hard-model.last-rank=6"
                    + " negatives.hard-model.sample=0";

    private final Catalogue catalogue = Scenes.catalogue();

    @Test
    void negativesHaveTheRanksOfTheSettings() {
        ModelSettings settings = Scenes.settings(RANKS_3_TO_6);
        TwoTower model = new TwoTower(settings, catalogue);
        model.learn(Scenes.batch(1, 24, 10));
        MiniBatch batch = Scenes.batch(2, 20, 0);

        NegativePairs pairs = find(settings, batch, model);

        assertThat(pairs.items()).hasSize(20 * 3);
        for (int example = 0; example < 20; example++) {
            List<String> found = pairs.items().subList(3 * example, 3 * example + 3);
            assertThat(found).doesNotHaveDuplicates();
            assertThat(ranking(model, batch.examples().get(example)).subList(2, 6))
                    .containsAll(found);
        }
        assertThat(pairs.owners()).isSorted();
    }

    @Test
    void fewerAreFoundIfThereAreTooFewRanks() {
        ModelSettings settings = Scenes.settings(
                "negatives.hard-model=3 negatives.hard-model.first-rank=29",
                "negatives.hard-model.last-rank=40 negatives.hard-model.sample=0");
        TwoTower model = new TwoTower(settings, catalogue);

        NegativePairs pairs = find(settings, Scenes.batch(1, 4, 0), model);

        // 30 items without the example's own: rank 29 is the last
        assertThat(pairs.owners()).containsExactly(0, 1, 2, 3);
    }

    @Test
    void findingThemChangesNothingAndIsRepeatable() {
        ModelSettings settings = Scenes.settings("negatives.hard-model=2 negatives.hard-model.sample=10");
        TwoTower model = new TwoTower(settings, catalogue);
        model.learn(Scenes.batch(1, 24, 10));
        byte[] before = Scenes.digest(model);

        NegativePairs once = find(settings, Scenes.batch(2, 20, 0), model);
        NegativePairs again = find(settings, Scenes.batch(2, 20, 0), model);

        assertThat(again).usingRecursiveComparison().isEqualTo(once);
        assertThat(Scenes.digest(model)).isEqualTo(before);
    }

    private NegativePairs find(ModelSettings settings, MiniBatch batch, TwoTower model) {
        return new HardNegatives(
                        settings.loss().negatives().hardByModel(),
                        catalogue,
                        StepEngine.alone(Engine.VECTOR).products(),
                        Scenes.DIM)
                .find(batch, model);
    }

    /** All items but the example's own, best first. */
    private List<String> ranking(TwoTower model, TrainingExample example) {
        List<String> items = IntStream.range(0, Scenes.ITEMS)
                .mapToObj(item -> "i" + item)
                .filter(item -> !item.equals(example.item()))
                .toList();
        float[] vectors = new float[items.size() * Scenes.DIM];
        float[] user = new float[Scenes.DIM];
        model.itemVectors(items, vectors);
        model.userVectors(List.of(example.user()), List.of(example.context()), user);
        return IntStream.range(0, items.size())
                .boxed()
                .sorted(Comparator.comparingDouble(at -> -dot(user, vectors, at * Scenes.DIM)))
                .map(items::get)
                .toList();
    }

    private static double dot(float[] user, float[] items, int at) {
        double sum = 0;
        for (int d = 0; d < user.length; d++) {
            sum += (double) user[d] * items[at + d];
        }
        return sum;
    }
}
