package dev.millrace.stream.run;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.processor.StateRestoreListener;

/** What one application restored from its changelogs, and how long it took to be ready. Safe for threads. */
final class Restoration implements StateRestoreListener {

    private final Map<String, Long> records = new ConcurrentHashMap<>();
    private long sinceNanos;
    private boolean isWaiting;
    private long reported;
    private volatile long restoredNanos = System.nanoTime();
    private volatile double secondsToReady = Double.NaN;

    /** The application starts, or stopped processing. */
    synchronized void left(long nanos) {
        if (!isWaiting) {
            isWaiting = true;
            sinceNanos = nanos;
        }
    }

    /** The application processes records. Returns the line to log, in a form that programs can read. */
    synchronized String ready(long nanos) {
        isWaiting = false;
        secondsToReady = (nanos - sinceNanos) / 1e9;
        long total = restored();
        String line =
                String.format(Locale.ROOT, "ready after %.3f s, restored %d records", secondsToReady, total - reported);
        reported = total;
        return line;
    }

    /** Records restored since the process started. */
    long restored() {
        return records.values().stream().mapToLong(Long::longValue).sum();
    }

    /** How long the last start, or return after a rebalance, took; NaN before the first. */
    double secondsToReady() {
        return secondsToReady;
    }

    /** How long no record has been restored, from the start of the process on. */
    Duration sinceRestored(long nanos) {
        return Duration.ofNanos(nanos - restoredNanos);
    }

    @Override
    public void onRestoreStart(TopicPartition changelog, String store, long from, long to) {
        records.putIfAbsent(store, 0L);
    }

    @Override
    public void onBatchRestored(TopicPartition changelog, String store, long end, long batch) {
        records.merge(store, batch, Long::sum);
        restoredNanos = System.nanoTime();
    }

    @Override
    public void onRestoreEnd(TopicPartition changelog, String store, long total) {
        // the batches are counted already
    }
}
