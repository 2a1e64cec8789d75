package dev.millrace.model.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ExponentialTest {

    @Test
    void isWithinAFewRoundingsOfTheExactValue() {
        int count = 64_001;
        float[] numbers = new float[count];
        float[] exponentials = new float[count];
        for (int at = 0; at < count; at++) {
            numbers[at] = -at / 1000f;
            exponentials[at] = numbers[at];
        }

        float sum = Exponential.replace(exponentials, count, 0f, new float[count]);

        double worst = 0;
        double exactSum = 0;
        for (int at = 0; at < count; at++) {
            double exact = StrictMath.exp(numbers[at]);
            worst = Math.max(worst, Math.abs(exponentials[at] - exact) / exact);
            exactSum += exact;
        }
        // half a unit in the last place of a float is 6e-8
        assertThat(worst).isLessThan(2e-7);
        assertThat(Math.abs(sum - exactSum) / exactSum).isLessThan(1e-4);
    }

    @Test
    void maximumBecomesOneAndFarSmallerNumbersAlmostZero() {
        float[] numbers = {1000f, 999f, 0f, Float.NEGATIVE_INFINITY, 1000f};

        float sum = Exponential.replace(numbers, 5, 1000f, new float[5]);

        assertThat(numbers[0]).isEqualTo(1f);
        assertThat(numbers[4]).isEqualTo(1f);
        assertThat(numbers[2]).isBetween(0f, 1e-27f);
        assertThat(numbers[3]).isBetween(0f, 1e-27f);
        assertThat(sum).isEqualTo(2f + numbers[1]);
    }

    @Test
    void lengthThatIsNoMultipleOfFourIsSummedWhole() {
        for (int count = 1; count <= 9; count++) {
            assertThat(Exponential.replace(new float[9], count, 0f, new float[9]))
                    .isEqualTo((float) count);
        }
    }
}
