package dev.millrace.batch;

import java.util.List;

/**
 * A kind of negatives of every example that are drawn from the catalogue, with replacement, by a distribution q of its own.
 *
 * <p>A kind knows its own share of the mixture Q: the number of its draws, and q of an item. It is a function of the catalogue
 * and of the positives before the batch, and stores nothing.
 */
interface WeightedDraws {

    /** An item of the catalogue, which is not empty; one slot of one stream of random numbers always makes the same one. */
    String draw(long seed, long stream, long slot);

    /** log q: natural log of the chance that one draw is this item; −∞ if no draw can be. */
    double logProbability(String item);

    /** Takes the item at a number of the catalogue anew: it, its features, or whether there is one changed. */
    void refresh(int number);

    /** Takes in the positives of a batch, once the popularity has. */
    default void observe(List<String> positives) {}
}
