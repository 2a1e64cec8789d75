package dev.millrace.model.loss;

import dev.millrace.batch.MiniBatch;
import dev.millrace.settings.SettingsReader;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Weights of the losses of the actions that channels name.
 *
 * @param weights by action; any other action has weight 1
 * @param learningRate Adagrad learning rate of the variances' logarithms: that of the networks, whose gradients they share
 */
public record ObjectiveSettings(SortedMap<String, Double> weights, boolean areLearned, double learningRate) {

    /** No channel names an action. */
    public static final ObjectiveSettings NONE = new ObjectiveSettings(new TreeMap<>(), false, 0.02);

    public ObjectiveSettings {
        weights = Collections.unmodifiableSortedMap(new TreeMap<>(weights));
    }

    /** @param actions that channels name */
    public static ObjectiveSettings read(SettingsReader reader, List<String> actions) {
        SortedMap<String, Double> weights = new TreeMap<>();
        for (String action : actions) {
            weights.put(
                    action,
                    reader.named(action)
                            .number("loss.objective.<action>.weight = 1 in [0, 1000]: of the loss of that action's"
                                    + " examples"));
        }
        ObjectiveSettings settings = new ObjectiveSettings(
                weights,
                reader.flag("loss.objectives.learned = " + NONE.areLearned
                        + ": learn an uncertainty for each action that a channel names, and weight its loss by it"),
                NONE.learningRate);
        reader.require(
                !settings.areLearned || actions.size() > 1,
                "loss.objectives.learned: must be false unless the channels name two actions, by"
                        + " tower.channel.<name>.actions");
        return settings;
    }

    /** Number of losses with a weight of their own: one for each action, and one for all other actions. */
    int count() {
        return weights.size() + 1;
    }

    /** Returns the number of an action's loss, from 0. */
    int of(String action) {
        return weights.containsKey(action) ? weights.headMap(action).size() : weights.size();
    }

    /** [examples] Returns the number of the loss that each example belongs to. */
    int[] of(MiniBatch batch) {
        return batch.examples().stream()
                .mapToInt(example -> of(example.action()))
                .toArray();
    }
}
