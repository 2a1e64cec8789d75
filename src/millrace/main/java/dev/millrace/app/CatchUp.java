package dev.millrace.app;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Optional;

/** The progress of a trainer that is behind: how far it is, how fast, and how long it will take. One thread. */
public final class CatchUp {

    private static final Duration EVERY = Duration.ofSeconds(5);
    private static final Duration WINDOW = Duration.ofSeconds(30); // over which the rate is measured

    private final long behind;
    private final Deque<Sample> recent = new ArrayDeque<>();
    private long most;
    private long reportedAt = Long.MIN_VALUE;

    private record Sample(long nanos, long lag) {}

    /** @param behind waiting records from which on the trainer is behind; below a tenth of it, it has caught up */
    public CatchUp(long behind) {
        this.behind = behind;
    }

    /**
     * Takes the lag of a moment.
     *
     * @param nanos of a clock that does not go back
     * @param lag waiting records
     * @return a line to show: now and then while the trainer is behind, and once when it has caught up
     */
    public Optional<String> take(long nanos, long lag) {
        recent.addLast(new Sample(nanos, lag));
        while (nanos - recent.getFirst().nanos() > WINDOW.toNanos()) {
            recent.removeFirst();
        }
        if (lag < behind / 10 && most > 0) {
            most = 0;
            recent.clear();
            reportedAt = Long.MIN_VALUE;
            return Optional.of("caught up: live from now on");
        }
        if (lag < behind && most == 0) {
            recent.clear();
            return Optional.empty();
        }
        most = Math.max(most, lag);
        if (reportedAt != Long.MIN_VALUE && nanos - reportedAt < EVERY.toNanos()) {
            return Optional.empty();
        }
        reportedAt = nanos;
        return Optional.of(line(nanos, lag));
    }

    private String line(long nanos, long lag) {
        Sample first = recent.getFirst();
        double seconds = (nanos - first.nanos()) / 1e9;
        double rate = seconds > 0 ? (first.lag() - lag) / seconds : 0;
        return String.format(
                Locale.ROOT,
                "catching up: %d %%, %,d records behind%s",
                (int) (100 - 100 * lag / most),
                lag,
                rate > 0 ? String.format(Locale.ROOT, ", %,.0f/s, %s left", rate, left(lag / rate)) : "");
    }

    private static String left(double seconds) {
        long whole = Math.round(seconds);
        return whole >= 3_600
                ? String.format(Locale.ROOT, "%d h %02d min", whole / 3_600, whole % 3_600 / 60)
                : whole >= 60 ? String.format(Locale.ROOT, "%d min %02d s", whole / 60, whole % 60) : whole + " s";
    }
}
