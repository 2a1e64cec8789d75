package dev.millrace.experiment;

import java.util.BitSet;
import java.util.Collection;
import java.util.List;
import java.util.stream.LongStream;

/**
 * What the answers to the users of one arm were like: how many, how fast, from what. Those of several servers add up. One thread.
 *
 * <p>Times are counted in bins of at most 1/16 relative width. Distinct items are counted by linear counting (Whang, Vander-Zanden and Taylor 1990): an item
 * sets one of m bits by its hash, and of n items about m e^(−n/m) leave theirs unset.
 */
public final class ArmAnswers {

    private static final int BINS_A_DOUBLING = 16;
    private static final int DOUBLING_BITS = 4;
    private static final long LONGEST = (1L << 27) - 1; // microseconds, two minutes

    /** m: with 100,000 items known to about 1 %, in 4 KiB. */
    private static final int BITS = 1 << 15;

    private static final double MICROS_A_MILLI = 1_000;

    private long answers;
    private long empty;
    private long cold;
    private long catalogue;
    private long vectorAge;
    private final long[] took = new long[bin(LONGEST) + 1]; // answers by the bin of their time
    private final BitSet items = new BitSet(BITS);

    public ArmAnswers() {}

    /**
     * Restores what was told.
     *
     * @param took as {@link #took} gave it
     * @param items as {@link #items} gave it
     * @throws IllegalArgumentException if it is longer than this version tells
     */
    public ArmAnswers(
            long answers, long empty, long cold, long catalogue, long vectorAge, List<Long> took, byte[] items) {
        if (took.size() > this.took.length || items.length > BITS / Byte.SIZE) {
            throw new IllegalArgumentException("answers have " + took.size() + " bins of times and " + items.length
                    + " bytes of items: must be at most " + this.took.length + " and " + BITS / Byte.SIZE);
        }
        this.answers = answers;
        this.empty = empty;
        this.cold = cold;
        this.catalogue = catalogue;
        this.vectorAge = vectorAge;
        for (int at = 0; at < took.size(); at++) {
            this.took[at] = took.get(at);
        }
        this.items.or(BitSet.valueOf(items));
    }

    /**
     * Counts an answer.
     *
     * @param found ids of its items
     * @param isCold whether nothing was known of the user
     * @param nanos that it took
     * @param inCatalogue items of the generation
     * @param age of the generation's newest vector, milliseconds
     */
    public void add(Collection<String> found, boolean isCold, long nanos, long inCatalogue, long age) {
        answers++;
        empty += found.isEmpty() ? 1 : 0;
        cold += isCold ? 1 : 0;
        took[bin(Math.min(Math.max(nanos / 1_000, 0), LONGEST))]++;
        found.forEach(item -> items.set(bit(item)));
        catalogue = Math.max(catalogue, inCatalogue);
        vectorAge = Math.max(vectorAge, age);
    }

    /** Returns these and others. */
    public ArmAnswers plus(ArmAnswers other) {
        ArmAnswers sum = new ArmAnswers(
                answers + other.answers,
                empty + other.empty,
                cold + other.cold,
                Math.max(catalogue, other.catalogue),
                Math.max(vectorAge, other.vectorAge),
                took(),
                items());
        for (int at = 0; at < took.length; at++) {
            sum.took[at] += other.took[at];
        }
        sum.items.or(other.items);
        return sum;
    }

    public long answers() {
        return answers;
    }

    /** Returns the answers without an item. */
    public long empty() {
        return empty;
    }

    /** Returns the answers to users of whom nothing was known. */
    public long cold() {
        return cold;
    }

    /** Returns the items of the generation; the most that one server has. */
    public long catalogue() {
        return catalogue;
    }

    /** Returns the greatest age that the newest vector had in an answer, milliseconds. */
    public long vectorAge() {
        return vectorAge;
    }

    /** Returns the answers by the bin of their time, up to the last bin that has one. */
    public List<Long> took() {
        int used = took.length;
        while (used > 0 && took[used - 1] == 0) {
            used--;
        }
        return LongStream.of(took).limit(used).boxed().toList();
    }

    /** Returns the bits of the items. */
    public byte[] items() {
        return items.toByteArray();
    }

    /** Returns the time that 99 % of the answers did not exceed, milliseconds, rounded up to the edge of its bin; 0 if there are none. */
    public double p99() {
        long wanted = (99 * answers + 99) / 100; // rounded up
        long seen = 0;
        for (int at = 0; at < took.length; at++) {
            seen += took[at];
            if (seen >= wanted && wanted > 0) {
                return upperEdge(at) / MICROS_A_MILLI;
            }
        }
        return 0;
    }

    /** Returns the distinct items of the answers, about, over those of the catalogue; at most 1, and 0 of no catalogue. */
    double catalogueShare() {
        int unset = Math.max(1, BITS - items.cardinality());
        double distinct = BITS * StrictMath.log(BITS / (double) unset);
        return catalogue == 0 ? 0 : Math.min(1, distinct / catalogue);
    }

    private static int bin(long micros) {
        int doubling = Math.max(0, 63 - Long.numberOfLeadingZeros(micros | 1) - DOUBLING_BITS);
        return doubling * BINS_A_DOUBLING + (int) (micros >>> doubling);
    }

    private static long upperEdge(int bin) {
        int doubling = Math.max(0, bin / BINS_A_DOUBLING - 1);
        return ((bin - (long) doubling * BINS_A_DOUBLING + 1) << doubling) - 1;
    }

    /** The finaliser of SplitMix64 (Steele et al. 2014) spreads what Java's hash of similar ids leaves together. */
    private static int bit(String item) {
        long mixed = item.hashCode() * 0x9e3779b97f4a7c15L;
        mixed = (mixed ^ (mixed >>> 30)) * 0xbf58476d1ce4e5b9L;
        mixed = (mixed ^ (mixed >>> 27)) * 0x94d049bb133111ebL;
        return (int) ((mixed ^ (mixed >>> 31)) & (BITS - 1));
    }
}
