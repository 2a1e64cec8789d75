package dev.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.settings.SettingsReader;
import dev.millrace.train.TrainerSettings;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

class TimedLearnerTest {

    private static final int ITEMS = 30;
    private static final int USERS = 20;
    private static final long MILLI = 1_000_000;

    private final ZipfShop shop = new ZipfShop(ITEMS, USERS);

    @Test
    void eachPhaseIsTimedOnce() {
        AtomicLong clock = new AtomicLong();
        TimedLearner learner = learner(() -> clock.getAndAdd(MILLI)); // each look takes 1 ms

        learner.step(shop, 4);
        learner.step(shop, 4);

        assertThat(learner.figures().values())
                .containsEntry("steps", 2)
                .containsEntry("batchMillis", 1.0)
                .containsEntry("examMeanMillis", 1.0)
                .containsEntry("stepMillis", 1.0)
                .containsEntry("publishMillis", 1.0)
                .containsEntry("drainMillis", 1.0)
                .containsEntry("notStepRatio", 3.0)
                .containsEntry("examplesPerSecond", 800.0); // 8 in 2 × 5 ms
    }

    @Test
    void whatWasMeasuredBeforeIsForgotten() {
        TimedLearner learner = learner(System::nanoTime);
        learner.step(shop, 4);

        learner.forget();
        learner.step(shop, 4);

        assertThat(learner.figures().values())
                .containsEntry("steps", 1)
                .containsEntry("exams", 1L) // of so few items every batch is examined
                .containsEntry("withheldSteps", 0L);
    }

    private TimedLearner learner(LongSupplier clock) {
        SettingsReader reader = new SettingsReader(Map.of());
        TrainerSettings settings = TrainerSettings.read(reader);
        reader.finish();
        TimedLearner learner = new TimedLearner(settings, clock, Optional.empty());
        learner.begin(shop);
        return learner;
    }
}
