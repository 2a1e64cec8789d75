package dev.millrace.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.batch.Catalogue;
import org.junit.jupiter.api.Test;

class TwoTowerTest {

    @Test
    void lossFallsOnBatchesSeenAgain() {
        Catalogue catalogue = Scenes.catalogue();
        try (TwoTower model = new TwoTower(Scenes.settings(), catalogue)) {
            double first = 0;
            double last = 0;

            for (int round = 0; round < 40; round++) {
                double sum = 0;
                for (int step = 1; step <= 5; step++) {
                    sum += model.learn(Scenes.batch(step, 24, 10)).loss();
                }
                first = round == 0 ? sum : first;
                last = sum;
            }

            assertThat(last).isLessThan(0.5 * first);
        }
    }
}
