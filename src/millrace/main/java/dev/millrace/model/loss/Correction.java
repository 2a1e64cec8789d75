package dev.millrace.model.loss;

/** How the logits are corrected for the estimated sampling probability Q. */
public enum Correction {
    /** log Q is subtracted from every logit, the positive's too (Yi et al. 2019). */
    CLASSIC,
    /** log Q is subtracted from the negatives' logits. The positive is not sampled, so it is kept apart (arXiv 2507.09331). */
    YANDEX_2025,
    /** No correction; the negative control. */
    NONE
}
