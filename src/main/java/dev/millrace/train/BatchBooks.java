package dev.millrace.train;

import dev.millrace.batch.MiniBatch;
import dev.millrace.state.Books;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;

/** Settles what came of mini-batches: of the examples that waited in an own batch, or of a batch of the log, which is itself the received event. */
record BatchBooks(Books books) {

    /** @param isOwn whether this learner closed the batch */
    void settle(MiniBatch batch, boolean isOwn, Outcome outcome) {
        if (isOwn) {
            books.settleWaiting(InputTopic.EXAMPLES, outcome, examplesIn(batch));
        } else {
            books.settle(InputTopic.BATCHES, outcome);
        }
    }

    void settleRefused(MiniBatch batch, boolean isOwn, String reason) {
        if (isOwn) {
            books.settleWaiting(InputTopic.EXAMPLES, Outcome.REFUSED, reason, examplesIn(batch));
        } else {
            books.settle(InputTopic.BATCHES, Outcome.REFUSED, reason);
        }
    }

    private static int examplesIn(MiniBatch batch) {
        return batch.examples().size() + batch.exposed().size();
    }
}
