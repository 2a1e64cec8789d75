package dev.millrace.negative;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.catalogue.Catalogues;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.popularity.ItemPopularity;
import dev.millrace.state.CounterRandom;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PowerDrawsTest {

    private static final long TIME = 1_700_000_000_000L;
    private static final int DRAWS = 200_000;

    private final Catalogue catalogue = new Catalogue('C');

    @Test
    void drawsHaveTheProbabilitiesThatAreTold() {
        ItemPopularity.Decayed popularity = new ItemPopularity.Decayed('P', 50, catalogue);
        addItems(20);
        for (int at = 0; at < 20; at += 2) { // every other item, some of them long ago
            popularity.observe(numbers(Collections.nCopies(1 + at * at, "i" + at)));
        }
        PowerDraws draws = new PowerDraws(catalogue, popularity, 0.75);

        Map<String, Integer> counts = new HashMap<>();
        for (int slot = 0; slot < DRAWS; slot++) {
            counts.merge(catalogue.itemAt(draws.now().draw(1, 2, slot)), 1, Integer::sum);
        }

        double sum = 0;
        for (int at = 0; at < 20; at++) {
            double expected = Math.exp(draws.now().logProbability(at));
            // five standard errors of a share of 200,000 draws
            assertThat((double) counts.getOrDefault("i" + at, 0) / DRAWS)
                    .isCloseTo(expected, within(5 * Math.sqrt(expected / DRAWS) + 1e-9));
            sum += expected;
        }
        assertThat(sum).isCloseTo(1, within(1e-12));
    }

    @Test
    void probabilitiesFollowThePowerOfTheCount() {
        ItemPopularity.Decayed popularity = new ItemPopularity.Decayed('P', 8, catalogue);
        addItems(3);
        popularity.observe(numbers(Collections.nCopies(16, "i0")));
        popularity.observe(numbers(Collections.nCopies(8, "i1")));
        PowerDraws draws = new PowerDraws(catalogue, popularity, 0.5);

        // counts 8 (16, halved), 8 and 0: with epsilon .1 the weights are √8 + √.1, the same, and √.1; .3162 of 2.8284
        double root = Math.sqrt(0.1);
        double sum = 2 * Math.sqrt(8) + 3 * root;
        assertThat(Math.exp(draws.now().logProbability(0))).isCloseTo((Math.sqrt(8) + root) / sum, within(1e-12));
        assertThat(Math.exp(draws.now().logProbability(1))).isCloseTo((Math.sqrt(8) + root) / sum, within(1e-12));
        assertThat(Math.exp(draws.now().logProbability(2))).isCloseTo(root / sum, within(1e-12));
    }

    @Test
    void wholePowerIsThePopularityItself() {
        ItemPopularity.Decayed popularity = new ItemPopularity.Decayed('P', 100, catalogue);
        addItems(10);
        popularity.observe(numbers(List.of("i1", "i2", "i2", "i3")));
        popularity.observe(numbers(List.of("i1", "i7")));
        PowerDraws draws = new PowerDraws(catalogue, popularity, 1);

        IntStream.range(0, 10).forEach(at -> assertThat(draws.now().logProbability(at))
                .isCloseTo(popularity.logProbability(at, 10), within(1e-12)));
    }

    @Test
    void keptUpItDrawsWhatOneBuiltAnewDraws() {
        ItemPopularity.Decayed popularity = new ItemPopularity.Decayed('P', 3, catalogue); // many epochs
        addItems(5);
        PowerDraws kept = new PowerDraws(catalogue, popularity, 0.75);
        for (int step = 0; step < 400; step++) {
            String item = "i" + CounterRandom.below(40, 9, 0, step);
            if (step % 3 == 0) {
                change(new CatalogueChange.Removal("i" + CounterRandom.below(40, 9, 1, step), TIME), kept);
            }
            change(new CatalogueChange.Upsert(new CatalogueItem(item, TIME, Features.NONE)), kept);
            popularity.observe(numbers(List.of(item, item)));
            int number = catalogue.number(item).orElseThrow();
            kept.refresh(number);

            PowerDraws anew = new PowerDraws(catalogue, popularity, 0.75);

            assertThat(kept.now().draw(step, 2, 0)).isEqualTo(anew.now().draw(step, 2, 0));
            assertThat(kept.now().logProbability(number)).isEqualTo(anew.now().logProbability(number));
        }
    }

    private void change(CatalogueChange change, PowerDraws draws) {
        int behind = catalogue.size();
        int number = catalogue.number(change.itemId()).orElse(behind);
        catalogue.apply(change);
        draws.refresh(number);
        if (catalogue.size() < behind) {
            draws.refresh(behind - 1);
        }
    }

    private int[] numbers(List<String> items) {
        return Catalogues.numbers(catalogue, items);
    }

    private void addItems(int count) {
        IntStream.range(0, count)
                .forEach(at ->
                        catalogue.apply(new CatalogueChange.Upsert(new CatalogueItem("i" + at, TIME, Features.NONE))));
    }
}
