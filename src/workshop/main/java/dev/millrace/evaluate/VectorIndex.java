package dev.millrace.evaluate;

import dev.millrace.index.ItemIndex;
import dev.millrace.index.ScoredItem;
import dev.millrace.index.Search;
import dev.millrace.publish.ItemEmbedding;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The index of the recall server, with vectors of an evaluation. */
final class VectorIndex {

    private final ItemIndex index;

    VectorIndex(int dim) {
        index = new ItemIndex(dim);
    }

    void put(String item, float[] vector) {
        index.upsert(new ItemEmbedding(item, Optional.of(vector), "", 0, 0, 0), 0);
    }

    Optional<float[]> vector(String item) {
        return index.vector(item);
    }

    /** Returns the best items, best first, without those of the history. */
    List<String> best(float[] query, int k, Set<String> history) {
        return index.search(new Search(query, k, history::contains)).stream()
                .map(ScoredItem::item)
                .toList();
    }
}
