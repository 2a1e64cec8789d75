package dev.millrace.attribute;

import dev.millrace.state.Form;
import dev.millrace.state.KeyIndex;
import java.util.Arrays;

/**
 * What each user's examples have counted of late. By {@link ContributionCaps} it says what the next one counts.
 *
 * <p>It is a function of the user's own examples, in the order in which they were made. An example that is dated before the last one counts
 * as of the last one's time, so old dates leave no more room than new ones. The caller keeps all times near to the present.
 *
 * <p>One entry for each user and kind of example: a sum for each item, until it has decayed below {@link ContributionCaps#LEAST}. Beyond
 * {@value #MOST_ITEMS} items a new one takes the place and the sum of the lightest (Metwally, Agrawal and El Abbadi 2005). So a sum is
 * never less than what its item's examples counted, and exceeds it by at most a thousandth of what all examples did.
 */
final class Contributions {

    static final int MOST_ITEMS = 1000;

    private static final int A_STATE = 28; // bytes of one without items

    private final ContributionCaps caps;
    private final double halfLifeMillis;
    private final EntryCache entries;
    private final Form.Writer writer = new Form.Writer();

    Contributions(ContributionCaps caps, EntryCache entries) {
        this.caps = caps;
        this.halfLifeMillis = caps.halfLife().toMillis();
        this.entries = entries;
    }

    /**
     * Returns what a new example counts, and adds it to the user's sums; 0 if there is to be none.
     *
     * @param kind {@link EntryKeys#CLICKED} or {@link EntryKeys#UNCLICKED}
     * @param user the user's number
     * @param given weight that the event has by itself
     */
    double next(byte kind, long user, String item, long time, double given) {
        double weight = Math.min(given, caps.mostWeight());
        if (!caps.areAny()) {
            return weight;
        }
        byte[] key = EntryKeys.of(kind, user);
        State stored = entries.get(key, State::decoded).orElse(State.NEW);
        State state = stored.decayed(Math.max(time, stored.asOf), halfLifeMillis);
        long which = KeyIndex.fingerprint(item);
        int place = state.place(which);
        double ofItem = place < state.sums.length ? state.sums[place] : 0;
        double amount = caps.amount(weight, ofItem, state.all);
        if (amount > 0) {
            State more = state.with(place, which, ofItem + amount, amount);
            entries.putLate(key, more, more.bytes(), last -> writer.written(last::fields));
        }
        return amount;
    }

    void forget(long user) {
        entries.delete(EntryKeys.of(EntryKeys.CLICKED, user));
        entries.delete(EntryKeys.of(EntryKeys.UNCLICKED, user));
    }

    /**
     * The stored state of one user. Nobody changes its arrays.
     *
     * @param asOf event time up to which the sums have decayed
     * @param all what all examples counted
     * @param items [n] fingerprints
     * @param sums [n] what the examples of each counted, at least
     */
    private record State(long asOf, double all, long[] items, double[] sums) {

        static final State NEW = new State(0, 0, new long[0], new double[0]);

        /** Returns the state at a later time, without items whose sums are too small by then. */
        State decayed(long time, double halfLifeMillis) {
            double left = StrictMath.pow(0.5, (time - asOf) / halfLifeMillis);
            long[] kept = new long[items.length];
            double[] rest = new double[items.length];
            int count = 0;
            for (int at = 0; at < items.length; at++) {
                double sum = sums[at] * left;
                if (sum >= ContributionCaps.LEAST) {
                    kept[count] = items[at];
                    rest[count++] = sum;
                }
            }
            return count == items.length
                    ? new State(time, all * left, kept, rest)
                    : new State(time, all * left, Arrays.copyOf(kept, count), Arrays.copyOf(rest, count));
        }

        /** Returns the place of an item: its own, else one behind the last, else that of the first of the lightest. */
        int place(long item) {
            int lightest = 0;
            for (int at = 0; at < items.length; at++) {
                if (items[at] == item) {
                    return at;
                }
                lightest = sums[at] < sums[lightest] ? at : lightest;
            }
            return items.length < MOST_ITEMS ? items.length : lightest;
        }

        /** @param place behind the last for one item more */
        State with(int place, long item, double sum, double amount) {
            int count = Math.max(place + 1, items.length);
            long[] more = Arrays.copyOf(items, count);
            double[] added = Arrays.copyOf(sums, count);
            more[place] = item;
            added[place] = sum;
            return new State(asOf, all + amount, more, added);
        }

        int bytes() {
            return A_STATE + items.length * (Long.BYTES + Double.BYTES);
        }

        static State decoded(byte[] value) {
            return Form.read(value, NEW::fields);
        }

        private State fields(Form form) {
            long time = form.longInteger(asOf);
            double sum = form.number(all);
            int count = form.count(items.length);
            State state = form.isRead() ? new State(time, sum, new long[count], new double[count]) : this;
            for (int at = 0; at < count; at++) {
                state.items[at] = form.longInteger(state.items[at]);
                state.sums[at] = form.number(state.sums[at]);
            }
            return state;
        }
    }
}
