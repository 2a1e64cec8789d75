package dev.millrace.workshop.evaluate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.model.StepTimes.Phase;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LearningTimeTest {

    private static final long WORK_NANOS = TimeUnit.MILLISECONDS.toNanos(200);

    private final EvaluationRun.LearningTime time = new EvaluationRun.LearningTime();

    @Test
    void workOfTheLearningThreadCounts() {
        time.begin();
        work();
        time.lap(Phase.FORWARD);

        // 0.2 s, less where others have the processor: an example in so long is 5 a second, or more; never 0.4 s
        assertThat(time.perSecond(1)).isBetween(2.5, 5_000.0);
    }

    @Test
    void workOfOthersAndTimeBetweenStepsDoNot() throws InterruptedException {
        Thread other = new Thread(LearningTimeTest::work);

        time.begin();
        other.start();
        other.join();
        time.lap(Phase.FORWARD);
        work();
        time.begin();
        time.lap(Phase.FORWARD);

        // 0.2 s of work would be 5 a second, half of it 10
        assertThat(time.perSecond(1)).isGreaterThan(10);
    }

    /** Keeps the processor busy for some time by the clock on the wall. */
    private static void work() {
        long begin = System.nanoTime();
        while (System.nanoTime() - begin < WORK_NANOS) {
            Thread.onSpinWait();
        }
    }
}
