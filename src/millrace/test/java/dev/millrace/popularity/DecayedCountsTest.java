package dev.millrace.popularity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class DecayedCountsTest {

    private static final double HALF_LIFE = 5;

    private record Addition(double time, double amount) {}

    @Test
    void aCountIsTheDecayedSumOfItsAdditionsWhateverIsAddedAndRemoved() {
        SplittableRandom random = new SplittableRandom(3);
        DecayedCounts counts = new DecayedCounts('P', HALF_LIFE, id -> id);
        Map<String, List<Addition>> reference = new HashMap<>();
        List<Addition> all = new ArrayList<>();

        for (int change = 0; change < 5_000; change++) {
            String item = "item-" + random.nextInt(200);
            if (random.nextInt(10) == 0) {
                counts.remove(item);
                reference.remove(item);
            } else {
                // mostly forwards, at times backwards
                Addition addition = new Addition(change / 50.0 - random.nextInt(4), random.nextInt(1, 4));
                counts.add(item, addition.time, addition.amount);
                reference.computeIfAbsent(item, id -> new ArrayList<>()).add(addition);
                all.add(addition);
            }
        }

        double end = 100;
        for (int number = 0; number < 200; number++) {
            String item = "item-" + number;
            assertThat(counts.count(item, end))
                    .as(item)
                    .isEqualTo(sum(reference.getOrDefault(item, List.of()), end), within(1e-9));
        }
        assertThat(counts.total(end)).isEqualTo(sum(all, end), within(1e-9));
        List<String> visited = new ArrayList<>();
        counts.forEachItem(visited::add);
        assertThat(visited).containsExactlyInAnyOrderElementsOf(reference.keySet());
    }

    @Test
    void keepsTheCopyOfAnIdThatItIsGiven() {
        String own = "the catalogue's";
        DecayedCounts counts = new DecayedCounts('P', HALF_LIFE, id -> id.equals(own) ? own : id);

        counts.add(new String(own.toCharArray()), 1, 1);

        counts.forEachItem(item -> assertThat(item).isSameAs(own));
    }

    private static double sum(List<Addition> additions, double end) {
        return additions.stream()
                .mapToDouble(addition -> addition.amount * StrictMath.pow(0.5, (end - addition.time) / HALF_LIFE))
                .sum();
    }
}
