package dev.millrace.exam;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.ItemAge;
import dev.millrace.popularity.PriorWeights;

/** The numbers of some items that a score adds beside the cosine: popularity and age, as of one moment. One thread. */
final class TileNumbers {

    private final double[] popularity;
    private final double[] ages;
    private final int[] youths;

    /** @param most items */
    TileNumbers(int most) {
        this.popularity = new double[most];
        this.ages = new double[most];
        this.youths = new int[most];
    }

    /**
     * Takes the numbers of items of a catalogue.
     *
     * @param first number of the first item
     * @param halfLife of popularity
     * @param time epoch milliseconds
     */
    void take(ItemFacts facts, int first, int count, int halfLife, long time) {
        Catalogue catalogue = facts.catalogue();
        for (int at = 0; at < count; at++) {
            popularity[at] = facts.popularity().number(first + at, time, halfLife);
            youths[at] = facts.youth(first + at);
            ages[at] = ItemAge.number(catalogue.timeAt(first + at), time);
        }
    }

    /** Returns what an item's numbers add to its score. */
    double prior(PriorWeights weights, int item) {
        return weights.of(popularity[item], ages[item], youths[item]);
    }

    /** Returns the weight of neighbours for an item. */
    float ofNeighbours(PriorWeights weights, int item) {
        return (float) weights.neighbours(youths[item]);
    }
}
