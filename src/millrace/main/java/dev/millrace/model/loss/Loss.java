package dev.millrace.model.loss;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.BatchSettings;
import dev.millrace.batch.MiniBatch;
import dev.millrace.negative.NegativeSettings;
import dev.millrace.settings.SettingsReader;
import java.util.List;
import java.util.SortedMap;

/**
 * What a step minimises.
 *
 * @param fullBatch examples of a full batch; the weight of a smaller batch is proportionally smaller
 */
public record Loss(
        double temperature,
        Correction correction,
        int fullBatch,
        double popularityExponent,
        LossForm form,
        LearnedTemperature learnedTemperature,
        NegativeRules negatives,
        ObjectiveSettings objectives) {

    private static final Double UNWEIGHTED = 1.0; // boxed once

    /**
     * Returns the weight of a batch, in (0, 1]: a batch that was closed early weighs less than a full one. The mean over a
     * few examples gives each of them a large gradient, and Adagrad never forgets it (docs/decisions/0006).
     */
    public float share(MiniBatch batch) {
        return Math.min(1f, (float) batch.examples().size() / fullBatch);
    }

    /**
     * [examples] Returns the weight of each example: the batch's share, times the example's weight, times the weight of its
     * action.
     */
    float[] weights(MiniBatch batch) {
        SortedMap<String, Double> byAction = objectives.weights();
        float share = share(batch);
        float[] weights = new float[batch.examples().size()];
        for (int i = 0; i < weights.length; i++) {
            TrainingExample example = batch.examples().get(i);
            weights[i] = share * (float) (example.weight() * byAction.getOrDefault(example.action(), UNWEIGHTED));
        }
        return weights;
    }

    /** @param actions that channels name */
    public static Loss read(SettingsReader reader, List<String> actions) {
        Correction correction = reader.choice(
                "loss.correction: whether log Q is subtracted from every logit (classic), only from those of the "
                        + "negatives (yandex-2025), or from none",
                Correction.CLASSIC);
        double popularityExponent =
                reader.number("loss.popularity-exponent = 0 in [0, 2]: b of the term b log p in the training logit");
        NegativeRules rules = NegativeRules.read(reader);
        boolean areAllByQ = correction == Correction.CLASSIC
                && popularityExponent == 0
                && rules.hardestInBatch().most() == 0;
        Loss loss = new Loss(
                reader.number("loss.temperature = 0.1 in [0.001, 1]: softmax temperature"),
                correction,
                BatchSettings.size(reader),
                popularityExponent,
                LossForm.read(reader, areAllByQ),
                LearnedTemperature.read(reader),
                rules,
                ObjectiveSettings.read(reader, actions));
        boolean isSoftmax = loss.form.is(LossForm.Kind.SOFTMAX);
        reader.require(
                isSoftmax || loss.correction != Correction.YANDEX_2025,
                "loss.correction: must be classic or none unless loss.kind = softmax");
        reader.require(
                isSoftmax || loss.popularityExponent == 0,
                "loss.popularity-exponent: must be 0 unless loss.kind = softmax");
        reader.require(
                loss.form.smoothing() == 0 || (isSoftmax && areAllByQ),
                "loss.smoothing: must be 0 unless loss.kind = softmax, loss.correction = classic,"
                        + " loss.popularity-exponent = 0 and negatives.hard-in-batch = 0: it estimates a mean over the"
                        + " catalogue by the weights 1/Q of the candidates");
        LearnedTemperature learned = loss.learnedTemperature;
        reader.require(
                isSoftmax || !learned.isLearned(),
                "loss.temperature.learned: must be false unless loss.kind = softmax");
        reader.require(
                !learned.isLearned() || (learned.min() <= loss.temperature && loss.temperature <= learned.max()),
                "loss.temperature: must be from loss.temperature.min to loss.temperature.max where it is learned");
        reader.require(
                loss.correction != Correction.YANDEX_2025
                        || rules.hardestInBatch().most() == 0,
                "negatives.hard-in-batch: must be 0 with loss.correction = yandex-2025, whose weight is an estimate"
                        + " from a whole sample");
        reader.require(
                rules.areInBatch() || rules.hardestInBatch().most() == 0,
                "negatives.hard-in-batch: must be 0 with negatives.in-batch = false");
        reader.require(
                rules.areInBatch()
                        || NegativeSettings.read(reader).areAny()
                        || rules.hardByModel().quota().most() > 0,
                "negatives.in-batch: must be true where there are no other negatives");
        return loss;
    }
}
