package dev.millrace.alarm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.Batches;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.model.Scenes;
import dev.millrace.state.Form;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ItemSurgeTest {

    private static final long TIME = 1_767_225_600_000L;

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

    /** Nothing of an item may stay where its removal is promised, whether it is counted now or only the last measurement knows it. */
    @ParameterizedTest
    @ValueSource(ints = {0, 200})
    void aRemovedItemIsForgottenAndAListedOneIsNot(int clicksNow) {
        add(surge, 0, "spam", 200);
        surge.measure();
        add(surge, 0, "spam", clicksNow);

        assertThat(surge.forget(change(new CatalogueChange.Upsert(new CatalogueItem("spam", TIME, Features.NONE)))))
                .isFalse();
        assertThat(surge.item()).contains("spam");
        assertThat(surge.forget(change(new CatalogueChange.Removal("spam", TIME))))
                .isTrue();

        assertThat(surge.item()).isEmpty();
        assertThat(surge.measure()).isZero();
        assertThat(surge.forget(change(new CatalogueChange.Removal("spam", TIME))))
                .isFalse();
    }

    private static MiniBatch change(CatalogueChange change) {
        return Batches.of(1, List.of(change), List.of());
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
            examples.add(Scenes.weighing(weight, Scenes.click("u" + at, item, 1)));
        }
        float[] logs = new float[clicks];
        Arrays.fill(logs, (float) Math.log(before));
        return Batches.of(1, 1, List.of(), examples, logs, List.of(), new float[0], 1000);
    }
}
