package dev.millrace.access;

import dev.millrace.experiment.Experiment;
import dev.millrace.operation.Operator;
import java.util.Optional;

/**
 * What bearers of the role {@link Role#ADMIN} may order. Safe for threads.
 *
 * <p>Each returns when the change is written, and throws what the commands throw that do the same.
 */
public interface Operations {

    /**
     * A change of the generation that is to answer.
     *
     * @param answered the one that was to answer before
     * @param note what to know of the one promoted
     */
    record Change(String promoted, Optional<String> answered, Optional<String> note) {

        public Change(String promoted, Optional<String> answered) {
            this(promoted, answered, Optional.empty());
        }
    }

    /** @throws dev.millrace.generation.GenerationRefusedException if it is not known, not complete, retired, or answers already */
    Change promote(Operator operator, String generation);

    /** @throws dev.millrace.generation.GenerationRefusedException if there is none to go back to */
    Change rollBack(Operator operator);

    /**
     * Starts an experiment.
     *
     * @throws IllegalArgumentException if the attribution of this server's settings does not count its goal
     * @throws dev.millrace.generation.GenerationRefusedException if its generations cannot answer so, or another one runs
     */
    Experiment startExperiment(Operator operator, String name, String control, String treatment, Experiment.Plan plan);

    /** @throws dev.millrace.generation.GenerationRefusedException if it does not run */
    Experiment stopExperiment(Operator operator, String name);

    /** Removes a user. Returns what stands for the user in the audit log. */
    String erase(Operator operator, String user);
}
