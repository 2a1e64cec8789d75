package dev.millrace.recall;

import dev.millrace.event.Features;

/**
 * A question: what should this user see?
 *
 * @param user whose
 * @param k items wanted, at least 1
 * @param isSeenExcluded whether items of the user's history stay out
 * @param context features of the moment
 */
public record RecallRequest(String user, int k, boolean isSeenExcluded, Features context) {
    public RecallRequest {
        if (k < 1) {
            throw new IllegalArgumentException("k = " + k + ": must be at least 1");
        }
    }
}
