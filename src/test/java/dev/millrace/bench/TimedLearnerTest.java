package dev.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.bench.TimedLearner.Cost;
import dev.millrace.settings.SettingsReader;
import dev.millrace.train.TrainerSettings;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TimedLearnerTest {

    private static final int ITEMS = 30;
    private static final int USERS = 20;
    private static final long MILLI = 1_000_000;

    @Test
    void eachPhaseIsTimedOnce() {
        AtomicLong clock = new AtomicLong();
        TimedLearner learner = new TimedLearner(
                settings(Map.of()), () -> clock.getAndAdd(MILLI), Optional.empty()); // each look takes 1 ms
        ZipfShop shop = new ZipfShop(ITEMS, USERS);
        learner.begin(shop);

        learner.step(shop, 4);
        learner.step(shop, 4);

        assertThat(learner.steps()).isEqualTo(2);
        for (Cost cost : Cost.values()) {
            assertThat(learner.median(cost)).as("%s", cost).isEqualTo(1);
            assertThat(learner.mean(cost)).as("%s", cost).isEqualTo(1);
        }
        assertThat(learner.examplesASecond()).isEqualTo(800); // 8 in 2 × 5 ms
    }

    @Test
    void stepsWithAnExamAndRankedExamplesAreCounted() {
        TimedLearner learner = new TimedLearner(settings(Map.of()), System::nanoTime, Optional.empty());
        ZipfShop shop = new ZipfShop(ITEMS, USERS);
        learner.begin(shop);

        for (int step = 0; step < 4; step++) {
            learner.step(shop, 4);
        }

        assertThat(learner.exams()).isEqualTo(4); // of so few items every batch is examined
        assertThat(learner.ranked()).isEqualTo(16);
    }

    @Test
    void everyItemAndEveryUserHasARowAndEveryVectorIsPublishedBeforeTheFirstStep() {
        TimedLearner learner = new TimedLearner(settings(Map.of()), System::nanoTime, Optional.empty());
        ZipfShop shop = new ZipfShop(ITEMS, USERS);

        learner.begin(shop);

        assertThat(learner.progress().rows().rows()).isEqualTo(ITEMS + USERS);
        assertThat(learner.progress().items()).isEqualTo(ITEMS);
        assertThat(learner.progress().figures()).containsEntry("published-vectors", (double) ITEMS);
    }

    @Test
    void whatWasMeasuredBeforeIsForgotten() {
        TimedLearner learner = new TimedLearner(settings(Map.of()), System::nanoTime, Optional.empty());
        ZipfShop shop = new ZipfShop(ITEMS, USERS);
        learner.begin(shop);
        learner.step(shop, 4);

        learner.forget();
        learner.step(shop, 4);

        assertThat(learner.steps()).isEqualTo(1);
        assertThat(learner.ranked()).isEqualTo(4);
        assertThat(learner.vectorsAStep()).isBetween(1.0, (double) ITEMS);
        assertThat(learner.bytesAStep()).isPositive();
        assertThat(learner.withheldSteps()).isZero();
    }

    private static TrainerSettings settings(Map<String, String> given) {
        SettingsReader reader = new SettingsReader(given);
        TrainerSettings settings = TrainerSettings.read(reader);
        reader.finish();
        return settings;
    }
}
