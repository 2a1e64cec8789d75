package dev.millrace.neighbour;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class NumberSumsTest {

    @Test
    void sumsComeInTheOrderOfTheirNumbersAndAreForgotten() {
        NumberSums sums = new NumberSums();
        Random random = new Random(1);
        for (int size : new int[] {10, 64, 100_000, 70}) {
            sums.reserve(size);
            SortedMap<Integer, Double> expected = new TreeMap<>();
            for (int part = 0; part < 200; part++) {
                int number = random.nextInt(size);
                double value = random.nextDouble();
                sums.add(number, value);
                expected.merge(number, value, Double::sum);
            }

            assertThat(sums.count()).isEqualTo(expected.size());
            SortedMap<Integer, Double> found = new TreeMap<>();
            int[] numbers = new int[sums.count()];
            sums.take(numbers, (at, sum) -> found.put(numbers[at], sum));

            assertThat(numbers).isSorted();
            assertThat(found).isEqualTo(expected);
            assertThat(sums.count()).isZero();
        }
    }
}
