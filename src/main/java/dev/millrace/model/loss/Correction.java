package dev.millrace.model.loss;

/** Whether the estimated sampling probability is taken out of the logits. */
public enum Correction {
    /** Every logit, the positive's too, loses log Q (Yi et al. 2019). */
    CLASSIC,
    /** The negatives' logits lose log Q, the positive, which is not drawn, is apart (arXiv 2507.09331). */
    YANDEX_2025,
    /** Nothing is taken out; the negative control. */
    NONE
}
