package dev.millrace.publish;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.publish.PublicationOrder.Moment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FarthestFirstTest {

    /** Against a sort of all items by distance, age and id; distances are few, so many are equal. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void itFindsWhatASortOfAllFinds(long seed) {
        Random random = new Random(seed);
        Publications publications = new Publications();
        LatestVectors vectors = new LatestVectors();
        FarthestFirst moved = new FarthestFirst(vectors);
        Map<String, Float> distances = new HashMap<>();
        for (int round = 0; round < 3_000; round++) {
            String item = item(random);
            if (!distances.containsKey(item) || random.nextInt(10) == 0) {
                vectors.remove(item).ifPresent(vector -> {
                    moved.forget(vector.number);
                    publications.leave(vector.from);
                });
                distances.remove(item);
                if (random.nextInt(3) > 0) {
                    vectors.add(item, publications.join(new Moment(round / 50, 0)));
                    distances.put(item, 0f);
                }
            } else {
                grow(vectors, moved, distances, random);
            }
            int even = random.nextInt(2);
            Predicate<String> isWanted = one -> Integer.parseInt(one.substring(1)) % 2 == even;
            int count = random.nextInt(20);

            List<String> found = moved.farthest(count, isWanted);

            assertThat(found).isEqualTo(bySort(vectors, distances, count, isWanted));
        }
    }

    /** Several vectors grow before the heap knows of one. */
    private static void grow(LatestVectors vectors, FarthestFirst moved, Map<String, Float> distances, Random random) {
        List<Integer> grown = new ArrayList<>();
        for (int count = 1 + random.nextInt(8); count > 0; count--) {
            String item = item(random);
            float distance = random.nextInt(4);
            vectors.of(item).ifPresent(vector -> {
                moved.add(vector.number, distance);
                distances.merge(item, distance, Float::sum);
                grown.add(vector.number);
            });
        }
        grown.forEach(moved::rise);
    }

    private static String item(Random random) {
        return "i" + random.nextInt(80);
    }

    private static List<String> bySort(
            LatestVectors vectors, Map<String, Float> distances, int count, Predicate<String> isWanted) {
        return distances.entrySet().stream()
                .filter(each -> each.getValue() > 0 && isWanted.test(each.getKey()))
                .sorted(Comparator.comparingDouble((Map.Entry<String, Float> each) -> -each.getValue())
                        .thenComparingLong(each -> vectors.of(each.getKey())
                                .orElseThrow()
                                .from
                                .made()
                                .step())
                        .thenComparing(Map.Entry::getKey))
                .limit(count)
                .map(Map.Entry::getKey)
                .sorted()
                .toList();
    }
}
