package dev.millrace.index;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RankedRowsTest {

    @Test
    void rowsWithoutFiniteBoundsAreRankedToo() {
        float[] bounds = {1, Float.NEGATIVE_INFINITY, Float.NaN, 2, Float.POSITIVE_INFINITY};
        RankedRows ranked = new RankedRows(bounds.length);
        for (int row = 0; row < bounds.length; row++) {
            ranked.put(row, bounds[row]);
        }
        ranked.rank();

        List<Integer> best = new ArrayList<>();
        while (!ranked.isEmpty()) {
            best.add(ranked.best());
            ranked.drop(ranked.best());
            ranked.settle();
        }

        assertThat(best).containsExactly(2, 4, 3, 0, 1); // the score of a NaN may be any
    }
}
