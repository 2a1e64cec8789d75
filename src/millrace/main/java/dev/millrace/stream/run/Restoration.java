package dev.millrace.stream.run;

import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.processor.StateRestoreListener;

/** What one application restores from its changelogs, how far that is, and how long it took to be ready. Safe for threads. */
final class Restoration implements StateRestoreListener {

    private static final Duration BETWEEN_LINES = Duration.ofSeconds(10);

    /** Offsets of a changelog. */
    private record Way(long from, long to, long at) {}

    private final Consumer<String> progress;
    private final LongSupplier nanoClock;
    private final Map<TopicPartition, Way> ways = new HashMap<>();
    private long saidNanos;
    private final Map<String, Long> records = new ConcurrentHashMap<>();
    private long sinceNanos;
    private boolean isWaiting;
    private long reported;
    private volatile long restoredNanos;
    private volatile double secondsToReady = Double.NaN;

    /** @param progress given a line now and then while a restore takes long, in a form that programs can read */
    Restoration(Consumer<String> progress, LongSupplier nanoClock) {
        this.progress = progress;
        this.nanoClock = nanoClock;
        this.restoredNanos = nanoClock.getAsLong();
    }

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
        ways.clear();
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
    public synchronized void onRestoreStart(TopicPartition changelog, String store, long from, long to) {
        records.putIfAbsent(store, 0L);
        if (ways.isEmpty()) {
            saidNanos = nanoClock.getAsLong();
        }
        ways.put(changelog, new Way(from, to, from));
    }

    @Override
    public synchronized void onBatchRestored(TopicPartition changelog, String store, long end, long batch) {
        records.merge(store, batch, Long::sum);
        restoredNanos = nanoClock.getAsLong();
        ways.computeIfPresent(changelog, (same, way) -> new Way(way.from, way.to, Math.min(end + 1, way.to)));
        if (restoredNanos - saidNanos >= BETWEEN_LINES.toNanos()) {
            saidNanos = restoredNanos;
            long all =
                    ways.values().stream().mapToLong(way -> way.to - way.from).sum();
            long done =
                    ways.values().stream().mapToLong(way -> way.at - way.from).sum();
            progress.accept(String.format(
                    Locale.ROOT,
                    "restores its state, %d of %d offsets read, restored %d records",
                    done,
                    all,
                    restored() - reported));
        }
    }

    @Override
    public synchronized void onRestoreSuspended(TopicPartition changelog, String store, long total) {
        ways.remove(changelog); // the task went to another process
    }

    @Override
    public void onRestoreEnd(TopicPartition changelog, String store, long total) {
        // the batches are counted already
    }
}
