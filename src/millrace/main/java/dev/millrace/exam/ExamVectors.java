package dev.millrace.exam;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.event.CatalogueItem;
import dev.millrace.model.TwoTower;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The item vectors that exams of one model read.
 *
 * <p>A model that learns between its exams, as a live one does, computes them anew, and none is kept. Of a model that stands still, as
 * offline, each is computed once from the second exam on, which keeps the floats of the whole catalogue. One thread.
 */
final class ExamVectors {

    private final TwoTower model;
    private final Catalogue catalogue;
    private long changes = -1; // of the model, as of the last exam's beginning
    private boolean isStill;
    private long edits; // of the catalogue, as of the kept ones
    /** [number] What each of the kept vectors is of. */
    private final List<CatalogueItem> kept = new ArrayList<>();
    /** [number, dim] */
    private float[] vectors = new float[0];

    ExamVectors(TwoTower model, Catalogue catalogue) {
        this.model = model;
        this.catalogue = catalogue;
    }

    boolean areOf(TwoTower other) {
        return model == other;
    }

    int dim() {
        return model.dim();
    }

    /** Begins an exam. */
    void begin() {
        isStill = model.changes() == changes;
        changes = model.changes();
        if (isStill) {
            if (kept.isEmpty() || catalogue.edits() != edits) {
                keepAll();
                edits = catalogue.edits();
            }
        } else {
            kept.clear();
            vectors = new float[0];
        }
    }

    /** Computes what is not kept yet: at first all, then new items, and those that have other features. */
    private void keepAll() {
        int size = catalogue.size();
        if (vectors.length < size * dim()) {
            vectors = Arrays.copyOf(vectors, (size + size / 2) * dim());
        }
        List<Integer> missing = new ArrayList<>();
        for (int number = 0; number < size; number++) {
            CatalogueItem item = catalogue.item(number);
            if (number == kept.size()) {
                kept.add(item);
                missing.add(number);
            } else if (!item.equals(kept.set(number, item))) {
                missing.add(number);
            }
        }
        for (int from = 0; from < missing.size(); from += CatalogueScan.TILE) {
            List<Integer> some = missing.subList(from, Math.min(from + CatalogueScan.TILE, missing.size()));
            float[] tile = new float[some.size() * dim()];
            int[] numbers = some.stream().mapToInt(number -> number).toArray();
            model.passingItemVectors(numbers, 0, numbers.length, tile);
            for (int at = 0; at < some.size(); at++) {
                System.arraycopy(tile, at * dim(), vectors, some.get(at) * dim(), dim());
            }
        }
    }

    /**
     * Reads the vectors of some items.
     *
     * @param numbers [n] of the items
     * @param out [n, dim] row-major, filled
     */
    void read(int[] numbers, float[] out) {
        if (areKept()) {
            for (int at = 0; at < numbers.length; at++) {
                System.arraycopy(vectors, numbers[at] * dim(), out, at * dim(), dim());
            }
        } else {
            model.itemVectors(IntStream.of(numbers).mapToObj(catalogue::itemAt).toList(), out);
        }
    }

    /**
     * Reads the vectors of the next items of the catalogue.
     *
     * @param first number of the first one
     * @param out [size, dim] row-major, filled
     */
    void readNext(int first, int size, float[] out) {
        if (areKept()) {
            System.arraycopy(vectors, first * dim(), out, 0, size * dim());
        } else {
            model.passingItemVectors(IntStream.range(first, first + size).toArray(), 0, size, out);
        }
    }

    private boolean areKept() {
        return isStill && model.changes() == changes; // an open exam goes on while the model learns
    }
}
