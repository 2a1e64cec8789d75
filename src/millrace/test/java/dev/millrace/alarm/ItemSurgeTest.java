package dev.millrace.alarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.Batches;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.Form;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ItemSurgeTest {

    private final Random random = new Random(1);
    private final ItemSurge surge = new ItemSurge();

    @Test
    void accountsThatClickOneItemAreNamedWithTheItem() {
        add(surge, 5900, "i0", 0);
        add(surge, 0, "spam", 500);

        double value = surge.measure();

        // 500 of 6,400 clicks are .078; before, it had .001; the counters may miss 6,400 / 65 clicks
        assertThat(value).isLessThan(500 / 6400. - 10 * .001 + 1e-6).isGreaterThan(500 / 6400. - 10 * .001 - 1 / 65.);
        assertThat(surge.item()).contains("spam");
    }

    @Test
    void clicksAsBeforeAreNone() {
        add(surge, 6400, "i0", 0);

        assertThat(surge.measure()).isZero();
    }

    @Test
    void anItemThatAlwaysHadItsShareIsNoSurge() {
        add(surge, 1000, "i0", 0);
        surge.add(batch("hit", 1000, .5)); // half of all clicks, as before

        assertThat(surge.measure()).isZero();
    }

    @Test
    void fewClicksAreNone() {
        add(surge, 0, "spam", ItemSurge.LEAST_CLICKS - 1);
        assertThat(surge.measure()).isZero();

        add(surge, 0, "spam", ItemSurge.LEAST_CLICKS);
        assertThat(surge.measure()).isCloseTo(1 - 10 * .001, within(1e-6));
    }

    @Test
    void repeatedClicksOfOneUserDoNotCount() {
        add(surge, 1000, "i0", 0);
        surge.add(batch("spam", 1000, .001, 1e-6));

        assertThat(surge.measure()).isZero();
    }

    /** Nothing of an item may stay where its removal is promised. */
    @Test
    void aRemovedItemIsForgotten() {
        add(surge, 0, "spam", 200);
        surge.measure();
        add(surge, 0, "spam", 200);

        assertThat(surge.forget(removal("spam"))).isTrue();

        assertThat(surge.item()).isEmpty();
        assertThat(surge.measure()).isZero();
        assertThat(surge.forget(removal("spam"))).isFalse();
    }

    @Test
    void anItemThatOnlyTheLastMeasurementKnowsIsForgottenToo() {
        add(surge, 0, "spam", 200);
        surge.measure();

        assertThat(surge.forget(removal("spam"))).isTrue();

        assertThat(surge.item()).isEmpty();
    }

    @Test
    void anItemThatIsListedAgainIsNotForgotten() {
        add(surge, 0, "spam", 200);

        assertThat(surge.forget(change(new CatalogueChange.Upsert(
                        new CatalogueItem("spam", 1_767_225_600_000L, Features.NONE), true))))
                .isFalse();

        assertThat(surge.measure()).isPositive();
    }

    private static MiniBatch removal(String item) {
        return change(new CatalogueChange.Removal(item, 0));
    }

    private static MiniBatch change(CatalogueChange change) {
        return Batches.of(1, 1, List.of(change), List.of(), new float[0], List.of(), new float[0], 1);
    }

    @Test
    void restoredItGoesOnAsTheOther() {
        ItemSurge other = new ItemSurge();
        add(surge, 0, "before", 200);
        surge.measure();
        add(surge, 900, "i0", 70);
        Form.restore(Form.written(surge::fields), other::fields);
        assertThat(other.item()).contains("before");

        for (ItemSurge each : List.of(surge, other)) {
            each.add(batch("spam", 200, .001));
        }

        assertThat(other.measure()).isEqualTo(surge.measure()).isPositive();
        assertThat(other.item()).isEqualTo(surge.item());
    }

    /** Clicks on a thousand items that are equally popular, and on one. */
    private void add(ItemSurge to, int others, String item, int clicks) {
        for (int at = 0; at < others; at++) {
            to.add(batch("i" + random.nextInt(1000), 1, .001));
        }
        to.add(batch(item, clicks, .001));
    }

    private static MiniBatch batch(String item, int clicks, double before) {
        return batch(item, clicks, before, 1);
    }

    private static MiniBatch batch(String item, int clicks, double before, double weight) {
        List<TrainingExample> examples = new ArrayList<>();
        for (int at = 0; at < clicks; at++) {
            UserFeatures user = new UserFeatures("u" + at, 1, Features.NONE, List.of());
            examples.add(new TrainingExample("e" + at, user, Features.NONE, item, "click", weight, 1, 0));
        }
        float[] logs = new float[clicks];
        Arrays.fill(logs, (float) Math.log(before));
        return Batches.of(1, 1, List.of(), examples, logs, List.of(), new float[0], 1000);
    }
}
