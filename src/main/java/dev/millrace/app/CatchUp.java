package dev.millrace.app;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Optional;

/** How a trainer that is behind comes up: how far it is, how fast, and when it will be there. One thread. */
public final class CatchUp {

    private static final Duration EVERY = Duration.ofSeconds(5);
    private static final Duration WINDOW = Duration.ofSeconds(30); // over which the rate is taken
    private static final int BAR = 20;

    private final long behind;
    private final Deque<Seen> recent = new ArrayDeque<>();
    private long most;
    private long toldAt = Long.MIN_VALUE;

    private record Seen(long nanos, long lag) {}

    /** @param behind records that are waiting from which on it is behind, and no longer at a tenth; fewer are in flight */
    public CatchUp(long behind) {
        this.behind = behind;
    }

    /**
     * Takes the lag of a moment.
     *
     * @param nanos of a clock that does not go back
     * @param lag records that are waiting
     * @return a line to show, now and then while it is behind, and one when it no longer is
     */
    public Optional<String> seen(long nanos, long lag) {
        recent.addLast(new Seen(nanos, lag));
        while (nanos - recent.getFirst().nanos() > WINDOW.toNanos()) {
            recent.removeFirst();
        }
        if (lag < behind / 10 && most > 0) {
            most = 0;
            recent.clear();
            toldAt = Long.MIN_VALUE;
            return Optional.of("caught up: live from now on");
        }
        if (lag < behind && most == 0) {
            recent.clear();
            return Optional.empty();
        }
        most = Math.max(most, lag);
        if (toldAt != Long.MIN_VALUE && nanos - toldAt < EVERY.toNanos()) {
            return Optional.empty();
        }
        toldAt = nanos;
        return Optional.of(line(nanos, lag));
    }

    private String line(long nanos, long lag) {
        Seen first = recent.getFirst();
        double seconds = (nanos - first.nanos()) / 1e9;
        double rate = seconds > 0 ? (first.lag() - lag) / seconds : 0;
        int share = (int) (100 - 100 * lag / most);
        int filled = share * BAR / 100;
        return String.format(
                Locale.ROOT,
                "catching up [%s%s] %d %%  %,d records behind  %s",
                "#".repeat(filled),
                "-".repeat(BAR - filled),
                share,
                lag,
                rate > 0 ? String.format(Locale.ROOT, "%,.0f/s  %s left", rate, left(lag / rate)) : "");
    }

    private static String left(double seconds) {
        long whole = Math.round(seconds);
        return whole >= 3_600
                ? String.format(Locale.ROOT, "%d h %02d min", whole / 3_600, whole % 3_600 / 60)
                : whole >= 60 ? String.format(Locale.ROOT, "%d min %02d s", whole / 60, whole % 60) : whole + " s";
    }
}
