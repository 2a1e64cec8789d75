package dev.millrace.train;

import java.time.Duration;
import java.util.function.LongSupplier;

/**
 * Whether a learner from the log is behind: its mini-batches are old, and the log has more of them.
 *
 * <p>A log that is at its end has no younger batch. The learner that has read all of it is not behind, however old its last batch is.
 */
public final class LogLag {

    /** The ends of transactions, and aborted records, are offsets too: the last batch is not the last offset. */
    private static final long NEAR_THE_END = 50;

    private final Duration lag;
    private final LongSupplier logEnd;
    private boolean isBehind;
    private boolean isIdle = true; // no batch since the last look
    private long lastOffset = -1;

    /**
     * @param isBehind what holds before the first batch
     * @param lag age of a mini-batch from which the learner is behind
     * @param logEnd offset behind the last committed record of the log
     */
    public LogLag(boolean isBehind, Duration lag, LongSupplier logEnd) {
        this.isBehind = isBehind;
        this.lag = lag;
        this.logEnd = logEnd;
    }

    /** Takes note of a batch that was read. */
    public void read(long ageMillis, long offset) {
        isIdle = false;
        isBehind = ageMillis > lag.toMillis();
        lastOffset = offset;
    }

    public boolean isBehind() {
        return isBehind;
    }

    /** Looks whether the log is at its end; called now and then. Returns true if the learner was behind and no longer is. */
    public boolean endsAtTheEnd() {
        boolean ends = isBehind && isIdle && logEnd.getAsLong() - lastOffset <= NEAR_THE_END;
        isBehind &= !ends;
        isIdle = true;
        return ends;
    }
}
