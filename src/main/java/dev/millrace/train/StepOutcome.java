package dev.millrace.train;

import dev.millrace.model.StepReport;
import java.util.Optional;

/** The outcome of one mini-batch. */
public sealed interface StepOutcome {

    /** The model's report of the step; absent if the model did not learn. */
    Optional<StepReport> learnt();

    /** Returns why the step was refused; absent if it was not. */
    Optional<String> refusal();

    /** The model learnt from it. */
    record Learnt(StepReport report) implements StepOutcome {

        @Override
        public Optional<StepReport> learnt() {
            return Optional.of(report);
        }

        @Override
        public Optional<String> refusal() {
            return Optional.empty();
        }
    }

    /** The batch only changed the catalogue. */
    record CatalogueOnly() implements StepOutcome {

        @Override
        public Optional<StepReport> learnt() {
            return Optional.empty();
        }

        @Override
        public Optional<String> refusal() {
            return Optional.empty();
        }
    }

    /**
     * All events of the batch are before {@code learn.from}: catalogue and popularity learn from it, the model does
     * not.
     */
    record PassedOver() implements StepOutcome {

        @Override
        public Optional<StepReport> learnt() {
            return Optional.empty();
        }

        @Override
        public Optional<String> refusal() {
            return Optional.empty();
        }
    }

    /**
     * The batch would have harmed the model and was not learnt.
     *
     * @param message what was found
     */
    record Refused(String message) implements StepOutcome {

        @Override
        public Optional<StepReport> learnt() {
            return Optional.empty();
        }

        @Override
        public Optional<String> refusal() {
            return Optional.of(message);
        }
    }
}
