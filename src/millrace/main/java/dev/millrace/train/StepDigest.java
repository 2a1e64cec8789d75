package dev.millrace.train;

/**
 * Digest of what was learnt up to a step.
 *
 * @param step of the log
 * @param digest of the entries of model, catalogue and popularity after that step, in hexadecimal: SHA-256 of their {@link
 *     dev.millrace.state.EntrySum}, which finds faults and does not withstand an adversary
 */
public record StepDigest(long step, String digest) {}
