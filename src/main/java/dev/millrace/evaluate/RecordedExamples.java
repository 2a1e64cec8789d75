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

/** A recorded history turned into examples by the {@link Attribution} of the stream; only the topic between is a list here. */
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
                // nobody asks for answers here
            }

            @Override
            public void userRemoved(String user) {
                // nobody asks for answers here
            }
        });
    }

    /** Where exposures, clicks and profiles go. */
    public Attribution attribution() {
        return attribution;
    }

    public void item(CatalogueItem item) {
        catalogue.add(item);
    }

    /** What became of the events so far. */
    public SortedMap<String, Books.Account> books() {
        return attribution.books().accounts();
    }

    List<CatalogueItem> catalogue() {
        return Collections.unmodifiableList(catalogue);
    }

    /** The examples so far, in the order in which the attribution made them. */
    List<TrainingExample> examples() {
        return Collections.unmodifiableList(examples);
    }
}
