package dev.millrace.alarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class BatchSharesTest {

    @Test
    void masksRepeatsAndTheMedianAreCounted() {
        MiniBatch batch = batch(
                List.of("a", "a", "b", "c"), new float[] {log(0.4), log(0.4), log(0.1), log(0.2)}, List.of("a", "d"));

        BatchShares shares = BatchShares.of(batch);

        // each of four rows has 5 columns beside its own: for either a the other a and the negative a, for b and c none
        assertThat(shares.masked()).isCloseTo(4.0 / 20, within(1e-12));
        assertThat(shares.repeated()).isEqualTo(0.25);
        // .1 .2 .4 .4
        assertThat(shares.medianProbability()).isCloseTo(0.4, within(1e-6));
    }

    @Test
    void aBatchOfOneExampleIsItsOwn() {
        BatchShares shares = BatchShares.of(batch(List.of("a"), new float[] {log(1)}, List.of()));

        assertThat(shares).isEqualTo(new BatchShares(0, 0, 1));
    }

    static MiniBatch batch(List<String> items, float[] logProbability, List<String> negatives) {
        List<TrainingExample> examples = new ArrayList<>();
        for (String item : items) {
            UserFeatures user = new UserFeatures("u", 1, Features.NONE, List.of());
            examples.add(new TrainingExample("e" + examples.size(), user, Features.NONE, item, "click", 1, 1, 0));
        }
        return new MiniBatch(
                1, 1, List.of(), examples, logProbability, negatives, new float[negatives.size()], items.size());
    }

    private static float log(double value) {
        return (float) Math.log(value);
    }
}
