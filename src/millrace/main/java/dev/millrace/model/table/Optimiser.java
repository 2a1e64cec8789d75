package dev.millrace.model.table;

import dev.millrace.settings.SettingsReader;

/**
 * How a step updates the weights.
 *
 * @param dense for the networks: all their gradients are clipped together, and the penalty is on their matrices
 * @param rows for the embedding rows: each row's gradient is clipped by itself, and the penalty is on the rows that a step
 *     reads
 */
public record Optimiser(Descent dense, Descent rows, double refuseGradientNorm) {

    public static Optimiser read(SettingsReader reader) {
        return new Optimiser(
                Descent.networks(reader),
                Descent.rows(reader),
                reader.number(
                        "optimiser.refuse-gradient-norm = 1000 in [0, 1.0E30]: L2 norm of the networks' or of the "
                                + "rows' gradient above which a step is refused; 0: never"));
    }
}
