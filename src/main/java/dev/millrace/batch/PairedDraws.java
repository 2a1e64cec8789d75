package dev.millrace.batch;

import java.util.Optional;

/** A kind of negatives that are negatives of one example alone. They have no share of Q. A function of the catalogue. */
interface PairedDraws {

    /** A negative of an example with this item, never the item itself; absent if there is none. */
    Optional<String> draw(String item, long seed, long stream, long slot);

    /** Takes the item at a number of the catalogue anew: it, its features, or whether there is one changed. */
    void refresh(int number);
}
