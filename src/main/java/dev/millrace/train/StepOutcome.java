package dev.millrace.train;

import dev.millrace.model.StepReport;
import java.util.Optional;

/** What became of one mini-batch. */
public sealed interface StepOutcome {

    /** Why the step was refused; absent if it was not. */
    Optional<String> refusal();

    /** The model learnt from it. */
    record Learnt(StepReport report) implements StepOutcome {

        @Override
        public Optional<String> refusal() {
            return Optional.empty();
        }
    }

    /** It only changed the catalogue. */
    record CatalogueOnly() implements StepOutcome {

        @Override
        public Optional<String> refusal() {
            return Optional.empty();
        }
    }

    /** All of it happened before {@code learn.from}: catalogue and popularity follow it, the model does not. */
    record PassedOver() implements StepOutcome {

        @Override
        public Optional<String> refusal() {
            return Optional.empty();
        }
    }

    /**
     * It would have harmed the model, and was left.
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
