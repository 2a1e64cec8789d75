package dev.millrace.index;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

class ContendersTest {

    /** Bounds are often equal, and sometimes none. */
    @Property(tries = 300)
    void theFloorIsTheLeastOfTheLargestLowerBounds(
            @ForAll long seed, @ForAll @IntRange(min = 1, max = 200) int k, @ForAll @IntRange(max = 5_000) int rows) {
        Random random = new Random(seed);
        Contenders contenders = new Contenders(k, rows);
        List<Float> uppers = new ArrayList<>();
        List<Float> lowers = new ArrayList<>();
        for (int row = 0; row < rows; row++) {
            float lower = lower(random);
            uppers.add(lower + random.nextInt(3));
            contenders.add(row, uppers.get(row), lower);
            if (Float.isFinite(lower)) {
                lowers.add(lower);
            }
        }
        lowers.sort(Collections.reverseOrder());
        int wanted = Math.max(1, Math.min(k, rows));
        float floor = lowers.size() < wanted ? Float.NEGATIVE_INFINITY : lowers.get(wanted - 1);
        List<Integer> expected = new ArrayList<>();
        for (int row = 0; row < rows; row++) {
            if (!(uppers.get(row) < floor)) {
                expected.add(row);
            }
        }

        List<Integer> visited = new ArrayList<>();
        contenders.forEach(visited::add);

        assertThat(contenders.floor()).isEqualTo(floor);
        assertThat(visited).isEqualTo(expected);
    }

    private static float lower(Random random) {
        return switch (random.nextInt(20)) {
            case 0 -> Float.NaN;
            case 1 -> Float.POSITIVE_INFINITY;
            case 2 -> Float.NEGATIVE_INFINITY;
            default -> random.nextInt(1_000) / 8f - 60;
        };
    }
}
