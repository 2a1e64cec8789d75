package dev.millrace.evaluate;

import dev.millrace.model.StepTimes;
import dev.millrace.operation.Progress;
import dev.millrace.train.TrainerSettings;
import java.util.function.BooleanSupplier;

/**
 * What every protocol starts from.
 *
 * @param shares how the examples are divided
 * @param trainer settings of the model, which is new in each run
 * @param times receives the phases of each learning step
 * @param progress is told after each batch how many examples were learnt or ranked, each pass counted
 * @param isStopped whether to end early, with what was ranked until then
 */
public record Evaluation(
        PrequentialSettings shares,
        RecordedExamples recorded,
        TrainerSettings trainer,
        StepTimes times,
        Progress progress,
        BooleanSupplier isStopped) {

    private static final int LEAST_STRETCHES = 64;

    /** Number of the first examples, up to the end of the share of the positives that is used. */
    int used() {
        return recorded.endOf(recorded.size(), shares.first());
    }

    /** The sample of the queries among examples: at most as many as there are positives. A small one has short stretches, so that it has some. */
    QuerySample sample(int from, int to) {
        long length = Math.max(1, Math.min(QuerySample.STRETCH, shares.queries() / LEAST_STRETCHES));
        return QuerySample.of(
                shares.queries(),
                recorded.positives(from, to),
                (int) length,
                trainer.batch().seed());
    }
}
