package dev.millrace.popularity;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The recent popularity of items: for each item, a count of its positives that decays in event time, by one half-life or by each of
 * several. It follows every click at once, without a gradient step, and is a function of the log.
 *
 * <pre>
 * c(y, t) = Σ over positives of y  2^(−(t − t_i) / half-life)
 * p(y, t) = (c(y, t) + ε) / (C(t) + ε N)                     ε of the half-life
 * log p(y, t) = number(y, t) + log(ε / (C(t) + ε N))          number(y, t) = log(1 + c(y, t) / ε)
 * </pre>
 *
 * <p>The last term of the last line is the same for all items, so the number ranks items as log p does. It is 0 for an
 * item without clicks, whatever clicks other items get. Decay multiplies {@code c} of all items by the same factor. So
 * all later numbers follow from a number, its time and the half-life: {@link #later}.
 */
public final class FastPopularity implements Durable {

    private static final double MILLIS_AN_HOUR = 3_600_000;

    /** ε, in clicks: an item with five clicks is twice as likely as an item without. */
    private static final double PRIOR = 5;

    /** ε of half-lives in which few clicks come: log(1 + c / 5) would be flat. */
    private static final double SMALL_PRIOR = 0.5;

    private static final Duration FIRST = Duration.ofHours(6);
    private static final int LATEST = 512; // items

    private static final String LEARNED = "learned";

    /** Longest first, each a few times the next, or the same with another prior. */
    private static final Settings CHOICE = new Settings(
            List.of(
                    Duration.ofDays(7),
                    Duration.ofDays(1),
                    Duration.ofHours(6),
                    Duration.ofHours(2),
                    Duration.ofHours(1),
                    Duration.ofMinutes(30),
                    Duration.ofMinutes(30)),
            List.of(PRIOR, PRIOR, PRIOR, PRIOR, SMALL_PRIOR, PRIOR, SMALL_PRIOR));

    /**
     * The speeds of the decay, and the prior of an item without clicks.
     *
     * @param halfLives one, or several to choose from, the longest first
     * @param priors [half-lives] ε, in clicks
     */
    public record Settings(List<Duration> halfLives, List<Double> priors) {

        public Settings {
            halfLives = List.copyOf(halfLives);
            priors = List.copyOf(priors);
            if (priors.size() != halfLives.size()) {
                throw new IllegalArgumentException(priors.size() + " priors of " + halfLives.size() + " half-lives");
            }
        }

        /** The same prior with each half-life. */
        public Settings(List<Duration> halfLives, double prior) {
            this(halfLives, Collections.nCopies(halfLives.size(), prior));
        }

        public static Settings read(SettingsReader reader) {
            return reader.value(
                    "popularity.fast.half-life = " + LEARNED + ": event time after which a click weighs half in the "
                            + "popularity term, such as 6h; or learned, one of 30m, 1h, 2h, 6h, 1d, 7d",
                    text -> text.equals(LEARNED) ? CHOICE : new Settings(List.of(duration(text)), PRIOR),
                    "must be learned, or a duration from 1m to 36500d, such as 6h");
        }

        private static Duration duration(String text) {
            Duration duration = SettingsReader.parseDuration(text);
            if (duration.compareTo(Duration.ofMinutes(1)) < 0 || duration.compareTo(Duration.ofDays(36_500)) > 0) {
                throw new IllegalArgumentException(text);
            }
            return duration;
        }

        /** Returns the half-life that is chosen before anything is known: 6 h, or the first. */
        public int first() {
            return Math.max(0, halfLives.indexOf(FIRST));
        }
    }

    private final Settings settings;
    private final Catalogue catalogue;
    /** By an endless half-life, then by those of the settings. */
    private final DecayedCounts counts;

    private final RecentItems recent;
    private final double[] own; // counts of one item
    private Optional<Cooling> cooling = Optional.empty(); // absent before it was asked for

    /**
     * @param prefix first byte of this state's keys
     * @param catalogue the items that are counted
     */
    public FastPopularity(Settings settings, char prefix, Catalogue catalogue) {
        this.settings = settings;
        this.catalogue = catalogue;
        this.counts = new DecayedCounts(
                prefix,
                Stream.concat(
                                Stream.of(Double.POSITIVE_INFINITY),
                                settings.halfLives().stream().map(halfLife -> halfLife.toMillis() / MILLIS_AN_HOUR))
                        .toList(),
                catalogue);
        this.recent = new RecentItems(counts, catalogue, LATEST);
        this.own = new double[1 + settings.halfLives().size()];
    }

    public Settings settings() {
        return settings;
    }

    /**
     * Counts a batch's positives of items of the catalogue. Call it after reading the numbers as of before the batch.
     *
     * @param counted the batch's examples that count as positives
     */
    public void observe(List<TrainingExample> counted) {
        for (TrainingExample example : counted) {
            catalogue.number(example.item()).ifPresent(item -> {
                double before = counts.asOf(item);
                counts.add(item, example.time() / MILLIS_AN_HOUR, 1);
                recent.clicked(item, before);
                cooling.ifPresent(queue -> queue.place(catalogue.itemAt(item), 0));
            });
        }
    }

    /**
     * Returns {@code log(1 + c / ε)}, at least 0.
     *
     * @param item number in the catalogue
     * @param time epoch milliseconds; a time before the item's last click counts as that click's time
     * @param which of the half-lives
     */
    public double number(int item, long time, int which) {
        return StrictMath.log1p(counts.count(item, time / MILLIS_AN_HOUR, 1 + which)
                / settings.priors().get(which));
    }

    /**
     * Computes the {@linkplain #number numbers} of an item by all half-lives.
     *
     * @param out [half-lives] filled
     */
    public void numbers(int item, long time, double[] out) {
        if (!counts.counts(item, time / MILLIS_AN_HOUR, own)) {
            Arrays.fill(out, 0);
            return;
        }
        for (int which = 0; which < out.length; which++) {
            out[which] = StrictMath.log1p(own[1 + which] / settings.priors().get(which));
        }
    }

    /** Returns how often the item was clicked, however long ago. */
    public double clicks(int item) {
        return counts.stored(item);
    }

    /** Returns the items that were clicked last, at most {@value #LATEST}, the last one first. */
    public List<String> latest() {
        return recent.items();
    }

    /**
     * Returns the items of which a number fell below a multiple of {@code step} between two times, in the order of their
     * ids. If a caller reads the numbers of these items each time, none of its numbers is out of date by {@code step}
     * or more. The first call passes over all items. A later one that goes on where the call before ended takes only
     * those that may have cooled.
     *
     * @param from epoch milliseconds
     * @param to epoch milliseconds, later
     */
    public List<String> cooled(long from, long to, double step) {
        Cooling queue = cooling.filter(present -> present.goesOn(from, step)).orElseGet(() -> cooling(from, step));
        cooling = Optional.of(queue);
        SortedSet<String> candidates = queue.takeUntil(to);
        candidates.forEach(item -> queue.place(item, to));
        return candidates.stream()
                .filter(item -> hasCooled(catalogue.number(item, Catalogue.NO_NUMBER), from, to, step))
                .toList();
    }

    private boolean hasCooled(int item, long from, long to, double step) {
        double[] before = new double[settings.halfLives().size()];
        double[] after = before.clone();
        numbers(item, from, before);
        numbers(item, to, after);
        return IntStream.range(0, after.length)
                .anyMatch(which -> Math.floor(before[which] / step) != Math.floor(after[which] / step));
    }

    /** Returns the time of the item's last click, epoch milliseconds; 0 without one. */
    private double lastClick(int item) {
        return counts.asOf(item) * MILLIS_AN_HOUR;
    }

    private Cooling cooling(long from, double step) {
        Cooling all = new Cooling(this, from, step);
        counts.numbers().forEach(item -> all.place(catalogue.itemAt(item), from));
        return all;
    }

    /**
     * Returns a number after some time without clicks.
     *
     * @param halfLives the time, in half-lives
     */
    public static double later(double number, double halfLives) {
        return StrictMath.log1p(StrictMath.expm1(number) * StrictMath.pow(0.5, halfLives));
    }

    /** Follows the removal of an item from the catalogue. */
    public void remove(String item) {
        recent.remove(item);
        cooling.ifPresent(queue -> queue.remove(item));
    }

    @Override
    public void restore(byte[] key, byte[] value) {
        counts.restore(key, value);
        recent.forget();
        cooling = Optional.empty();
    }

    @Override
    public void drainDirty(EntrySink sink) {
        counts.drainDirty(sink);
    }

    /**
     * The items by the time at which the first of their {@linkplain FastPopularity#number numbers} falls below its next multiple of a step, if
     * no click comes before.
     *
     * <p>With k the multiple below a number n at time t, the time follows from the decay:
     *
     * <pre>
     * expm1(n)·2^(−Δ / half-life) = expm1(k·step)          Δ = half-life · log2(expm1(n) / expm1(k·step))
     * </pre>
     *
     * <p>The times are early by more than they are rounded, so an item is never taken too late; whoever takes it compares its
     * numbers. An item below the first multiples is in no place: it cannot fall below another.
     */
    private static final class Cooling {

        /** Of the times, milliseconds. */
        private static final double EARLY = 1_000;

        private record Crossing(double time, String item) {}

        private final FastPopularity popularity;
        private final double step;
        private long until;
        private final double[] numbers;
        private final Map<String, Crossing> byItem = new HashMap<>();
        private final TreeSet<Crossing> byTime =
                new TreeSet<>(Comparator.comparingDouble(Crossing::time).thenComparing(Crossing::item));

        /** @param from epoch milliseconds of the first crossing that counts */
        Cooling(FastPopularity popularity, long from, double step) {
            this.popularity = popularity;
            this.until = from;
            this.step = step;
            this.numbers = new double[popularity.settings.halfLives().size()];
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
            int number = popularity.catalogue.number(item, Catalogue.NO_NUMBER);
            popularity.numbers(number, from, numbers);
            double first = Double.POSITIVE_INFINITY;
            for (int which = 0; which < numbers.length; which++) {
                double multiple = Math.floor(numbers[which] / step) * step;
                if (multiple > 0) {
                    double halfLives = StrictMath.log(StrictMath.expm1(numbers[which]) / StrictMath.expm1(multiple))
                            / StrictMath.log(2);
                    double halfLife =
                            popularity.settings().halfLives().get(which).toMillis();
                    first = Math.min(first, Math.max(0, halfLives) * halfLife);
                }
            }
            if (first < Double.POSITIVE_INFINITY) {
                Crossing crossing =
                        new Crossing(Math.max((double) from, popularity.lastClick(number)) + first - EARLY, item);
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
}
