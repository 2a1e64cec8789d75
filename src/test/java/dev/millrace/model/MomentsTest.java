package dev.millrace.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class MomentsTest {

    @Test
    void normalisesByMeanAndDeviation() {
        Moments moments = Moments.NONE.plus(1_000_001).plus(1_000_003).plus(1_000_005);

        // mean 1,000,003, variance (4 + 0 + 4) / 3
        assertThat(moments.normalise(1_000_005)).isCloseTo((float) (2 / Math.sqrt(8.0 / 3)), within(1e-6f));
        assertThat(moments.normalise(1_000_003)).isZero();
    }

    @Test
    void oneNumberOrAConstantNormalisesToZero() {
        assertThat(Moments.NONE.normalise(5)).isZero();
        assertThat(Moments.NONE.plus(3).normalise(5)).isZero();
        assertThat(Moments.NONE.plus(3).plus(3).normalise(5)).isZero();
    }

    @Test
    void outliersAreCut() {
        assertThat(Moments.NONE.plus(0).plus(2).normalise(1e12)).isEqualTo(8f);
    }
}
