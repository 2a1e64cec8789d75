package dev.millrace.model.loss;

import dev.millrace.settings.SettingsReader;

/** Which loss a step minimises. */
public record LossForm(Kind kind, double scale, int negatives, double margin, double smoothing) {

    /** Sampled softmax; the constants of the other kinds have their defaults. */
    public static final LossForm SOFTMAX = new LossForm(Kind.SOFTMAX, 10, 4, 0.2, 0);

    private static final double SMOOTHING = 0.2;

    /** The kinds of loss. */
    public enum Kind {
        /** Sampled softmax over all candidates. */
        SOFTMAX,
        /** Binary cross-entropy of each pair by itself. */
        POINTWISE,
        /** Hinge on the difference between positive and negative. */
        TRIPLET
    }

    /** @param areAllByQ whether each logit is corrected by log Q and by nothing else, which smoothing needs */
    static LossForm read(SettingsReader reader, boolean areAllByQ) {
        Kind kind = reader.choice(
                "loss.kind: sampled softmax, binary cross-entropy of each pair (pointwise), or hinge on differences "
                        + "of cosines (triplet)",
                SOFTMAX.kind);
        return new LossForm(
                kind,
                reader.number("loss.pointwise.scale = " + SOFTMAX.scale
                        + " in [0.1, 1000]: factor on the cosine before the sigmoid of the pointwise loss"),
                reader.integer("loss.pointwise.negatives = " + SOFTMAX.negatives
                        + " in [0, 8192]: negatives of an example, drawn from the candidates of the batch; 0: all "
                        + "candidates, with a total weight of 1"),
                reader.number("loss.triplet.margin = " + SOFTMAX.margin
                        + " in [0, 2]: difference between the cosines of a positive and a negative below "
                        + "which there is a loss"),
                reader.number("loss.smoothing = " + (kind == Kind.SOFTMAX && areAllByQ ? SMOOTHING : SOFTMAX.smoothing)
                        + " in [0, 0.9]: label smoothing of the softmax: share of the target that is spread evenly "
                        + "over the catalogue; 0: none. Must be 0 unless all logits are corrected by log Q alone"));
    }

    public boolean is(Kind other) {
        return kind == other;
    }

    /** Text of a generation's settings, whose hash names it: without smoothing as before there was any. */
    @Override
    public String toString() {
        String smoothed = smoothing == 0 ? "" : ", smoothing=" + smoothing;
        return "LossForm[kind=" + kind + ", scale=" + scale + ", negatives=" + negatives + ", margin=" + margin
                + smoothed + ']';
    }
}
