package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class AnswerLogTest {

    @Test
    void ofManyAnswersInARowTheSampleIsItsShare() {
        for (double share : new double[] {0.001, 0.1, 0.37, 1}) {
            for (long first : new long[] {0, 12_345, 1L << 40}) {
                long sampled = LongStream.range(first, first + 10_000)
                        .filter(number -> AnswerLog.isSampled(number, share))
                        .count();

                // multiples of the golden ratio are spread so evenly that a run is a few off at most
                assertThat(sampled).isBetween((long) (10_000 * share) - 5, (long) (10_000 * share) + 5);
            }
        }
    }
}
