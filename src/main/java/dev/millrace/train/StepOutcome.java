package dev.millrace.train;

import dev.millrace.model.StepReport;

/** What became of one mini-batch. */
public sealed interface StepOutcome {

    /** The model learnt from it. */
    record Learnt(StepReport report) implements StepOutcome {}

    /** It only changed the catalogue. */
    record CatalogueOnly() implements StepOutcome {}

    /**
     * It would have made the model not finite, and was left.
     *
     * @param message what was not finite
     */
    record Refused(String message) implements StepOutcome {}
}
