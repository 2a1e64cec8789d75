package dev.millrace.train;

/**
 * Digest of what was learnt up to a step.
 *
 * @param step of the log
 * @param digest SHA-256 over the entries of model, catalogue and popularity after that step, in hexadecimal
 */
public record StepDigest(long step, String digest) {}
