package dev.millrace.model;

import dev.millrace.feature.FeatureSpec;
import dev.millrace.settings.SettingsReader;
import java.util.List;

/**
 * The model as declared.
 *
 * @param seed of every initial weight
 * @param generation names the lineage of weights; raised to start anew
 * @param dim width of the published vectors
 * @param user inputs of the user tower: sources user, context, history
 * @param item inputs of the item tower: source item
 */
public record ModelSettings(long seed, String generation, int dim, List<FeatureSpec> user, List<FeatureSpec> item) {

    public static ModelSettings read(SettingsReader reader) {
        return new ModelSettings(
                reader.longInteger(
                        "model.seed", 1, Long.MIN_VALUE, Long.MAX_VALUE, "of every initial weight and every draw"),
                "",
                1,
                List.of(),
                List.of());
    }
}
