package dev.millrace.model;

import dev.millrace.batch.GivenWeights;
import dev.millrace.batch.PriorWeights;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The learned weights of the parts of an item's score, {@code a cos / τ + β log p + γ g + δ min(g, 2) + ν n}: a of the towers, and
 * the {@link PriorWeights} of recent popularity, of age and of neighbours. One thread.
 *
 * <p>They go up the likelihood of each example's item among the whole catalogue, before the towers learn the example. The towers do not
 * know of them: towers that did would grow with what they are mixed with. Adagrad (Duchi et al. 2011) moves them, from equal weights of
 * towers and popularity. So a model that knows nothing yet answers by popularity.
 */
public final class Mixture {

    /** Largest size of any weight. */
    private static final double LARGEST = 10;

    private static final double LEAST = 0.01; // of a, which divides
    private static final double BEGIN = 0.5;
    private static final double LEARNING_RATE = 0.05;
    private static final double INITIAL_ACCUMULATOR = 0.001;

    private final Weight towers = new Weight(BEGIN, LEAST, LARGEST);
    private final Weight popularity = new Weight(BEGIN, 0, LARGEST);
    private final Weight age = new Weight(0, -LARGEST, LARGEST);
    private final Weight newness = new Weight(0, -LARGEST, LARGEST);
    private final Weight neighbours = new Weight(0, 0, LARGEST);
    private boolean isDirty = true;

    /**
     * Mean gradient of −log likelihood over the examples of a batch.
     *
     * @param towers by a
     * @param prior by β, γ, δ and ν
     */
    public record Gradient(double towers, PriorWeights prior) {}

    /** One weight, and what Adagrad knows of it. */
    private static final class Weight {

        private final double least;
        private final double largest;
        private double value;
        private double accumulator = INITIAL_ACCUMULATOR;

        Weight(double value, double least, double largest) {
            this.value = value;
            this.least = least;
            this.largest = largest;
        }

        void learn(double gradient) {
            accumulator += gradient * gradient;
            double moved = value - LEARNING_RATE * gradient / StrictMath.sqrt(accumulator);
            value = Math.min(Math.max(moved, least), largest);
        }

        boolean isInBounds() {
            return value >= least && value <= largest;
        }
    }

    /** Returns a. */
    public double towers() {
        return towers.value;
    }

    /** Returns β, γ, δ and ν beside a cos / τ. */
    public PriorWeights prior() {
        return new PriorWeights(popularity.value, age.value, newness.value, neighbours.value);
    }

    /** Returns the weights that rank alike beside cos / τ: those of {@link #prior} over a. Those of popularity and neighbours are at most what a request may ask for. */
    public PriorWeights relative() {
        PriorWeights relative = prior().times(1 / towers.value);
        return new PriorWeights(
                Math.min(relative.popularity(), GivenWeights.MOST),
                relative.age(),
                relative.newness(),
                Math.min(relative.neighbours(), GivenWeights.MOST));
    }

    /** Begins beside towers that have learnt without a mixture: they count alone, until an exam says otherwise. */
    void beginBesideTowers() {
        towers.value = 1;
        popularity.value = 0;
        isDirty = true;
    }

    /** Moves the weights down the gradient; a gradient that is not finite moves nothing. */
    public void learn(Gradient gradient) {
        if (!Double.isFinite(gradient.towers()) || !gradient.prior().areFinite()) {
            return;
        }
        towers.learn(gradient.towers());
        popularity.learn(gradient.prior().popularity());
        age.learn(gradient.prior().age());
        newness.learn(gradient.prior().newness());
        neighbours.learn(gradient.prior().neighbours());
        isDirty = true;
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
                .number(towers.value)
                .number(popularity.value)
                .number(towers.accumulator)
                .number(popularity.accumulator)
                .number(age.value)
                .number(newness.value)
                .number(age.accumulator)
                .number(newness.accumulator)
                .number(neighbours.value)
                .number(neighbours.accumulator)
                .framed();
    }

    void restore(byte[] entry) {
        ByteBuffer payload = Frame.open(entry);
        towers.value = payload.getDouble();
        popularity.value = payload.getDouble();
        towers.accumulator = payload.getDouble();
        popularity.accumulator = payload.getDouble();
        age.value = payload.getDouble();
        newness.value = payload.getDouble();
        age.accumulator = payload.getDouble();
        newness.accumulator = payload.getDouble();
        neighbours.value = payload.getDouble();
        neighbours.accumulator = payload.getDouble();
        isDirty = false;
        List<Weight> all = List.of(towers, popularity, age, newness, neighbours);
        if (!all.stream().allMatch(Weight::isInBounds)) {
            throw new CorruptEntryException("the weights of towers, popularity, age, newness and neighbours are "
                    + all.stream().map(each -> Double.toString(each.value)).collect(Collectors.joining(", ")));
        }
    }

    /**
     * Returns the weights beside cos / τ from a stored entry.
     *
     * @throws CorruptEntryException if its weights are not in their bounds
     */
    static PriorWeights readRelative(byte[] entry) {
        Mixture sent = new Mixture();
        sent.restore(entry);
        return sent.relative();
    }
}
