package dev.millrace.model.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class InitialRowsTest {

    @Test
    void componentsHaveMeanZeroAndTheGivenDeviation() {
        int keys = 4000;
        int dim = 8;
        float[] row = new float[dim];
        double sum = 0;
        double squares = 0;

        for (int key = 0; key < keys; key++) {
            new InitialRows(7, 0.1).fill("item", "i" + key, row, 0, dim);
            for (float component : row) {
                sum += component;
                squares += component * component;
            }
        }

        // 32,000 draws of deviation .1: the mean is good to .1/√32000 ≈ .0006, the deviation to .1/√64000 ≈ .0004
        int draws = keys * dim;
        assertThat(sum / draws).isCloseTo(0, within(0.002));
        assertThat(Math.sqrt(squares / draws)).isCloseTo(0.1, within(0.002));
    }

    @Test
    void seedTableAndKeyEachChangeTheRow() {
        float[] row = row(1, "item", "a");

        assertThat(row(1, "item", "a")).isEqualTo(row);
        assertThat(row(2, "item", "a")).isNotEqualTo(row);
        assertThat(row(1, "user", "a")).isNotEqualTo(row);
        assertThat(row(1, "item", "b")).isNotEqualTo(row);
        assertThat(row(1, "ite", "ma")).isNotEqualTo(row);
    }

    private static float[] row(long seed, String table, String key) {
        return new InitialRows(seed, 1).row(table, key, 4);
    }
}
