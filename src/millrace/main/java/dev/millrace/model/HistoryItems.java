package dev.millrace.model;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.feature.FeatureSpec;
import dev.millrace.model.engine.Loops;
import dev.millrace.model.engine.Team;
import dev.millrace.model.network.Scratch;
import dev.millrace.model.pool.Rows;
import dev.millrace.model.table.EmbeddingTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;

/**
 * The items of a batch's histories that have a feature, with the row that the item tower makes of it: the rows that a history of the
 * feature pools, by item. One thread.
 */
final class HistoryItems implements Rows {

    /*
     * Order. forget, add, resolve or resolveAdmitting, find, gather, and, in a learning step, open, addTo (on any threads), scatter. An
     * item has one row, however many histories it is in.
     */
    private final FeatureSpec feature;
    private final Catalogue catalogue;
    private final FeatureInputs inputs;
    private final Map<String, Integer> numbers = new HashMap<>();
    private final List<Subject> items = new ArrayList<>();
    private float[] values = new float[0];
    private float[] gradients = new float[0];

    /** @param feature as the item tower has it */
    HistoryItems(FeatureSpec feature, EmbeddingTables tables, Catalogue catalogue, Team team) {
        this.feature = feature;
        this.catalogue = catalogue;
        this.inputs = new FeatureInputs(List.of(feature), List.of(), tables, catalogue, team);
    }

    /** Adds the items that have the feature. */
    void add(String[] ids, int count) {
        for (int at = 0; at < count; at++) {
            if (!numbers.containsKey(ids[at])) {
                Subject item = Subject.item(ids[at], catalogue.features(ids[at]));
                boolean isIn = item.has(feature);
                numbers.put(ids[at], isIn ? items.size() : EmbeddingTable.NONE);
                if (isIn) {
                    items.add(item);
                }
            }
        }
    }

    void resolve() {
        inputs.resolve(items);
    }

    void resolveAdmitting(Predicate<String> isListed) {
        inputs.resolveAdmitting(items, isListed);
    }

    void gather() {
        values = Scratch.atLeast(values, items.size() * dim());
        inputs.gather(items, values);
    }

    void scatter() {
        inputs.scatter(gradients, items.size());
    }

    /** No trace of a removed item may stay in memory. */
    void forget() {
        numbers.clear();
        items.clear();
        inputs.forgetRowless();
    }

    @Override
    public int dim() {
        return feature.dim();
    }

    @Override
    public float[] values() {
        return values;
    }

    @Override
    public void find(String[] keys, long[] fingerprints, int count, int[] found) {
        for (int at = 0; at < count; at++) {
            found[at] = numbers.getOrDefault(keys[at], EmbeddingTable.NONE);
        }
    }

    @Override
    public float[] initial(String key) {
        throw new IllegalStateException("a history leaves out items without a row");
    }

    @Override
    public void open(int[] opened, int count, int[] slots) {
        System.arraycopy(opened, 0, slots, 0, count);
        gradients = Scratch.atLeast(gradients, items.size() * dim());
        Arrays.fill(gradients, 0, items.size() * dim(), 0f);
    }

    @Override
    public void addTo(int slot, float[] gradient, int at, float factor) {
        Loops.now().addScaled(gradients, slot * dim(), gradient, at, dim(), factor);
    }
}
