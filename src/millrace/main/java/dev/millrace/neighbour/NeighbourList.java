package dev.millrace.neighbour;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Form;
import dev.millrace.state.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/**
 * The neighbours of one item, with weights that decay in event time. One thread writes it.
 *
 * <p>It decays when something is added. A full list gives the place of its lightest neighbour to a new one.
 */
public final class NeighbourList {

    /*
     * What one user adds. The list sums up what each user added, as Misra and Gries (1982) count frequent elements: who is not among the PLACES
     * users of a full table takes from all sums, and from what was added, as much as empties the least of them, and has that place with the
     * rest. Sums decay with the weights. A taking takes the same from PLACES sums and from the new one, so all takings come to at most
     * T / (PLACES + 1), T the total. Hence
     *
     *     sum  <=  what the user added  <=  sum + T / (PLACES + 1)
     *
     * An addition that would bring the sum above MOST is not made. By the first inequality nobody is refused for what others added. By the second,
     * what one user added is at most MOST + T / 17, however many others come between. A click on an item adds to its list at most
     * 1 + 1/2 + 1/3 by the three clicks after it, and half of that by the three before, 2.75: two clicks are within MOST.
     *
     * A neighbour knows the user of whom alone it is, if there is one. A user has at most MOST_ALONE such neighbours, as many as two clicks make; a
     * further one takes the place of the lightest of them. So one user takes at most 12 of 64 places, whatever the others weigh.
     *
     * Users stand for digests. Where two have the same, they share one sum.
     *
     * Stored form. An addition decays all weights, so nearly all of a list changes with each. Therefore a list is written whole, and what is added to
     * it later is written behind it: one entry for each drain, with what the additions were, which makes the same bits once more. When these entries
     * come to more than the whole list, or anything else changed, it is written whole again, and they are deleted. A list whose whole form is
     * below LEAST bytes is always written whole, so that those of most items are read at once. What is stored depends on the changes and the
     * drains alone. The digests of the users of stored additions stay known, so that an erasure rewrites their lists.
     */

    /** What a user's sum comes to at most. */
    static final double MOST = 6;

    /** Neighbours that are of one user alone, at most. */
    static final int MOST_ALONE = 12;

    /** Users whose sums are known. */
    private static final int PLACES = 16;

    private static final int OF_SEVERAL = 0;
    private static final int FORM = -3; // stored before the neighbours
    private static final int FIRST_CAPACITY = 4;
    private static final int LEAST = 256;
    private static final int BYTES = 160;
    private static final int BYTES_A_NEIGHBOUR = 20;
    private static final int BYTES_A_USER = 8;

    private String[] items = new String[FIRST_CAPACITY];
    private int[] hashes = new int[FIRST_CAPACITY]; // of the ids, so that an id is only read if it may be the one
    private int[] numbers =
            new int[FIRST_CAPACITY]; // in the catalogue, when they were asked for last; they may have changed
    private float[] weights = new float[FIRST_CAPACITY];
    private int[] owners = new int[FIRST_CAPACITY]; // the user of whom alone it is, or OF_SEVERAL
    private int size;
    private int[] users = {};
    private float[] sums = {}; // as of the last addition
    private int userCount;
    private double total;
    private long asOf; // epoch milliseconds
    private List<Addition> unwritten = List.of(); // those since the last drain, if they are all that changed
    private boolean isChanged; // otherwise than by these
    private int wholeBytes; // of the last whole form; 0 if nothing is stored
    private int behind; // entries of additions behind it
    private int behindBytes;
    private int[] behindUsers = {}; // digests in them
    private int behindUserCount;

    /** An empty list, of which nothing is stored. */
    public NeighbourList() {}

    /** An addition that was made: all that its bits depend on, beside the list. */
    private record Addition(String item, int user, long sinceLast, double amount) {

        static final Addition NONE = new Addition("", 0, 0, 1);

        /** The amount is stored as n if it is 1 / n, as those of clicks are, and else as 0 and itself. */
        Addition fields(Form form, UnaryOperator<String> ids) {
            String neighbour = ids.apply(form.shortText(item));
            int of = form.integer(user);
            long since = form.shortInteger(sinceLast);
            long n = StrictMath.round(1 / amount);
            long part = form.shortInteger(n != 0 && 1.0 / n == amount ? n : 0);
            return new Addition(neighbour, of, since, part == 0 ? form.number(amount) : 1.0 / part);
        }
    }

    /**
     * A list as others see it, without users.
     *
     * @param asOf event time of the last addition, epoch milliseconds
     * @param total weight of all that was ever added
     * @param items the neighbours
     * @param weights [items] theirs, as of the last addition
     */
    public NeighbourList(long asOf, double total, List<String> items, float[] weights) {
        this.asOf = asOf;
        this.total = total;
        this.size = weights.length;
        this.items = Arrays.copyOf(items.toArray(String[]::new), Math.max(FIRST_CAPACITY, size));
        this.weights = Arrays.copyOf(weights, Math.max(FIRST_CAPACITY, size));
        makeRoom(this.items.length);
        for (int at = 0; at < size; at++) {
            hashes[at] = items.get(at).hashCode();
        }
    }

    /** Receives a neighbour and its weight. */
    public interface Visitor {
        void visit(String item, float weight);
    }

    /** Receives the number of a neighbour in the catalogue, and its weight. */
    interface NumberVisitor {
        void visit(int number, float weight);
    }

    /** Number of neighbours. */
    public int size() {
        return size;
    }

    /** Visits the neighbours, with their weights as of the last addition. */
    public void forEach(Visitor visitor) {
        for (int at = 0; at < size; at++) {
            visitor.visit(items[at], weights[at]);
        }
    }

    /** Visits those of the neighbours that are in the catalogue, as {@link #forEach(Visitor)}. */
    void forEach(Catalogue catalogue, NumberVisitor visitor) {
        for (int at = 0; at < size; at++) {
            numbers[at] = catalogue.number(items[at], numbers[at]);
            if (numbers[at] != Catalogue.NO_NUMBER) {
                visitor.visit(numbers[at], weights[at]);
            }
        }
    }

    /** Returns the weight of all that was ever added, as of the last addition; at least the sum of the weights. */
    public double total() {
        return total;
    }

    /** Returns the event time of the last addition, epoch milliseconds. */
    public long asOf() {
        return asOf;
    }

    /** Returns what is left at that time of a weight as of the last addition. */
    double left(long time, Duration halfLife) {
        return time <= asOf ? 1 : decay(time - asOf, halfLife);
    }

    private static double decay(long millis, Duration halfLife) {
        return StrictMath.pow(0.5, (double) millis / halfLife.toMillis());
    }

    /** Returns what stands for a user. */
    static int digest(String user) {
        int digest = ByteBuffer.wrap(Sha256.start().digest(user.getBytes(StandardCharsets.UTF_8)))
                .getInt();
        return digest == OF_SEVERAL ? 1 : digest;
    }

    /**
     * Returns false if an addition would bring the user's sum above the bound.
     *
     * @param user digest of the user
     * @param time of the click, epoch milliseconds
     */
    boolean hasRoom(int user, long time, double amount, Duration halfLife) {
        return hasRoom(row(user), leftOrNone(time, halfLife), added(time, amount, halfLife));
    }

    private boolean hasRoom(int row, double left, double added) {
        return row < 0 || sums[row] * left + added <= MOST;
    }

    private double leftOrNone(long time, Duration halfLife) {
        return size == 0 ? 0 : left(time, halfLife);
    }

    private double added(long time, double amount, Duration halfLife) {
        return time > asOf ? amount : amount * decay(asOf - time, halfLife);
    }

    /**
     * Adds to a neighbour's weight. Returns false if the user has no room for it: then the list is as it was.
     *
     * @param user digest of the user
     * @param time of the click, epoch milliseconds; an amount of an earlier time than the last is decayed before it is added
     * @param most neighbours that may be left, at least 1
     */
    boolean add(String item, int user, long time, double amount, Duration halfLife, int most) {
        int row = row(user);
        double left = leftOrNone(time, halfLife);
        double added = added(time, amount, halfLife);
        if (!hasRoom(row, left, added)) {
            return false;
        }
        if (!isWrittenWhole()) {
            unwritten = unwritten.isEmpty() ? new ArrayList<>() : unwritten;
            unwritten.add(new Addition(item, user, time - asOf, amount));
        }
        if (time > asOf) {
            decay(left);
            asOf = time;
        }
        total += added;
        count(user, row, (float) added);
        int at = place(item, user, most);
        weights[at] = (float) (weights[at] + added);
        return true;
    }

    private void decay(double left) {
        for (int at = 0; at < size; at++) {
            weights[at] = (float) (weights[at] * left);
        }
        for (int row = 0; row < userCount; row++) {
            sums[row] = (float) (sums[row] * left);
        }
        total *= left;
    }

    /** Returns the row of a user's sum, or -1. */
    private int row(int user) {
        for (int row = 0; row < userCount; row++) {
            if (users[row] == user) {
                return row;
            }
        }
        return -1;
    }

    /** @param row of the user; -1 if it has none */
    private void count(int user, int row, float added) {
        if (row >= 0) {
            sums[row] += added;
        } else if (userCount < PLACES) {
            if (userCount == users.length) {
                users = Arrays.copyOf(users, Math.max(FIRST_CAPACITY, 2 * userCount));
                sums = Arrays.copyOf(sums, users.length);
            }
            users[userCount] = user;
            sums[userCount++] = added;
        } else {
            int least = lightest(sums, userCount);
            float taken = Math.min(sums[least], added);
            for (int other = 0; other < userCount; other++) {
                sums[other] -= taken;
            }
            if (added > taken) {
                users[least] = user;
                sums[least] = added - taken;
            }
        }
    }

    /** Returns the item's place; takes one, with weight 0, if it has none. */
    private int place(String item, int user, int most) {
        int hash = item.hashCode();
        int alone = 0;
        int lightestAlone = 0;
        for (int at = 0; at < size; at++) {
            if (hashes[at] == hash && items[at].equals(item)) {
                owners[at] = owners[at] == user ? user : OF_SEVERAL;
                return at;
            }
            if (owners[at] == user) {
                lightestAlone = alone++ == 0 || weights[at] < weights[lightestAlone] ? at : lightestAlone;
            }
        }
        int at = alone >= MOST_ALONE ? lightestAlone : size < most ? append() : lightest(weights, size);
        items[at] = item;
        hashes[at] = hash;
        weights[at] = 0;
        owners[at] = user;
        return at;
    }

    private int append() {
        if (size == items.length) {
            makeRoom(2 * size);
        }
        return size++;
    }

    private void makeRoom(int places) {
        items = Arrays.copyOf(items, places);
        hashes = Arrays.copyOf(hashes, places);
        numbers = Arrays.copyOf(numbers, places);
        weights = Arrays.copyOf(weights, places);
        owners = Arrays.copyOf(owners, places);
    }

    private static int lightest(float[] weights, int size) {
        int lightest = 0;
        for (int at = 1; at < size; at++) {
            if (weights[at] < weights[lightest]) {
                lightest = at;
            }
        }
        return lightest;
    }

    /**
     * Keeps only some neighbours, and nothing that is of an erased user alone. What the others weighed stays in the total. Returns true if
     * anything had to go.
     *
     * @param isErased tells by the digest
     */
    boolean retain(Predicate<String> isKept, IntPredicate isErased) {
        int kept = 0;
        for (int at = 0; at < size; at++) {
            if (isKept.test(items[at]) && (owners[at] == OF_SEVERAL || !isErased.test(owners[at]))) {
                items[kept] = items[at];
                hashes[kept] = hashes[at];
                numbers[kept] = numbers[at];
                weights[kept] = weights[at];
                owners[kept++] = owners[at];
            }
        }
        int known = 0;
        for (int row = 0; row < userCount; row++) {
            if (!isErased.test(users[row])) {
                users[known] = users[row];
                sums[known++] = sums[row];
            }
        }
        boolean isAnyGone = kept < size || known < userCount || isAnyBehind(isErased);
        size = kept;
        userCount = known;
        isChanged |= isAnyGone;
        return isAnyGone;
    }

    /** Returns whether stored additions are of an erased user, of whom nothing else may be left. */
    private boolean isAnyBehind(IntPredicate isErased) {
        return Arrays.stream(behindUsers, 0, behindUserCount).anyMatch(isErased)
                || unwritten.stream().mapToInt(Addition::user).anyMatch(isErased);
    }

    /** Bytes on the heap, roughly, without the ids. */
    int heapBytes() {
        return BYTES
                + BYTES_A_NEIGHBOUR * items.length
                + BYTES_A_USER * users.length
                + Integer.BYTES * behindUsers.length;
    }

    /** Returns an empty list in the place of this one, which deletes what is stored of it. */
    NeighbourList emptied() {
        NeighbourList empty = new NeighbourList();
        empty.wholeBytes = wholeBytes;
        empty.behind = behind;
        empty.isChanged = true;
        return empty;
    }

    /** Returns the list as others see it, without users. It does not change any more. */
    NeighbourList seen() {
        return new NeighbourList(asOf, total, Arrays.asList(items).subList(0, size), Arrays.copyOf(weights, size));
    }

    /** Makes the next drain write the whole list. */
    void change() {
        isChanged = true;
    }

    /** Returns whether the next drain writes the whole list, whatever is added until then. */
    private boolean isWrittenWhole() {
        return isChanged || wholeBytes < LEAST || behind == ListKeys.MOST;
    }

    /**
     * Writes what changed since the last drain; for an empty list, deletes what is stored.
     *
     * @param key of the whole list
     */
    void drain(byte[] key, EntrySink sink) {
        if (size > 0 && !isWrittenWhole()) {
            byte[] additions = Form.written(form -> unwritten.forEach(each -> each.fields(form, id -> id)));
            if (behindBytes + additions.length <= wholeBytes) {
                unwritten.forEach(each -> knowBehind(each.user));
                unwritten = List.of();
                behindBytes += additions.length;
                sink.put(ListKeys.additions(key, behind++), additions);
                return;
            }
        }
        drainWhole(key, sink);
    }

    private void drainWhole(byte[] key, EntrySink sink) {
        int deleted = behind;
        behind = 0;
        behindBytes = 0;
        behindUserCount = 0;
        unwritten = List.of();
        isChanged = false;
        if (size == 0) {
            wholeBytes = 0;
            sink.delete(key);
        } else {
            byte[] whole = entry();
            wholeBytes = whole.length;
            sink.put(key, whole);
        }
        for (int number = 0; number < deleted; number++) {
            sink.delete(ListKeys.additions(key, number));
        }
    }

    private void knowBehind(int user) {
        if (behindUserCount == behindUsers.length) {
            behindUsers = Arrays.copyOf(behindUsers, Math.max(FIRST_CAPACITY, 2 * behindUserCount));
        }
        behindUsers[behindUserCount++] = user;
    }

    /** Returns whether additions may be stored behind a whole list. */
    static boolean mayGoOn(byte[] whole) {
        return whole.length >= LEAST;
    }

    /**
     * Makes additions once more that are stored behind this list.
     *
     * @throws CorruptEntryException if they are damaged, or are not the next
     */
    void restore(int number, byte[] additions, Duration halfLife, int most, UnaryOperator<String> ids) {
        if (number != behind || wholeBytes < LEAST) {
            throw new CorruptEntryException(
                    "additions to a list of neighbours have the number " + number + ", the next have " + behind);
        }
        boolean wasChanged = isChanged;
        isChanged = true; // nothing of this is to be written again
        Form.restore(additions, form -> {
            while (form.goesOn(false)) {
                Addition next = Addition.NONE.fields(form, ids);
                if (!add(next.item, next.user, asOf + next.sinceLast, next.amount, halfLife, most)) {
                    throw new CorruptEntryException("an addition to a list of neighbours finds no room");
                }
                knowBehind(next.user);
            }
        });
        isChanged = wasChanged;
        behind++;
        behindBytes += additions.length;
    }

    /**
     * Returns the whole stored form: time of the last addition [int64] and total [float64], then id, weight [float32] and owner [int32] of each neighbour,
     * then the digest [int32] and sum [float32] of each user.
     */
    public byte[] entry() {
        return Form.written(form -> fields(form, id -> id));
    }

    /**
     * Reads a whole stored form.
     *
     * @param ids returns the copy of an id to keep
     * @throws CorruptEntryException if it is damaged
     */
    public static NeighbourList read(byte[] entry, UnaryOperator<String> ids) {
        NeighbourList list = new NeighbourList();
        Form.restore(entry, form -> list.fields(form, ids));
        list.wholeBytes = entry.length;
        return list;
    }

    private void fields(Form form, UnaryOperator<String> ids) {
        asOf = form.longInteger(asOf);
        total = form.number(total);
        int found = form.integer(FORM);
        if (found != FORM) {
            throw new CorruptEntryException("a stored list of neighbours has form " + found + ", this program reads "
                    + FORM + ": another build wrote it");
        }
        size = form.count(size);
        if (form.isRead()) {
            makeRoom(Math.max(items.length, size));
        }
        for (int at = 0; at < size; at++) {
            items[at] = ids.apply(form.shortText(items[at]));
            hashes[at] = items[at].hashCode();
            weights[at] = form.smallNumber(weights[at]);
            owners[at] = form.integer(owners[at]);
        }
        userCount = form.count(userCount);
        if (form.isRead()) {
            users = new int[userCount];
            sums = new float[userCount];
        }
        for (int row = 0; row < userCount; row++) {
            users[row] = form.integer(users[row]);
            sums[row] = form.smallNumber(sums[row]);
        }
    }
}
