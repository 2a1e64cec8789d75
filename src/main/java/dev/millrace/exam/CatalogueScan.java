package dev.millrace.exam;

import dev.millrace.batch.Catalogue;
import dev.millrace.batch.DecayedCounts;
import dev.millrace.batch.FastPopularity;
import dev.millrace.batch.PriorWeights;
import dev.millrace.model.TwoTower;
import dev.millrace.model.engine.Loops;
import dev.millrace.model.engine.Products;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Counts the items of the catalogue that are before and beside given items in several orders. One thread.
 *
 * <p>It encodes and scores one tile of items after the other, so that its arrays do not grow with the catalogue. Each
 * item is encoded once, whatever the number of orders. An item has the same bits in its own product as in a tile's.
 */
final class CatalogueScan {

    /** Items that are encoded together. */
    static final int TILE = 1024;

    private static final int USERS_AT_ONCE = 128; // their scores with a tile stay in the second-level cache
    private static final double MILLIS_AN_HOUR = 3_600_000;

    private final TwoTower model;
    private final Catalogue catalogue;
    private final Products products;
    private final int[] targets;
    private final int[][] leftOut;
    private final NearNumbers[] near;
    /** [targets] first number of {@code leftOut} that is not before the tile. */
    private final int[] reached;

    private final float[] vectors;
    private final float[] scores;
    private final float[] raised = new float[TILE];
    private final TileNumbers numbers = new TileNumbers(TILE);

    /**
     * @param products whose bits depend on the row and the column alone
     * @param targets [n] numbers of the items that are placed
     * @param leftOut [n][] numbers of the items that a target does not compete with, each once and ascending; the target
     *     itself is among them
     * @param near [n] what is near to the latest clicks of each target's user
     */
    CatalogueScan(
            TwoTower model,
            Catalogue catalogue,
            Products products,
            int[] targets,
            int[][] leftOut,
            NearNumbers[] near) {
        this.model = model;
        this.catalogue = catalogue;
        this.products = products;
        this.targets = targets;
        this.leftOut = leftOut;
        this.near = near;
        this.reached = new int[targets.length];
        this.vectors = new float[Math.min(TILE, catalogue.size()) * model.dim()];
        this.scores = new float[Math.min(USERS_AT_ONCE, targets.length) * Math.min(TILE, catalogue.size())];
    }

    /** Users' vectors, and the orders of the items by their scores. */
    static final class Query {

        private final float[][] blocks;
        private final List<Order> orders;
        private final Optional<MixtureLikelihood> likelihood;

        /**
         * @param users [n, dim] row-major
         * @param orders one or more
         * @param likelihood of the targets by these vectors, if it is wanted; a scan fills it
         */
        Query(float[] users, int dim, List<Order> orders, Optional<MixtureLikelihood> likelihood) {
            int block = USERS_AT_ONCE * dim;
            this.blocks = IntStream.range(0, (users.length + block - 1) / block)
                    .mapToObj(at -> Arrays.copyOfRange(users, at * block, Math.min(users.length, (at + 1) * block)))
                    .toArray(float[][]::new);
            this.orders = orders;
            this.likelihood = likelihood;
        }

        private boolean readsNumbers() {
            return likelihood.isPresent() || orders.stream().anyMatch(Order::hasTerms);
        }
    }

    /** Items by their inner product with the user, plus what {@link PriorWeights} add. */
    static final class Order {

        private final PriorWeights weights;
        private final float[] marks;
        private final Places places;
        private float[] terms = new float[0];

        Order(PriorWeights weights, int users) {
            this.weights = weights;
            this.marks = new float[users];
            this.places = new Places(users);
        }

        Places places() {
            return places;
        }

        private boolean hasTerms() {
            return !weights.areOfNoItem();
        }

        private boolean adds(NearNumbers near) {
            return weights.neighbours() != 0 && !near.isEmpty();
        }

        private float term(TileNumbers numbers, int item) {
            return (float) numbers.prior(weights, item);
        }

        private float ofNeighbours() {
            return (float) weights.neighbours();
        }
    }

    /**
     * Fills the places of all orders, and the likelihoods that are wanted.
     *
     * @param popularity the baseline's counts
     * @param fast recent popularity, for orders with weights and for likelihoods
     * @param time epoch milliseconds, of counts, numbers and ages
     * @return the places by popularity
     */
    Places run(List<Query> queries, DecayedCounts popularity, FastPopularity fast, long time) {
        double now = time / MILLIS_AN_HOUR;
        double[] countsOfTargets = new double[targets.length];
        for (int at = 0; at < targets.length; at++) {
            countsOfTargets[at] = popularity.count(catalogue.itemAt(targets[at]), now);
        }
        boolean areNumbersRead = queries.stream().anyMatch(Query::readsNumbers);
        mark(queries, fast, time);
        Places byPopularity = new Places(targets.length);
        int items = catalogue.size();
        for (int first = 0; first < items; first += TILE) {
            List<String> ids = ids(first, Math.min(TILE, items - first));
            model.itemVectors(ids, vectors);
            if (areNumbersRead) {
                numbers.take(catalogue, first, ids.size(), fast, time);
            }
            for (Query query : queries) {
                count(query, first, ids.size());
            }
            double[] counts =
                    ids.stream().mapToDouble(id -> popularity.count(id, now)).toArray();
            count(byPopularity, countsOfTargets, counts, first);
            for (int at = 0; at < targets.length; at++) {
                reached[at] = endOfLeftOut(at, first + ids.size());
            }
        }
        return byPopularity;
    }

    private List<String> ids(int first, int size) {
        List<String> ids = new ArrayList<>(size);
        for (int number = first; number < first + size; number++) {
            ids.add(catalogue.itemAt(number));
        }
        return ids;
    }

    /** Scores the targets themselves. */
    private void mark(List<Query> queries, FastPopularity fast, long time) {
        int dim = model.dim();
        float[] product = new float[1];
        TileNumbers number = new TileNumbers(1);
        int tile = Math.min(TILE, catalogue.size()); // targets may be more than the items
        for (int first = 0; first < targets.length; first += tile) {
            int size = Math.min(tile, targets.length - first);
            List<String> ids = IntStream.range(first, first + size)
                    .mapToObj(at -> catalogue.itemAt(targets[at]))
                    .toList();
            float[] own = new float[size * dim];
            model.itemVectors(ids, own);
            for (int at = first; at < first + size; at++) {
                float[] item = Arrays.copyOfRange(own, (at - first) * dim, (at - first + 1) * dim);
                number.take(catalogue, targets[at], 1, fast, time);
                float nearness = near[at].of(targets[at]);
                for (Query query : queries) {
                    int row = at % USERS_AT_ONCE * dim;
                    float[] user = Arrays.copyOfRange(query.blocks[at / USERS_AT_ONCE], row, row + dim);
                    products.multiplyTransposedRight(user, item, product, 1, dim, 1, 1f);
                    for (Order order : query.orders) {
                        float alone = order.hasTerms() ? product[0] + order.term(number, 0) : product[0];
                        order.marks[at] = order.adds(near[at]) ? alone + order.ofNeighbours() * nearness : alone;
                    }
                    query.likelihood.ifPresent(likelihood -> likelihood.addTarget(product[0], number, 0, nearness));
                }
            }
        }
    }

    private void count(Query query, int first, int size) {
        for (Order order : query.orders) {
            if (order.hasTerms()) {
                order.terms = order.terms.length < size ? new float[TILE] : order.terms;
                for (int item = 0; item < size; item++) {
                    order.terms[item] = order.term(numbers, item);
                }
            }
        }
        query.likelihood.ifPresent(likelihood -> likelihood.beginTile(numbers));
        int from = 0;
        for (float[] users : query.blocks) {
            int n = users.length / model.dim();
            products.multiplyTransposedRight(users, vectors, scores, n, model.dim(), size, 1f);
            for (int user = 0; user < n; user++) {
                int at = from + user;
                for (Order order : query.orders) {
                    count(order, at, user * size, first, size);
                }
                int row = user * size;
                query.likelihood.ifPresent(likelihood -> likelihood.addTile(
                        at,
                        scores,
                        row,
                        size,
                        leftOut[at],
                        reached[at],
                        endOfLeftOut(at, first + size),
                        first,
                        targets[at],
                        near[at]));
            }
            from += n;
        }
    }

    /** @param row where the user's scores with the tile begin */
    private void count(Order order, int at, int row, int first, int size) {
        Loops loops = Loops.now();
        float[] compared = scores;
        int start = row;
        if (order.hasTerms()) {
            for (int item = 0; item < size; item++) {
                raised[item] = scores[row + item] + order.terms[item];
            }
            compared = raised;
            start = 0;
        }
        if (order.adds(near[at])) {
            if (compared == scores) {
                System.arraycopy(scores, row, raised, 0, size);
                compared = raised;
                start = 0;
            }
            near[at].addTo(raised, first, size, order.ofNeighbours());
        }
        float mark = order.marks[at];
        int better = loops.countAbove(compared, start, start + size, mark);
        int worse = loops.countBelow(compared, start, start + size, mark);
        order.places.add(at, better, size - better - worse);
        for (int which = reached[at]; which < endOfLeftOut(at, first + size); which++) {
            float score = compared[start + leftOut[at][which] - first];
            order.places.remove(at, score > mark, !(score > mark) && !(score < mark));
        }
    }

    private void count(Places places, double[] marks, double[] counts, int first) {
        double[] ascending = counts.clone();
        Arrays.sort(ascending);
        for (int at = 0; at < marks.length; at++) {
            int below = countBelow(ascending, marks[at]);
            int notAbove = countBelow(ascending, Math.nextUp(marks[at]));
            places.add(at, counts.length - notAbove, notAbove - below);
            for (int which = reached[at]; which < endOfLeftOut(at, first + counts.length); which++) {
                double count = counts[leftOut[at][which] - first];
                places.remove(at, count > marks[at], count == marks[at]);
            }
        }
    }

    /** Returns the first index, from {@code reached} on, of a number that is not below the end. */
    private int endOfLeftOut(int at, int end) {
        int which = reached[at];
        while (which < leftOut[at].length && leftOut[at][which] < end) {
            which++;
        }
        return which;
    }

    private static int countBelow(double[] ascending, double count) {
        int low = 0;
        int high = ascending.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (ascending[middle] < count) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
