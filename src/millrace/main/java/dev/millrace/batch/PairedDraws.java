package dev.millrace.batch;

import java.util.Optional;

/**
 * A kind of negatives that each belong to one example alone. They have no share of Q and are a function of the
 * catalogue.
 */
interface PairedDraws {

    /** Draws a negative for an example with this item, never the item itself; absent if there is none. */
    Optional<String> draw(String item, long seed, long stream, long slot);

    /**
     * Reads the item at a number of the catalogue again, after the item or its features changed, or the number became
     * free or taken.
     */
    void refresh(int number);
}
