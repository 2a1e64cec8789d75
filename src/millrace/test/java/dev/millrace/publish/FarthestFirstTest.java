package dev.millrace.publish;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.Catalogues;
import dev.millrace.model.MovedItems;
import dev.millrace.publish.PublicationOrder.Moment;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Predicate;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FarthestFirstTest {

    private record Published(long step, float distance) {}

    /** Against a sort of all items by distance, age and id; distances are few, so many are equal. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void itFindsWhatASortOfAllFinds(long seed) {
        Random random = new Random(seed);
        Catalogue catalogue = new Catalogue('C');
        PublicationOrder order = new PublicationOrder(catalogue, (byte) 'v');
        Map<String, Published> all = new HashMap<>();
        for (int round = 0; round < 3_000; round++) {
            String item = item(random);
            if (!all.containsKey(item) || random.nextInt(10) == 0) {
                Catalogues.remove(catalogue, item);
                all.remove(item);
                if (random.nextInt(3) > 0) {
                    long step = round / 50;
                    order.published(Catalogues.list(catalogue, item), new Moment(step, 0));
                    all.put(item, new Published(step, 0));
                }
            } else {
                order.moved(moved(all, random));
            }
            int even = random.nextInt(2);
            Predicate<String> isWanted = one -> Integer.parseInt(one.substring(1)) % 2 == even;
            int count = random.nextInt(20);

            List<String> found = order.farthest(count, isWanted);

            assertThat(found).isEqualTo(bySort(all, count, isWanted));
        }
    }

    /** The rows of several items, known or not, some of them twice. */
    private static MovedItems moved(Map<String, Published> all, Random random) {
        MovedItems moved = new MovedItems();
        for (int count = 1 + random.nextInt(8); count > 0; count--) {
            String item = item(random);
            float distance = random.nextInt(4);
            moved.add(item, distance);
            all.computeIfPresent(item, (same, known) -> new Published(known.step(), known.distance() + distance));
        }
        return moved;
    }

    private static String item(Random random) {
        return "i" + random.nextInt(80);
    }

    private static List<String> bySort(Map<String, Published> all, int count, Predicate<String> isWanted) {
        return all.entrySet().stream()
                .filter(each -> each.getValue().distance() > 0 && isWanted.test(each.getKey()))
                .sorted(Comparator.comparingDouble((Map.Entry<String, Published> each) ->
                                -each.getValue().distance())
                        .thenComparingLong(each -> each.getValue().step())
                        .thenComparing(Map.Entry::getKey))
                .limit(count)
                .map(Map.Entry::getKey)
                .sorted()
                .toList();
    }
}
