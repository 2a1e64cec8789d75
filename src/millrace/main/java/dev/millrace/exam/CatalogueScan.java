package dev.millrace.exam;

import dev.millrace.model.engine.Loops;
import dev.millrace.model.engine.Products;
import dev.millrace.popularity.DecayedCounts;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Counts the items of the catalogue that are before and beside the items of an {@link Examination} in its orders. One thread.
 *
 * <p>It scores one tile of items after the other, so that its arrays do not grow with the catalogue. Each item is
 * encoded once, whatever the number of orders. An item has the same bits in its own product as in a tile's.
 */
final class CatalogueScan {

    /** Items that are encoded together. */
    static final int TILE = 1024;

    private static final int USERS_AT_ONCE = 128; // their scores with a tile stay in the second-level cache
    private static final double MILLIS_AN_HOUR = 3_600_000;

    private final ExamVectors encoded;
    private final ItemFacts facts;
    private final DecayedCounts popularity;
    private final Products products;
    private final Examination exam;
    /** [n] first number of what is left out that is not before the tile. */
    private final int[] reached;

    private final float[] vectors;
    private final float[] scores;
    private final float[] raised;
    private final float[] terms;
    private final TileNumbers numbers;

    /**
     * @param popularity the baseline's counts
     * @param products whose bits depend on the row and the column alone
     * @param most items of a pass
     */
    CatalogueScan(
            ExamVectors encoded,
            ItemFacts facts,
            DecayedCounts popularity,
            Products products,
            Examination exam,
            int most) {
        this.encoded = encoded;
        this.facts = facts;
        this.popularity = popularity;
        this.products = products;
        this.exam = exam;
        this.reached = new int[exam.size()];
        int tile = Math.min(TILE, most);
        this.vectors = new float[tile * encoded.dim()];
        this.scores = new float[Math.min(USERS_AT_ONCE, exam.size()) * tile];
        this.raised = new float[tile];
        this.terms = new float[tile];
        this.numbers = new TileNumbers(tile);
    }

    /** Scores the exam's own items. */
    void mark() {
        int dim = encoded.dim();
        double now = exam.time / MILLIS_AN_HOUR;
        float[] product = new float[1];
        TileNumbers number = new TileNumbers(1);
        int[] targets = exam.targets;
        int tile = vectors.length / dim; // events may be more than the items
        for (int first = 0; first < targets.length; first += tile) {
            int size = Math.min(tile, targets.length - first);
            float[] own = new float[size * dim];
            encoded.read(Arrays.copyOfRange(targets, first, first + size), own);
            for (int at = first; at < first + size; at++) {
                float[] item = Arrays.copyOfRange(own, (at - first) * dim, (at - first + 1) * dim);
                number.take(facts, targets[at], 1, exam.halfLife(), exam.time);
                float nearness = exam.near[at].of(targets[at]);
                boolean isAnswerable = exam.examinee(at).isAnswerable();
                exam.counts[at] = isAnswerable ? popularity.count(targets[at], now) : Double.NEGATIVE_INFINITY;
                for (Examination.Query query : exam.queries) {
                    float[] user = Arrays.copyOfRange(query.users, at * dim, (at + 1) * dim);
                    products.multiplyTransposedRight(user, item, product, 1, dim, 1, 1f);
                    for (Examination.Order order : query.orders) {
                        float alone = order.hasTerms() ? product[0] + order.term(number, 0) : product[0];
                        float mark =
                                order.adds(exam.near[at]) ? alone + order.ofNeighbours(number, 0) * nearness : alone;
                        order.marks[at] = isAnswerable
                                ? mark + ofRepeat(order, exam.had[at], targets[at])
                                : Float.NEGATIVE_INFINITY;
                    }
                }
            }
        }
    }

    /**
     * Comes to the next items.
     *
     * @param items how many
     * @param time epoch milliseconds, of their counts, numbers and ages
     */
    void pass(int items, long time) {
        double now = time / MILLIS_AN_HOUR;
        boolean areNumbersRead = exam.queries.stream().anyMatch(Examination.Query::readsNumbers);
        int end = exam.next() + items;
        for (int at = 0; at < reached.length; at++) {
            reached[at] = endOfLeftOut(at, exam.next());
        }
        for (int first = exam.next(); first < end; first += TILE) {
            int size = Math.min(TILE, end - first);
            encoded.readNext(first, size, vectors);
            if (areNumbersRead) {
                numbers.take(facts, first, size, exam.halfLife(), time);
            }
            for (Examination.Query query : exam.queries) {
                count(query, first, size);
            }
            double[] counts = IntStream.range(first, first + size)
                    .mapToDouble(item -> popularity.count(item, now))
                    .toArray();
            count(exam.byPopularity, exam.counts, counts, first);
            for (int at = 0; at < reached.length; at++) {
                reached[at] = endOfLeftOut(at, first + size);
            }
        }
        exam.moveTo(end);
    }

    private void count(Examination.Query query, int first, int size) {
        int dim = encoded.dim();
        for (int from = 0; from < exam.size(); from += USERS_AT_ONCE) {
            int n = Math.min(USERS_AT_ONCE, exam.size() - from);
            float[] users = Arrays.copyOfRange(query.users, from * dim, (from + n) * dim);
            products.multiplyTransposedRight(users, vectors, scores, n, dim, size, 1f);
            for (Examination.Order order : query.orders) {
                if (order.hasTerms()) {
                    for (int item = 0; item < size; item++) {
                        terms[item] = order.term(numbers, item);
                    }
                }
                for (int user = 0; user < n; user++) {
                    count(order, from + user, user * size, first, size);
                }
            }
        }
    }

    /** @param row where the user's scores with the tile begin */
    private void count(Examination.Order order, int at, int row, int first, int size) {
        Loops loops = Loops.now();
        NearNumbers near = exam.near[at];
        float[] compared = scores;
        int start = row;
        if (order.hasTerms()) {
            for (int item = 0; item < size; item++) {
                raised[item] = scores[row + item] + terms[item];
            }
            compared = raised;
            start = 0;
        }
        boolean isNear = order.adds(near);
        if (compared == scores && (isNear || order.hasRepeats())) {
            System.arraycopy(scores, row, raised, 0, size);
            compared = raised;
            start = 0;
        }
        if (isNear) {
            near.forEach(first, size, (item, number) -> raised[item] += order.ofNeighbours(numbers, item) * number);
        }
        if (order.hasRepeats()) {
            int[] had = exam.had[at];
            for (int place = 0; place < had.length; place++) {
                if (had[place] >= first && had[place] < first + size) {
                    raised[had[place] - first] += order.ofRepeat(place);
                }
            }
        }
        float mark = order.marks[at];
        int better = loops.countAbove(compared, start, start + size, mark);
        int worse = loops.countBelow(compared, start, start + size, mark);
        order.places.add(at, better, size - better - worse);
        for (int which = reached[at]; which < endOfLeftOut(at, first + size); which++) {
            float score = compared[start + exam.leftOut[at][which] - first];
            order.places.remove(at, score > mark, !(score > mark) && !(score < mark));
        }
    }

    private static float ofRepeat(Examination.Order order, int[] had, int item) {
        for (int place = 0; place < had.length; place++) {
            if (had[place] == item) {
                return order.ofRepeat(place);
            }
        }
        return 0;
    }

    private void count(Places places, double[] marks, double[] counts, int first) {
        double[] ascending = counts.clone();
        Arrays.sort(ascending);
        for (int at = 0; at < marks.length; at++) {
            int below = countBelow(ascending, marks[at]);
            int notAbove = countBelow(ascending, Math.nextUp(marks[at]));
            places.add(at, counts.length - notAbove, notAbove - below);
            for (int which = reached[at]; which < endOfLeftOut(at, first + counts.length); which++) {
                double count = counts[exam.leftOut[at][which] - first];
                places.remove(at, count > marks[at], count == marks[at]);
            }
        }
    }

    /** Returns the first index, from {@code reached} on, of a number that is not below the end. */
    private int endOfLeftOut(int at, int end) {
        int[] leftOut = exam.leftOut[at];
        int which = reached[at];
        while (which < leftOut.length && leftOut[which] < end) {
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
