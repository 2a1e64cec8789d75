package dev.millrace.exam;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.model.StepReport;
import dev.millrace.model.TwoTower;
import dev.millrace.neighbour.NeighbourLists;
import dev.millrace.popularity.FastPopularity;
import dev.millrace.popularity.PriorWeights;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a learner knows of items beside its model: which there are, how popular they are lately, and what is clicked beside them.
 *
 * @param isHistoryAnswered whether the items of a user's history are candidates for the user
 */
public record ItemFacts(
        Catalogue catalogue, FastPopularity popularity, NeighbourLists neighbours, boolean isHistoryAnswered) {

    /**
     * Returns the examples of a batch that an answer could have got right. They count, their users have a history, and their items are in
     * the catalogue, not only because an example of this batch named them.
     */
    public List<TrainingExample> answerable(MiniBatch batch) {
        Set<String> named = batch.catalogue().stream()
                .filter(change -> !change.isRemoval() && !change.isAnnounced())
                .map(CatalogueChange::itemId)
                .collect(Collectors.toSet());
        return batch.counted().stream()
                .filter(example -> !example.user().history().isEmpty()
                        && !named.contains(example.item())
                        && catalogue.contains(example.item()))
                .toList();
    }

    /** Returns by how many clicks so far an item is young, as {@link PriorWeights.Young#youth} has it. */
    int youth(int item) {
        return PriorWeights.Young.youth(popularity.clicks(item));
    }

    /** Lets a model learn a batch, and its mixture with it. */
    public StepReport learn(MiniBatch batch, TwoTower model) {
        Optional<MixtureLesson> lesson = MixtureLesson.of(batch, model, this);
        StepReport report = model.learn(batch);
        lesson.ifPresent(MixtureLesson::learn);
        return report;
    }

    /** Counts a batch's positives. Call it after reading what was known before the batch. */
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
