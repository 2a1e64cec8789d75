package dev.millrace.evaluate;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.feature.UserFeatures;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.state.Books;
import dev.millrace.state.MemoryEntries;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;

/** The examples of a recorded history, made by the {@link Attribution} of the stream or taken from its batches. A list stands for the topic of examples. */
public final class RecordedExamples {

    private final Attribution attribution;
    /**
     * An item's features.
     *
     * @param before number of examples that came before
     * @param clock which the learner had reached when the item came; 0 if that is for the examples to say
     */
    record Listing(CatalogueItem item, int before, long clock) {}

    /**
     * A window of the log.
     *
     * @param from its first example
     */
    record Window(String name, int from) {}

    private final List<Listing> listings = new ArrayList<>();
    private final List<Window> windows = new ArrayList<>();
    private final List<TrainingExample> examples = new ArrayList<>();
    private final List<MiniBatch> batches = new ArrayList<>();

    public RecordedExamples(AttributionSettings settings) {
        this.attribution = new Attribution(settings, new MemoryEntries(), new Attribution.Output() {
            @Override
            public void example(TrainingExample example) {
                examples.add(example);
            }

            @Override
            public void userFeatures(UserFeatures user) {
                // there are no recall requests in an evaluation
            }

            @Override
            public void userRemoved(String user) {
                // there are no recall requests in an evaluation
            }
        });
    }

    /** Takes exposures, clicks and profiles. */
    public Attribution attribution() {
        return attribution;
    }

    public void item(CatalogueItem item) {
        listings.add(new Listing(item, examples.size(), 0));
    }

    /** Takes a batch of a log: as it is, its examples, and the items that a producer announced. */
    public void batch(MiniBatch batch) {
        batches.add(batch);
        for (CatalogueChange change : batch.catalogue()) {
            if (change instanceof CatalogueChange.Upsert upsert && upsert.isAnnounced()) {
                listings.add(new Listing(upsert.item(), examples.size(), batch.clock()));
            }
        }
        examples.addAll(batch.examples());
        examples.addAll(batch.exposed());
    }

    /**
     * Begins a window of the log.
     *
     * @throws InvalidSettingsException if it was there before
     */
    public void beginWindow(String name) {
        if (windows.stream().anyMatch(window -> window.name().equals(name))) {
            throw new InvalidSettingsException(List.of(new SettingFault(
                    "data",
                    "window " + name,
                    "comes back after window " + windows.get(windows.size() - 1).name()
                            + "; the events of a window must follow each other in time")));
        }
        windows.add(new Window(name, examples.size()));
    }

    /** Returns the outcomes of the events so far. */
    public SortedMap<String, Books.Account> books() {
        return attribution.books().accounts();
    }

    /** Returns true if there is something to learn from. */
    public boolean havePositives() {
        return examples().stream().anyMatch(TrainingExample::isPositive);
    }

    /** Returns the items' features, in the order in which they came. */
    List<Listing> listings() {
        return Collections.unmodifiableList(listings);
    }

    /** Returns the windows of the log, or none if the log does not name any. */
    List<Window> windows() {
        return Collections.unmodifiableList(windows);
    }

    /** Returns the batches of a log, in their order. */
    public List<MiniBatch> batches() {
        return Collections.unmodifiableList(batches);
    }

    /** Returns the examples so far, in the order of the attribution. */
    List<TrainingExample> examples() {
        return Collections.unmodifiableList(examples);
    }
}
