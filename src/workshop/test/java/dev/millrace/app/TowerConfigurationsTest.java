package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.EntrySink;
import dev.millrace.train.Trainer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The fields that towers weigh, under the names of their features. */
class TowerConfigurationsTest {

    private static final long TIME = 1_700_000_000_000L;

    @Test
    void fieldWeightsSurviveARestart() {
        MillraceSettings settings = MillraceSettings.load(
                List.of(Path.of("config/towers/senet.properties")), Map.of(), Map.of(), Map.of("batch.size", "24"));
        Map<byte[], byte[]> store = new TreeMap<>(Arrays::compareUnsigned);
        Trainer trainer = new Trainer(settings.trainer());
        Trainer restored = new Trainer(settings.trainer());
        for (int number = 0; !trainer.isBatchReady(); number++) {
            UserFeatures user = new UserFeatures("u" + number % 10, TIME, Features.NONE, List.of("i1", "i2"));
            trainer.add(new TrainingExample(
                    "e" + number, user, Features.NONE, "i" + number % 7, "click", 1, TIME + number, 0));
        }
        trainer.learn(trainer.closeBatch());
        trainer.publish();
        trainer.drainDirty(EntrySink.into(store));

        store.forEach(restored::restore);

        assertThat(trainer.progress().fieldWeights()).containsKeys("user.user", "user.history", "item.item");
        assertThat(trainer.progress().fieldWeights().values())
                .allSatisfy(weight -> assertThat(weight).isBetween(0.0, 2.0));
        assertThat(restored.progress().fieldWeights())
                .isEqualTo(trainer.progress().fieldWeights());
    }
}
