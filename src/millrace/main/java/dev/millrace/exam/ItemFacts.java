package dev.millrace.exam;

import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.model.StepReport;
import dev.millrace.model.TwoTower;
import dev.millrace.neighbour.NeighbourLists;
import dev.millrace.popularity.FastPopularity;
import java.util.Optional;

/**
 * What a learner knows of items beside its model: which there are, how popular they are lately, and what is clicked beside them.
 *
 * @param isHistoryLeftOut whether the items of a user's history are no candidates for the user
 */
public record ItemFacts(
        Catalogue catalogue, FastPopularity popularity, NeighbourLists neighbours, boolean isHistoryLeftOut) {

    /** Lets a model learn a batch, and its mixture with it. */
    public StepReport learn(MiniBatch batch, TwoTower model) {
        Optional<MixtureLesson> lesson = MixtureLesson.of(batch, model, this);
        StepReport report = model.learn(batch);
        lesson.ifPresent(MixtureLesson::learn);
        return report;
    }

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
