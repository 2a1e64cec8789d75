package dev.millrace.attribute;

import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What each user's examples have counted of late: says what the next one counts, by {@link ContributionCaps}.
 *
 * <p>It is a function of the user's own examples, in the order in which they were made. An example of an earlier time than the one
 * before counts as of that one's time, so that old dates leave no more room than new ones.
 *
 * <p>One entry for each user and kind of example, of bounded size: the {@value #MOST_ITEMS} items whose examples came last. An item that
 * was displaced begins again; the cap of the user still holds.
 */
final class Contributions {

    static final int MOST_ITEMS = 64;

    private final ContributionCaps caps;
    private final double halfLifeMillis;
    private final EntryCache entries;

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
        State state = entries.get(key, State::decoded).orElse(State.NEW);
        long moment = Math.max(time, state.all.asOf);
        double ofUser = decayed(state.all, moment);
        Optional<Sum> known =
                state.items.stream().filter(sum -> sum.item.equals(item)).findFirst();
        double ofItem = known.map(sum -> decayed(sum, moment)).orElse(0.0);
        double amount = caps.amount(weight, ofItem, ofUser);
        if (amount == 0) {
            return 0;
        }
        List<Sum> items = new ArrayList<>();
        items.add(new Sum(item, ofItem + amount, moment));
        state.items.stream()
                .filter(sum -> !sum.item.equals(item))
                .limit(MOST_ITEMS - 1)
                .forEach(items::add);
        entries.put(key, new State(new Sum("", ofUser + amount, moment), items), State::encoded);
        return amount;
    }

    void forget(long user) {
        entries.delete(EntryKeys.of(EntryKeys.CLICKED, user));
        entries.delete(EntryKeys.of(EntryKeys.UNCLICKED, user));
    }

    private double decayed(Sum sum, long time) {
        return sum.counted * StrictMath.pow(0.5, (time - sum.asOf) / halfLifeMillis);
    }

    /**
     * What examples counted.
     *
     * @param item of these examples; empty: of all items
     * @param counted their sum, decayed up to {@code asOf}
     */
    private record Sum(String item, double counted, long asOf) {}

    /**
     * The stored state of one user.
     *
     * @param items the sums of the last items, latest first
     */
    private record State(Sum all, List<Sum> items) {

        static final State NEW = new State(new Sum("", 0, 0), List.of());

        byte[] encoded() {
            Fields fields =
                    new Fields().number(all.counted).longInteger(all.asOf).integer(items.size());
            items.forEach(sum -> fields.text(sum.item).number(sum.counted).longInteger(sum.asOf));
            return fields.framed();
        }

        static State decoded(byte[] value) {
            ByteBuffer payload = Frame.open(value);
            Sum all = new Sum("", payload.getDouble(), payload.getLong());
            int count = payload.getInt();
            List<Sum> items = new ArrayList<>(count);
            for (int at = 0; at < count; at++) {
                items.add(new Sum(Fields.text(payload), payload.getDouble(), payload.getLong()));
            }
            return new State(all, items);
        }
    }
}
