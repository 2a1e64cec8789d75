package dev.millrace.model.table;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;

class RecencyOrderTest {

    @Property(tries = 200)
    void agreesWithALinkedMapWhoseEntriesAreReinserted(@ForAll long seed) {
        Random random = new Random(seed);
        RecencyOrder order = new RecencyOrder();
        Map<Integer, Long> reference = new LinkedHashMap<>();
        for (long moment = 1; moment <= 300; moment++) {
            int number = random.nextInt(40);
            reference.remove(number);
            if (random.nextInt(4) == 0) {
                order.remove(number);
            } else {
                order.touch(number, moment, 10 * moment);
                reference.put(number, moment);
            }
        }
        RecencyOrder restored = new RecencyOrder();
        List<Integer> numbers = new ArrayList<>(reference.keySet());
        Collections.shuffle(numbers, random);
        numbers.forEach(number -> restored.restore(number, order.moment(number), order.time(number)));

        assertThat(emptied(order)).containsExactlyElementsOf(reference.keySet());
        assertThat(emptied(restored)).containsExactlyElementsOf(reference.keySet());
    }

    private static List<Integer> emptied(RecencyOrder order) {
        List<Integer> numbers = new ArrayList<>();
        for (int oldest = order.oldest(); oldest != RecencyOrder.NONE; oldest = order.oldest()) {
            assertThat(order.time(oldest)).isEqualTo(10 * order.moment(oldest));
            numbers.add(oldest);
            order.remove(oldest);
        }
        return numbers;
    }
}
