package dev.millrace.index;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ItemRowsTest {

    private final List<String> items = new ArrayList<>(); // by row, without gaps
    private final ItemRows rows = new ItemRows(items::get);
    private final Map<String, Integer> expected = new HashMap<>();

    /** "Aa" and "BB" have one hash code, so that any ids made of them in equal number collide. */
    @ParameterizedTest(name = "one in {0} has the hash code of others")
    @ValueSource(ints = {1, 4, 1 << 20})
    void itHasWhatAMapWouldHave(int oneIn) {
        SplittableRandom random = new SplittableRandom(oneIn);
        for (int round = 0; round < 60_000; round++) {
            boolean isGrowing = round % 20_000 < 12_000;
            String item = id(random.nextInt(6_000), oneIn);
            if (random.nextInt(10) < (isGrowing ? 7 : 2)) {
                add(item);
            } else {
                remove(item);
            }
            if (round % 5_000 == 0) {
                compare(oneIn);
            }
        }
        compare(oneIn);
        assertThat(expected).isNotEmpty();
        List.copyOf(items).forEach(this::remove);
        compare(oneIn);
    }

    private static String id(int number, int oneIn) {
        if (number % oneIn != 0) {
            return "i" + number;
        }
        StringBuilder id = new StringBuilder();
        for (int bit = 0; bit < 13; bit++) {
            id.append((number >> bit & 1) == 0 ? "Aa" : "BB");
        }
        return id.toString();
    }

    private void add(String item) {
        if (expected.putIfAbsent(item, items.size()) == null) {
            rows.makeRoom();
            items.add(item);
            rows.add(items.size() - 1);
        }
    }

    /** The last item takes the row of the one that goes. */
    private void remove(String item) {
        Integer row = expected.remove(item);
        if (row == null) {
            return;
        }
        int last = items.size() - 1;
        rows.remove(row);
        if (row != last) {
            rows.move(last, row);
            expected.put(items.get(last), row);
            items.set(row, items.get(last));
        }
        items.remove(last);
    }

    private void compare(int oneIn) {
        for (int number = 0; number < 6_000; number++) {
            String item = id(number, oneIn);
            OptionalInt row = expected.containsKey(item) ? OptionalInt.of(expected.get(item)) : OptionalInt.empty();
            assertThat(rows.row(item)).as(item).isEqualTo(row);
        }
    }
}
