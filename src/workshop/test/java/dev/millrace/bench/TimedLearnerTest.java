package dev.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;

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

    private final ZipfShop shop = new ZipfShop(ITEMS, USERS);

    @Test
    void eachPhaseIsTimedOnceSinceWhatWasBeforeIsForgotten() {
        AtomicLong clock = new AtomicLong();
        TimedLearner learner = new TimedLearner(
                TrainerSettings.read(new SettingsReader(Map.of())),
                () -> clock.getAndAdd(MILLI), // each look takes 1 ms
                Optional.empty());
        learner.begin(shop);
        learner.step(shop, 4);
        learner.forget();

        learner.step(shop, 4);
        learner.step(shop, 4);

        assertThat(learner.figures().values())
                .containsEntry("steps", 2)
                .containsEntry("batchMillis", 1.0)
                .containsEntry("exams", 2L) // of so few items every batch is examined
                .containsEntry("examMeanMillis", 1.0)
                .containsEntry("stepMillis", 1.0)
                .containsEntry("publishMillis", 1.0)
                .containsEntry("drainMillis", 1.0)
                .containsEntry("notStepRatio", 3.0)
                .containsEntry("examplesPerSecond", 800.0) // 8 in 2 × 5 ms
                .containsEntry("withheldSteps", 0L);
    }
}
