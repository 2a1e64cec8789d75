package dev.millrace.batch;

import java.util.List;

/**
 * A kind of negatives that all examples share. They are drawn from the catalogue with replacement, by a distribution q
 * of the kind.
 *
 * <p>A kind knows its own share of the mixture Q: the number of its draws, and q of an item. It is a function of the
 * catalogue and of the positives before the batch, and stores nothing.
 */
interface WeightedDraws {

    /**
     * Draws an item of the catalogue, which must not be empty. The same seed, stream and slot always give the same
     * item.
     */
    String draw(long seed, long stream, long slot);

    /**
     * Returns log q, the natural log of the probability that one draw is this item; −∞ if no draw can be this item. A
     * kind that returns −∞ needs in-batch or uniform negatives beside it, because Q of an example's item must not be 0.
     */
    double logProbability(String item);

    /**
     * Reads the item at a number of the catalogue again, after the item or its features changed, or the number became
     * free or taken.
     */
    void refresh(int number);

    /** Learns from the positives of a batch. Call it after the popularity has learnt from them. */
    default void observe(List<String> positives) {}
}
