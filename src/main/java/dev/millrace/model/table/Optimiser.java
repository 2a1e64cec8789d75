package dev.millrace.model.table;

import dev.millrace.settings.SettingsReader;

/**
 * How a step moves the weights.
 *
 * @param dense of the networks: their gradients are clipped all together, their matrices are penalised
 * @param rows of the embedding rows: their gradients are clipped a row, those that a step reads are penalised
 * @param refuseGradientNorm a step is refused whose gradient, of the networks or of the rows, has a larger L2 norm; 0 never
 */
public record Optimiser(Descent dense, Descent rows, double refuseGradientNorm) {

    public static Optimiser read(SettingsReader reader) {
        return new Optimiser(
                DescentSettings.networks(reader),
                DescentSettings.rows(reader),
                reader.number(
                        "optimiser.refuse-gradient-norm",
                        1000,
                        0,
                        1e30,
                        "L2 norm of the networks' or of the rows' gradient above which a step is refused; 0: never"));
    }
}
