package dev.millrace.train;

import dev.millrace.model.StepReport;
import dev.millrace.state.Outcome;
import java.util.Optional;

/**
 * The outcome of one mini-batch.
 *
 * @param outcome as the books count it
 * @param learnt the model's report of the step; absent if the model did not learn
 * @param refusal why the step was refused: it would have harmed the model; absent if it was not
 */
public record StepOutcome(Outcome outcome, Optional<StepReport> learnt, Optional<String> refusal) {}
