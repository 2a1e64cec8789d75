package dev.millrace.train;

import dev.millrace.model.StepReport;

/** What became of one mini-batch. */
public sealed interface StepOutcome {

    /** The model learnt from it. */
    record Learnt(StepReport report) implements StepOutcome {}

    /** It only changed the catalogue. */
    record CatalogueOnly() implements StepOutcome {}

    /** All of it happened before {@code learn.from}: catalogue and popularity follow it, the model does not. */
    record PassedOver() implements StepOutcome {}

    /**
     * It would have harmed the model, and was left.
     *
     * @param message what was found
     */
    record Refused(String message) implements StepOutcome {}
}
