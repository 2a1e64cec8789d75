package dev.millrace.model;

import dev.millrace.batch.FastPopularity;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;

/**
 * The learned weights of the parts of an item's score: {@code score = a cos / τ + β log p}, a of the towers and β of recent popularity.
 * One thread.
 *
 * <p>They go up the likelihood of each example's item among the whole catalogue, before the towers learn the example. The towers do not
 * know of them: towers that did would grow with what they are mixed with. Adagrad (Duchi et al. 2011) moves them, from equal weights. So a
 * model that knows nothing yet answers by popularity.
 */
public final class Mixture {

    /** Largest a and β. */
    private static final double LARGEST = 10;

    private static final double LEAST = 0.01; // of a, which divides
    private static final double BEGIN = 0.5;
    private static final double LEARNING_RATE = 0.05;
    private static final double INITIAL_ACCUMULATOR = 0.001;

    private double towers = BEGIN;
    private double popularity = BEGIN;
    private double towersAccumulator = INITIAL_ACCUMULATOR;
    private double popularityAccumulator = INITIAL_ACCUMULATOR;
    private boolean isDirty = true;

    /**
     * Mean gradient of −log likelihood over the examples of a batch.
     *
     * @param towers by a
     * @param popularity by β
     */
    public record Gradient(double towers, double popularity) {}

    /** Returns a. */
    public double towers() {
        return towers;
    }

    /** Returns β. */
    public double popularity() {
        return popularity;
    }

    /** Returns β / a, the weight of popularity beside cos / τ that ranks alike, but at most what a request may ask for. */
    public double popularityWeight() {
        return Math.min(popularity / towers, FastPopularity.MAX_WEIGHT);
    }

    /** Begins beside towers that have learnt without a mixture: they count alone, until an exam says otherwise. */
    void beginBesideTowers() {
        towers = 1;
        popularity = 0;
        isDirty = true;
    }

    /** Moves the weights down the gradient; a gradient that is not finite moves nothing. */
    public void learn(Gradient gradient) {
        if (!Double.isFinite(gradient.towers()) || !Double.isFinite(gradient.popularity())) {
            return;
        }
        towersAccumulator += gradient.towers() * gradient.towers();
        popularityAccumulator += gradient.popularity() * gradient.popularity();
        towers = Math.min(Math.max(moved(towers, gradient.towers(), towersAccumulator), LEAST), LARGEST);
        popularity = Math.min(Math.max(moved(popularity, gradient.popularity(), popularityAccumulator), 0), LARGEST);
        isDirty = true;
    }

    private static double moved(double weight, double gradient, double accumulator) {
        return weight - LEARNING_RATE * gradient / StrictMath.sqrt(accumulator);
    }

    /** Makes the next drain hand the weights over. */
    void touch() {
        isDirty = true;
    }

    /** Returns true if the weights changed since the last call. */
    boolean drain() {
        boolean wasDirty = isDirty;
        isDirty = false;
        return wasDirty;
    }

    byte[] entry() {
        return new Fields()
                .number(towers)
                .number(popularity)
                .number(towersAccumulator)
                .number(popularityAccumulator)
                .framed();
    }

    void restore(byte[] entry) {
        ByteBuffer payload = Frame.open(entry);
        towers = payload.getDouble();
        popularity = payload.getDouble();
        towersAccumulator = payload.getDouble();
        popularityAccumulator = payload.getDouble();
        isDirty = false;
        if (!(towers >= LEAST && towers <= LARGEST && popularity >= 0 && popularity <= LARGEST)) {
            throw new CorruptEntryException(
                    "the weights of towers and popularity are " + towers + " and " + popularity);
        }
    }

    /**
     * Returns the weight of popularity from a stored entry.
     *
     * @throws CorruptEntryException if its weights are not in their bounds
     */
    static double readPopularityWeight(byte[] entry) {
        Mixture sent = new Mixture();
        sent.restore(entry);
        return sent.popularityWeight();
    }
}
