package dev.millrace.attribute;

import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.state.EntrySource;
import dev.millrace.state.Form;
import dev.millrace.state.OrderedEntries;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The remembered exposures of one partition. */
final class Exposures {

    private static final int LARGE = 256;

    private final AttributionSettings settings;
    private final OrderedEntries entries;
    private final Timers timers;
    private final EntryKeys keys = new EntryKeys();
    private final Form.Writer writer = new Form.Writer();

    Exposures(AttributionSettings settings, OrderedEntries entries, Timers timers) {
        this.settings = settings;
        this.entries = entries;
        this.timers = timers;
    }

    /**
     * Returns the last moment of the window of an exposure that comes now: a window after the exposure's time, or after the timers' cursor
     * if that is later. So a clock that is ahead of a user ends no window early.
     */
    long windowEnd(Exposure exposure) {
        return settings.windowEnd(Math.max(exposure.time(), timers.cursor()));
    }

    /**
     * Stores an exposure and sets the timer of its window. Returns the moment of the timer.
     *
     * @param counted where an experiment counts it; 0 for nowhere
     */
    long open(Exposure exposure, UserState user, byte[] key, int counted) {
        long ends = timers.set(windowEnd(exposure), key);
        RememberedExposure opened = new RememberedExposure(
                exposure.time(),
                ends,
                user.version,
                user.counters.at(exposure.time()),
                exposure.context(),
                List.of(),
                RememberedExposure.Sample.of(settings, exposure.user(), exposure.item(), exposure.id()),
                counted);
        put(key, opened);
        return ends;
    }

    void put(byte[] key, RememberedExposure exposure) {
        entries.put(key, writer.written(exposure::fields));
    }

    boolean isOpen(RememberedExposure exposure) {
        return !timers.isPast(exposure.ends());
    }

    /**
     * Sets the timer of the deduplication window when the exposure's own window has ended. Cuts an entry that is large.
     *
     * @param value the stored exposure
     */
    void close(byte[] key, byte[] value) {
        long time = RememberedExposure.time(value);
        if (value.length > LARGE) {
            put(key, RememberedExposure.closed(time));
        }
        timers.set(settings.forgottenAfter(time), EntryKeys.as(EntryKeys.FORGOTTEN_EXPOSURE, key));
    }

    /** A stored exposure. */
    record Found(byte[] key, byte[] value) {}

    /** Returns the exposure that a click answers: the one that it names, or the latest one of its item whose window covers it. */
    Optional<Found> answeredBy(Click click, long number) {
        if (click.exposure().isPresent()) {
            return find(keys.exposure(number, click.item(), click.exposure().get()));
        }
        byte[] from = keys.of(EntryKeys.EXPOSURE, number, click.item());
        List<Found> latest = new ArrayList<>();
        long[] latestTime = {Long.MIN_VALUE};
        entries.scan(from, EntrySource.behind(from), (key, value) -> {
            long time = RememberedExposure.time(value);
            if (settings.covers(time, click) && time > latestTime[0]) {
                latest.clear();
                latest.add(new Found(key, value));
                latestTime[0] = time;
            }
            return true;
        });
        return latest.stream().findFirst();
    }

    /** Returns an exposure that is stored. */
    Found require(byte[] key) {
        return find(key).orElseThrow(() -> new IllegalStateException("a stored exposure is gone"));
    }

    private Optional<Found> find(byte[] key) {
        return entries.get(key).map(value -> new Found(key, value));
    }

    /** Returns true if an exposure of this item before the click is still remembered. */
    boolean wasShown(Click click, long number) {
        byte[] from = keys.of(EntryKeys.EXPOSURE, number, click.item());
        boolean[] found = {false};
        entries.scan(from, EntrySource.behind(from), (key, value) -> {
            found[0] = RememberedExposure.time(value) <= click.time();
            return !found[0];
        });
        return found[0];
    }
}
