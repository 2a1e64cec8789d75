package dev.millrace.model;

import dev.millrace.model.loss.LearnedNumber;
import dev.millrace.popularity.GivenWeights;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Form;
import dev.millrace.state.StoredFields;

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

    private final LearnedNumber towers = weight(BEGIN, LEAST);
    private final LearnedNumber popularity = weight(BEGIN, 0);
    private final LearnedNumber age = weight(0, -LARGEST);
    private final LearnedNumber newness = weight(0, -LARGEST);
    private final LearnedNumber neighbours = weight(0, 0);
    private final StoredFields stored = new StoredFields(this::fields);

    Mixture() {
        stored.change();
    }

    private static LearnedNumber weight(double value, double least) {
        return new LearnedNumber(value, least, LARGEST, LEARNING_RATE, 0);
    }

    /**
     * Mean gradient of −log likelihood over the examples of a batch.
     *
     * @param towers by a
     * @param prior by β, γ, δ and ν
     */
    public record Gradient(double towers, PriorWeights prior) {}

    /** Returns a. */
    public double towers() {
        return towers.value();
    }

    /** Returns β, γ, δ and ν beside a cos / τ. */
    public PriorWeights prior() {
        return new PriorWeights(popularity.value(), age.value(), newness.value(), neighbours.value());
    }

    /** Returns the weights that rank alike beside cos / τ: those of {@link #prior} over a. Those of popularity and neighbours are at most what a request may ask for. */
    public PriorWeights relative() {
        PriorWeights relative = prior().times(1 / towers.value());
        return new PriorWeights(
                Math.min(relative.popularity(), GivenWeights.MOST),
                relative.age(),
                relative.newness(),
                Math.min(relative.neighbours(), GivenWeights.MOST));
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
        stored.change();
    }

    StoredFields stored() {
        return stored;
    }

    private void fields(Form form) {
        towers.value(form);
        popularity.value(form);
        towers.accumulator(form);
        popularity.accumulator(form);
        age.value(form);
        newness.value(form);
        age.accumulator(form);
        newness.accumulator(form);
        neighbours.value(form);
        neighbours.accumulator(form);
    }

    /**
     * Returns the weights beside cos / τ from a stored entry.
     *
     * @throws CorruptEntryException if a weight is not within its bounds
     */
    static PriorWeights readRelative(byte[] entry) {
        Mixture sent = new Mixture();
        sent.stored.restore(entry);
        return sent.relative();
    }
}
