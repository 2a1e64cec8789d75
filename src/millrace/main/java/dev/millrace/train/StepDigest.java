package dev.millrace.train;

import dev.millrace.state.EntrySource;

/**
 * Digest of what was learnt up to a step.
 *
 * @param step of the log
 * @param digest SHA-256 over the entries of model, catalogue and popularity after that step, in hexadecimal
 */
public record StepDigest(long step, String digest) {

    /** Returns the digest of stored entries of a learner, as its last commit wrote it. Reads them all. */
    public static String of(EntrySource entries) {
        return StepDigests.of(entries);
    }

    /** Returns whether the digest covers an entry. */
    public static boolean covers(byte[] key) {
        return EntryKind.isDigested(key);
    }
}
