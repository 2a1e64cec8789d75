package dev.millrace.evaluate;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.event.CatalogueItem;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.Books;
import dev.millrace.state.MemoryEntries;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;

/** The examples of a recorded history, made by the {@link Attribution} of the stream. A list stands for the topic of examples. */
public final class RecordedExamples {

    private final Attribution attribution;
    private final List<CatalogueItem> catalogue = new ArrayList<>();
    private final List<TrainingExample> examples = new ArrayList<>();

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
        catalogue.add(item);
    }

    /** Returns the outcomes of the events so far. */
    public SortedMap<String, Books.Account> books() {
        return attribution.books().accounts();
    }

    List<CatalogueItem> catalogue() {
        return Collections.unmodifiableList(catalogue);
    }

    /** Returns the examples so far, in the order of the attribution. */
    List<TrainingExample> examples() {
        return Collections.unmodifiableList(examples);
    }
}
