package dev.millrace.train;

import dev.millrace.model.StepReport;
import java.util.Optional;

/** The outcome of one mini-batch. */
public sealed interface StepOutcome {

    /** The model's report of the step; absent if the model did not learn. */
    default Optional<StepReport> learnt() {
        return Optional.empty();
    }

    /** Returns why the step was refused; absent if it was not. */
    default Optional<String> refusal() {
        return Optional.empty();
    }

    /** The model learnt from it. */
    record Learnt(StepReport report) implements StepOutcome {
        @Override
        public Optional<StepReport> learnt() {
            return Optional.of(report);
        }
    }

    /** The batch only changed the catalogue. */
    record CatalogueOnly() implements StepOutcome {}

    /**
     * All events of the batch are before {@code learn.from}: catalogue and popularity learn from it, the model does
     * not.
     */
    record PassedOver() implements StepOutcome {}

    /**
     * The batch would have harmed the model and was not learnt.
     *
     * @param message what was found
     */
    record Refused(String message) implements StepOutcome {
        @Override
        public Optional<String> refusal() {
            return Optional.of(message);
        }
    }
}
