package dev.millrace.batch;

import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The items by the time at which their {@linkplain FastPopularity#number number} falls below the next multiple of a step, if
 * no click comes before.
 *
 * <p>With k the multiple below a number n at time t, the time follows from the decay:
 *
 * <pre>
 * expm1(n)·2^(−Δ / half-life) = expm1(k·step)          Δ = half-life · log2(expm1(n) / expm1(k·step))
 * </pre>
 *
 * <p>The times are early by more than they are rounded, so an item is never taken too late; whoever takes it compares its
 * numbers. An item below the first multiple is in no place: it cannot fall below another.
 */
final class Cooling {

    /** Of the times, milliseconds. */
    private static final double EARLY = 1_000;

    private record Crossing(double time, String item) {}

    private final FastPopularity popularity;
    private final double step;
    private long until;
    private final Map<String, Crossing> byItem = new HashMap<>();
    private final TreeSet<Crossing> byTime =
            new TreeSet<>(Comparator.comparingDouble(Crossing::time).thenComparing(Crossing::item));

    /** @param from epoch milliseconds of the first crossing that counts */
    Cooling(FastPopularity popularity, long from, double step) {
        this.popularity = popularity;
        this.until = from;
        this.step = step;
    }

    /** Returns true if a time is the one at which the last take ended. */
    boolean goesOn(long from, double asked) {
        return from == until && asked == step;
    }

    /**
     * Places an item anew.
     *
     * @param from epoch milliseconds from which on it is asked for; a time before its last click counts as that click's
     */
    void place(String item, long from) {
        remove(item);
        double number = popularity.number(item, from);
        double multiple = Math.floor(number / step) * step;
        if (multiple > 0) {
            double halfLives =
                    StrictMath.log(StrictMath.expm1(number) / StrictMath.expm1(multiple)) / StrictMath.log(2);
            double after =
                    Math.max(0, halfLives) * popularity.settings().halfLife().toMillis();
            Crossing crossing = new Crossing(Math.max((double) from, popularity.lastClick(item)) + after - EARLY, item);
            byItem.put(item, crossing);
            byTime.add(crossing);
        }
    }

    void remove(String item) {
        Crossing placed = byItem.remove(item);
        if (placed != null) {
            byTime.remove(placed);
        }
    }

    /** Takes the items whose time has come. */
    SortedSet<String> takeUntil(long to) {
        SortedSet<String> taken = new TreeSet<>();
        while (!byTime.isEmpty() && byTime.first().time() <= to) {
            Crossing first = byTime.pollFirst();
            byItem.remove(first.item());
            taken.add(first.item());
        }
        until = to;
        return taken;
    }
}
