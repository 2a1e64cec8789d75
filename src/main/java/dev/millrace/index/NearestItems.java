package dev.millrace.index;

import java.util.List;
import java.util.function.Predicate;

/** Item vectors that can be searched, exactly or approximately. */
public interface NearestItems {

    /** Floats a vector. */
    int dim();

    /** Items that can be found. */
    int size();

    /**
     * The items whose vectors have the largest inner products with the query.
     *
     * @param query [dim]
     * @param k items wanted, at least 1; fewer come back if there are fewer
     * @param excluded items that must not come back
     * @return best first, as {@link ScoredItem#BEST_FIRST} says
     */
    List<ScoredItem> search(float[] query, int k, Predicate<String> excluded);
}
