package dev.millrace.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class ExponentialTest {

    @Test
    void isWithinFewRoundingsOfTheExactOne() {
        double worst = 0;

        for (float x = -87f; x <= 87f; x += 0.00137f) {
            double exact = StrictMath.exp(x);
            worst = Math.max(worst, Math.abs(Exponential.of(x) - exact) / exact);
        }

        // half a unit in the last place of a float is 6e-8
        assertThat(worst).isLessThan(2e-7);
    }

    @Test
    void endsAreThoseOfTheExponential() {
        assertThat(Exponential.of(0f)).isEqualTo(1f);
        assertThat(Exponential.of(Float.NEGATIVE_INFINITY)).isZero();
        assertThat(Exponential.of(-1000f)).isZero();
        assertThat(Exponential.of(1000f)).isInfinite();
        assertThat(Exponential.of(Float.NaN)).isNaN();
        assertThat(Exponential.of(1f)).isCloseTo((float) Math.E, within(3e-7f));
    }
}
