package dev.millrace.exam;

import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.neighbour.NeighbourLists;
import dev.millrace.popularity.FastPopularity;

/** What a learner knows of items beside its model: which there are, how popular they are lately, and what is clicked beside them. */
public record ItemFacts(Catalogue catalogue, FastPopularity popularity, NeighbourLists neighbours) {

    /** Counts a batch's positives. What is known as of before the batch must be read before this call. */
    public void observe(MiniBatch batch) {
        popularity.observe(batch.counted());
        neighbours.observe(batch);
    }

    /** Forgets an item that left the catalogue. */
    public void remove(String item) {
        popularity.remove(item);
        neighbours.remove(item);
    }
}
