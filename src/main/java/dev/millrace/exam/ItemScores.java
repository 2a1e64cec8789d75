package dev.millrace.exam;

import java.util.Arrays;
import java.util.List;

/**
 * Inner products of user vectors with all item vectors, one tile of items at a time. One thread.
 *
 * <p>Item vectors are stored by component, one array per tile and component, so that the innermost loop runs over items
 * and the compiler turns it into SIMD; a tile stays in the second-level cache while all users pass. Whatever the tile,
 * a product is summed in the order of the components.
 */
final class ItemScores {

    private static final int TILE = 1024;
    private static final int AT_ONCE = 4; // eight at once is no longer vector code, and five times slower

    private final float[] itemVectors;
    private final float[][][] components; // [tiles][dim][items of the tile]
    private final int dim;

    /** @param itemVectors [items, dim] row-major; not copied */
    ItemScores(float[] itemVectors, int items, int dim) {
        this.itemVectors = itemVectors;
        this.dim = dim;
        this.components = new float[(items + TILE - 1) / TILE][dim][];
        for (int tile = 0; tile < components.length; tile++) {
            int first = tile * TILE;
            int width = Math.min(TILE, items - first);
            for (int d = 0; d < dim; d++) {
                float[] component = new float[width];
                for (int item = 0; item < width; item++) {
                    component[item] = itemVectors[(first + item) * dim + d];
                }
                components[tile][d] = component;
            }
        }
    }

    /**
     * The number of items on either side of each user's mark, if each item's own term is added to its score.
     *
     * @param terms [items] added to the inner products
     * @param marks [n] scores to compare with, one per user
     * @param above [n] filled: number of items that score more
     * @param below [n] filled: number of items that score less
     */
    record Ranking(float[] terms, float[] marks, int[] above, int[] below) {

        Ranking(float[] terms, int users) {
            this(terms, new float[users], new int[users], new int[users]);
        }
    }

    /**
     * Counts the items on either side of each user's mark, in all rankings; they share the inner products.
     *
     * @param users [n, dim] row-major
     * @param rankings rankings whose counts are filled
     */
    void count(float[] users, List<Ranking> rankings) {
        for (Ranking ranking : rankings) {
            Arrays.fill(ranking.above, 0);
            Arrays.fill(ranking.below, 0);
        }
        int n = users.length / dim;
        int first = 0;
        for (float[][] tile : components) {
            float[] products = new float[tile[0].length];
            float[] scores = new float[products.length];
            for (int user = 0; user < n; user++) {
                score(users, user * dim, tile, products);
                for (Ranking ranking : rankings) {
                    add(products, ranking.terms, first, scores);
                    ranking.above[user] += countAbove(scores, ranking.marks[user]);
                    ranking.below[user] += countBelow(scores, ranking.marks[user]);
                }
            }
            first += products.length;
        }
    }

    /** Returns the inner product with one item, bit for bit the one that {@link #count} computes. */
    float score(float[] users, int offset, int item) {
        float sum = 0;
        for (int d = 0; d < dim; d++) {
            sum += users[offset + d] * itemVectors[item * dim + d];
        }
        return sum;
    }

    private void score(float[] users, int offset, float[][] tile, float[] out) {
        Arrays.fill(out, 0);
        int d = 0;
        for (; d + AT_ONCE <= dim; d += AT_ONCE) {
            addFour(users, offset + d, tile, d, out);
        }
        for (; d < dim; d++) {
            addScaled(users[offset + d], tile[d], out);
        }
    }

    private static void addFour(float[] users, int at, float[][] tile, int d, float[] out) {
        float u0 = users[at];
        float u1 = users[at + 1];
        float u2 = users[at + 2];
        float u3 = users[at + 3];
        float[] v0 = tile[d];
        float[] v1 = tile[d + 1];
        float[] v2 = tile[d + 2];
        float[] v3 = tile[d + 3];
        for (int item = 0; item < out.length; item++) {
            float sum = out[item] + u0 * v0[item];
            sum += u1 * v1[item];
            sum += u2 * v2[item];
            out[item] = sum + u3 * v3[item];
        }
    }

    private static void addScaled(float factor, float[] component, float[] out) {
        for (int item = 0; item < out.length; item++) {
            out[item] += factor * component[item];
        }
    }

    private static void add(float[] products, float[] terms, int first, float[] out) {
        for (int item = 0; item < out.length; item++) {
            out[item] = products[item] + terms[first + item];
        }
    }

    private static int countAbove(float[] scores, float mark) {
        int count = 0;
        for (float score : scores) {
            count += score > mark ? 1 : 0;
        }
        return count;
    }

    private static int countBelow(float[] scores, float mark) {
        int count = 0;
        for (float score : scores) {
            count += score < mark ? 1 : 0;
        }
        return count;
    }
}
