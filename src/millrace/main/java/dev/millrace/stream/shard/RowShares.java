package dev.millrace.stream.shard;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * The heap for embedding rows of a process, in equal parts for the learners that it has at the moment: shards and base come and go with
 * rebalances. A part that becomes smaller is left with the learner's next step. Safe for threads.
 */
public final class RowShares {

    private final long bytes;
    private final AtomicInteger learners = new AtomicInteger();

    /** @param bytes of all learners together */
    public RowShares(long bytes) {
        this.bytes = bytes;
    }

    /** Returns the bytes of one learner. */
    public long one() {
        return bytes / Math.max(1, learners.get());
    }

    void join() {
        learners.incrementAndGet();
    }

    void leave() {
        learners.decrementAndGet();
    }
}
