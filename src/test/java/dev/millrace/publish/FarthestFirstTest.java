package dev.millrace.publish;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.publish.PublicationOrder.Moment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
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
        FarthestFirst moved = new FarthestFirst();
        LatestVector[] vectors = new LatestVector[80];
        for (int round = 0; round < 3_000; round++) {
            int at = random.nextInt(vectors.length);
            if (vectors[at] == null || random.nextInt(10) == 0) {
                if (vectors[at] != null) {
                    moved.forget(vectors[at]);
                    publications.leave(vectors[at].from);
                }
                vectors[at] = new LatestVector("i" + at, publications.join(new Moment(round / 50, 0)));
            } else {
                grow(vectors, random).forEach(moved::rise);
            }
            int even = random.nextInt(2);
            Predicate<String> isWanted = item -> Integer.parseInt(item.substring(1)) % 2 == even;
            int count = random.nextInt(20);

            List<String> found = moved.farthest(count, isWanted);

            assertThat(found).isEqualTo(bySort(vectors, count, isWanted));
        }
    }

    /** Several vectors grow before the heap knows of one. */
    private static List<LatestVector> grow(LatestVector[] vectors, Random random) {
        List<LatestVector> grown = new ArrayList<>();
        for (int count = 1 + random.nextInt(8); count > 0; count--) {
            LatestVector vector = vectors[random.nextInt(vectors.length)];
            if (vector != null) {
                vector.moved += random.nextInt(4);
                grown.add(vector);
            }
        }
        return grown;
    }

    private static List<String> bySort(LatestVector[] vectors, int count, Predicate<String> isWanted) {
        return Arrays.stream(vectors)
                .filter(vector -> vector != null && vector.moved > 0 && isWanted.test(vector.item))
                .sorted(Comparator.comparingDouble((LatestVector vector) -> -vector.moved)
                        .thenComparingLong(vector -> vector.from.made().step())
                        .thenComparing(vector -> vector.item))
                .limit(count)
                .map(vector -> vector.item)
                .sorted()
                .toList();
    }
}
