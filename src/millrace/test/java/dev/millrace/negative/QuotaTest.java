package dev.millrace.negative;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class QuotaTest {

    @Test
    void growsEvenlyFromItsFirstStepAndEndsBehindItsLast() {
        Quota quota = new Quota(10, 3, 8, 4);

        // step 3 is the first of four: 2.5, 5, 7.5 and 10, rounded up; then 10 until step 8
        assertThat(IntStream.rangeClosed(1, 9).map(quota::at)).containsExactly(0, 0, 3, 5, 8, 10, 10, 10, 0);
    }
}
