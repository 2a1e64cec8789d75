package dev.millrace.evaluate;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.model.StepTimes;
import dev.millrace.operation.Progress;
import dev.millrace.train.TrainerSettings;
import java.util.List;

/**
 * What every protocol starts from.
 *
 * @param shares how the examples are divided
 * @param trainer settings of the model, which is new in each run
 * @param times receives the phases of each learning step
 * @param progress is told after each batch how many examples were learnt or ranked, each pass counted
 */
public record Evaluation(
        PrequentialSettings shares,
        RecordedExamples recorded,
        TrainerSettings trainer,
        StepTimes times,
        Progress progress) {

    /** The examples up to the end of the share of the positives that is used. */
    List<TrainingExample> used() {
        List<TrainingExample> examples = recorded.examples();
        return examples.subList(0, Passes.endOf(examples, shares.first()));
    }
}
