package dev.millrace.exam;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Form;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Events whose items are being ranked among the catalogue, some items a step. One thread.
 *
 * <p>It asks as of its beginning: the users' vectors and the scores of the events' own items stay what they were before the model learnt the
 * events. The items that they are compared with are as of the step that comes to them. A removed item may hide one other, which takes its
 * number.
 */
final class Examination {

    /** In place of an item's number: it has left the catalogue. */
    static final int GONE = -1;

    /** Users' vectors, and the orders of the items by their scores. */
    static final class Query {

        private static final Query NONE = new Query(new float[0], List.of());

        final float[] users;
        final List<Order> orders;

        /**
         * @param users [n, dim] row-major
         * @param orders one or more
         */
        Query(float[] users, List<Order> orders) {
            this.users = users;
            this.orders = orders;
        }

        boolean readsNumbers() {
            return orders.stream().anyMatch(Order::hasTerms);
        }

        /** Writes all but the vectors, or reads it. */
        Query fields(Form form, int size) {
            int dim = form.integer(users.length / Math.max(1, size));
            int count = form.count(orders.size());
            List<Order> all = new ArrayList<>();
            for (int order = 0; order < count; order++) {
                all.add((form.isRead() ? Order.NONE : orders.get(order)).fields(form, size));
            }
            return new Query(form.isRead() ? new float[size * dim] : users, all);
        }

        private Query more(Form form) {
            List<Order> all = new ArrayList<>(orders);
            all.replaceAll(order -> order.more(form));
            return new Query(users, all);
        }
    }

    /** What is stored beside the examinees. */
    private record Progress(long time, int next, int size, List<Query> queries, Places byPopularity, double[] counts) {

        Progress fields(Form form) {
            long asked = form.longInteger(time);
            int reached = form.integer(next);
            int events = form.count(size);
            List<Query> all = form.list(queries, Query.NONE, (of, query) -> query.fields(of, events));
            Places places = byPopularity.fields(form, events);
            double[] popular = form.isRead() ? new double[events] : counts;
            form.numbers(popular);
            List<Query> whole = new ArrayList<>(all);
            if (form.goesOn(all.stream().anyMatch(query -> query.orders.stream().anyMatch(Order::hasMore)))) {
                whole.replaceAll(query -> query.more(form));
            }
            return new Progress(asked, reached, events, whole, places, popular);
        }
    }

    /** Items by their inner product with the user, plus what {@link PriorWeights} add. */
    static final class Order {

        private static final Order NONE = new Order(PriorWeights.NONE, 0);

        private final PriorWeights weights;
        /** [n] the scores of the events' own items. */
        final float[] marks;

        final Places places;

        Order(PriorWeights weights, int users) {
            this(weights, new float[users], new Places(users));
        }

        private Order(PriorWeights weights, float[] marks, Places places) {
            this.weights = weights;
            this.marks = marks;
            this.places = places;
        }

        /** Writes all but the weights of repeats and of young items, or reads it. */
        Order fields(Form form, int size) {
            return new Order(weights.fields(form), form.floats(marks), places.fields(form, size));
        }

        private boolean hasMore() {
            return hasRepeats() || !weights.young().equals(PriorWeights.Young.NONE);
        }

        private Order more(Form form) {
            List<Double> repeats = form.list(weights.repeats(), 0.0, Form::number);
            return new Order(
                    weights.withRepeats(repeats).withYoung(weights.young().fields(form)), marks, places);
        }

        boolean hasTerms() {
            return !weights.areOfNoItem();
        }

        boolean hasRepeats() {
            return !weights.repeats().isEmpty();
        }

        boolean adds(NearNumbers near) {
            return !near.isEmpty()
                    && (weights.neighbours() != 0
                            || !weights.young().neighbours().isEmpty());
        }

        float ofRepeat(int place) {
            return (float) weights.repeat(place);
        }

        float term(TileNumbers numbers, int item) {
            return (float) numbers.prior(weights, item);
        }

        float ofNeighbours(TileNumbers numbers, int item) {
            return hasTerms() ? numbers.ofNeighbours(weights, item) : (float) weights.neighbours();
        }
    }

    /** Of the events, epoch milliseconds. */
    final long time;

    final List<Query> queries;
    final Places byPopularity;
    /** [n] popularity of the events' own items. */
    final double[] counts;
    /** [n] numbers of the events' own items, or {@link #GONE}. */
    final int[] targets;
    /** [n][] numbers of the items that each event's own does not compete with, each once and ascending; it is among them itself. */
    final int[][] leftOut;
    /** [n][] numbers of the items of each user's history by place, or {@link #GONE}; empty where these are left out. */
    final int[][] had;
    /** [n] what is near to the latest clicks of each event's user. */
    final NearNumbers[] near;

    private final List<Examinee> examinees;
    private final boolean isHistoryAnswered;
    private final boolean[] isForgotten;
    private int next;
    private long changes; // of the catalogue, as of the numbers
    private boolean isById; // whether the examinees have all that is needed to find new numbers

    private int entries; // of examinees, in the store
    private boolean isDirty = true;

    /** @param time of the events, epoch milliseconds */
    Examination(long time, List<Examinee> examinees, List<NearNumbers> near, List<Query> queries, ItemFacts facts) {
        this(
                time,
                examinees,
                queries,
                new Places(examinees.size()),
                new double[examinees.size()],
                facts.isHistoryAnswered());
        near.toArray(this.near);
        Catalogue catalogue = facts.catalogue();
        changes = catalogue.changes();
        for (int at = 0; at < targets.length; at++) {
            findNumbers(at, catalogue);
        }
    }

    private Examination(
            long time,
            List<Examinee> examinees,
            List<Query> queries,
            Places byPopularity,
            double[] counts,
            boolean isHistoryAnswered) {
        this.isHistoryAnswered = isHistoryAnswered;
        this.time = time;
        this.examinees = new ArrayList<>(examinees);
        this.queries = queries;
        this.byPopularity = byPopularity;
        this.counts = counts;
        this.isForgotten = new boolean[examinees.size()];
        this.targets = new int[examinees.size()];
        this.leftOut = new int[examinees.size()][];
        this.had = new int[examinees.size()][];
        this.near = new NearNumbers[examinees.size()];
    }

    /** By which of the half-lives its orders count popularity. */
    int halfLife() {
        return queries.get(0).orders.get(0).weights.halfLife();
    }

    /** Number of events. */
    int size() {
        return targets.length;
    }

    /** Returns the events whose users were not erased meanwhile, ascending. */
    int[] counted() {
        return IntStream.range(0, size()).filter(at -> !isForgotten[at]).toArray();
    }

    Examinee examinee(int at) {
        return examinees.get(at);
    }

    /** Returns the number of the first item that it has not come to. */
    int next() {
        return next;
    }

    /** Notes that it has come to all items before a number. */
    void moveTo(int number) {
        isDirty |= number != next;
        next = number;
    }

    /** Keeps all by ids, so that the catalogue may change. */
    void keepIds(Catalogue catalogue) {
        if (!isById) {
            for (int at = 0; at < size(); at++) {
                examinees.set(at, examinees.get(at).with(near[at].byId(catalogue)));
            }
            isById = true;
        }
    }

    /** Finds the numbers that the items have now. */
    void follow(Catalogue catalogue) {
        if (catalogue.changes() != changes) {
            changes = catalogue.changes();
            for (int at = 0; at < size(); at++) {
                near[at] = examinees.get(at).near().in(catalogue);
                findNumbers(at, catalogue);
            }
        }
    }

    private void findNumbers(int at, Catalogue catalogue) {
        Examinee examinee = examinees.get(at);
        targets[at] = catalogue.number(examinee.item()).orElse(GONE);
        int[] history = numbers(examinee.history(), catalogue);
        had[at] = isHistoryAnswered ? history : new int[0];
        leftOut[at] = Stream.of(
                        new int[] {targets[at]},
                        isHistoryAnswered ? new int[0] : history,
                        numbers(examinee.leftOut(), catalogue))
                .flatMapToInt(IntStream::of)
                .filter(number -> number != GONE)
                .sorted()
                .distinct()
                .toArray();
    }

    private static int[] numbers(List<String> items, Catalogue catalogue) {
        return items.stream()
                .mapToInt(item -> catalogue.number(item).orElse(GONE))
                .toArray();
    }

    /** Forgets a user's events. */
    void forget(String user) {
        for (int at = 0; at < size(); at++) {
            if (examinees.get(at).user().equals(user)) {
                isForgotten[at] = true;
                isDirty = true;
                examinees.set(at, Examinee.NONE);
                for (Query query : queries) {
                    int dim = query.users.length / size();
                    Arrays.fill(query.users, at * dim, (at + 1) * dim, 0f);
                }
            }
        }
    }

    /** Returns whether there are entries of it in the store. */
    boolean isStored() {
        return entries > 0;
    }

    /** Writes what changed since the last call. */
    void drain(EntrySink sink, Keys keys) {
        if (!isDirty) {
            return;
        }
        for (int at = 0; at < size(); at++) {
            if (entries == 0 && !isForgotten[at]) {
                int place = at;
                sink.put(keys.examinee(at), Form.written(form -> fields(form, place)));
            } else if (isForgotten[at]) {
                sink.delete(keys.examinee(at));
            }
        }
        entries = size();
        sink.put(
                keys.progress(), Form.written(new Progress(time, next, size(), queries, byPopularity, counts)::fields));
        isDirty = false;
    }

    /**
     * Deletes what was written.
     *
     * @param size of the exam whose entries take the place of these; 0 if there is none
     */
    void delete(EntrySink sink, Keys keys, int size) {
        if (entries > 0 && size == 0) {
            sink.delete(keys.progress());
        }
        for (int at = size; at < entries; at++) {
            sink.delete(keys.examinee(at));
        }
    }

    /** The keys of its entries: a prefix, and a byte that no other entry under the prefix has. */
    record Keys(byte prefix) {

        static final byte PROGRESS = 3;
        static final byte EXAMINEE = 4;

        private byte[] progress() {
            return new byte[] {prefix, PROGRESS};
        }

        private byte[] examinee(int at) {
            return ByteBuffer.allocate(2 + Integer.BYTES)
                    .put(prefix)
                    .put(EXAMINEE)
                    .putInt(at)
                    .array();
        }
    }

    /** Writes an examinee and its user's vectors, or reads them. */
    private void fields(Form form, int at) {
        int dim = queries.get(0).users.length / size();
        Examinee examinee = examinees.get(at).fields(form);
        float[] vectors = new float[queries.size() * dim];
        for (int query = 0; query < queries.size(); query++) {
            System.arraycopy(queries.get(query).users, at * dim, vectors, query * dim, dim);
        }
        vectors = form.floats(vectors);
        examinee = form.goesOn(!examinee.leftOut().isEmpty()) ? examinee.more(form) : examinee;
        if (form.isRead()) {
            examinees.set(at, examinee);
            isForgotten[at] = false;
            for (int query = 0; query < queries.size(); query++) {
                System.arraycopy(vectors, query * dim, queries.get(query).users, at * dim, dim);
            }
        }
    }

    /**
     * Reads what was drained.
     *
     * @param stored entries of the examinees, by their places; those that are missing were forgotten
     */
    static Examination read(byte[] progress, SortedMap<Integer, byte[]> stored, ItemFacts facts) {
        Progress found = Form.read(progress, new Progress(0, 0, 0, List.of(), new Places(0), new double[0])::fields);
        Examination read = new Examination(
                found.time,
                Collections.nCopies(found.size, Examinee.NONE),
                found.queries,
                found.byPopularity,
                found.counts,
                facts.isHistoryAnswered());
        Arrays.fill(read.isForgotten, true);
        stored.headMap(found.size).forEach((at, entry) -> Form.restore(entry, form -> read.fields(form, at)));
        read.next = found.next;
        read.isById = true;
        read.entries = found.size;
        read.isDirty = false;
        read.changes = facts.catalogue().changes() - 1; // numbers are found when they are needed
        return read;
    }

    /** Returns true if it ranks by so many orders, and by vectors of so many floats. */
    boolean fits(int orders, int dim) {
        return queries.stream().mapToInt(query -> query.orders.size()).sum() == orders
                && queries.stream().allMatch(query -> query.users.length == size() * dim);
    }
}
