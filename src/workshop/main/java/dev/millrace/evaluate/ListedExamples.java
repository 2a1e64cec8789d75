package dev.millrace.evaluate;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.CatalogueChange;
import dev.millrace.batch.MiniBatch;
import dev.millrace.event.CatalogueItem;
import dev.millrace.train.Trainer;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Feeds examples to a trainer, and an item's features just before the first example that names the item. So the catalogue holds what examples have
 * named so far. Features that change later are fed when they change. One thread.
 */
final class ListedExamples {

    private final List<RecordedExamples.Listing> listings;
    private final Map<String, CatalogueItem> unseen = new HashMap<>();
    private final Set<String> seen = new HashSet<>();
    private int nextListing;

    /** @param listings in the order in which they came */
    ListedExamples(List<RecordedExamples.Listing> listings) {
        this.listings = listings;
    }

    /**
     * Feeds examples, and closes the last batch.
     *
     * @param from number of examples that came before
     */
    void feed(Trainer trainer, List<TrainingExample> examples, int from, Consumer<MiniBatch> step) {
        for (int at = 0; at < examples.size(); at++) {
            TrainingExample example = examples.get(at);
            while (nextListing < listings.size() && listings.get(nextListing).before() <= from + at) {
                list(trainer, listings.get(nextListing++).item());
            }
            if (seen.add(example.item())) {
                CatalogueItem item = unseen.remove(example.item());
                if (item != null) {
                    trainer.change(new CatalogueChange.Upsert(item));
                }
            }
            trainer.add(example);
            if (trainer.isBatchReady()) {
                step.accept(trainer.closeBatch());
            }
        }
        if (trainer.hasOpenWork()) {
            step.accept(trainer.closeBatch());
        }
    }

    private void list(Trainer trainer, CatalogueItem item) {
        if (seen.contains(item.item())) {
            trainer.change(new CatalogueChange.Upsert(item));
        } else {
            unseen.put(item.item(), item);
        }
    }
}
