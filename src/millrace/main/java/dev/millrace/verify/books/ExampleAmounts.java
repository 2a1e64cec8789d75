package dev.millrace.verify.books;

import dev.millrace.attribute.ContributionCaps;
import dev.millrace.verify.books.ExampleLog.LoggedExample;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * What each example had to count, worked out from the examples of the same user before it; and whether an event without an example may
 * have found too little left. The rule is in docs/model.md, section What one user counts; nothing of the attribution's code is used.
 */
final class ExampleAmounts {

    private static final int MOST_ITEMS = 1000;

    /**
     * What one more event of a user and item counts.
     *
     * @param ofItem share of its weight that the sum of the item leaves
     * @param ofUser share of its weight that the sum of all items leaves
     * @param left most that it can count; not a number if the examples before are not known
     */
    record Room(double ofItem, double ofUser, double left, double mostWeight, double least) {

        static final Room UNKNOWN = new Room(Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN);

        /** What an event of that weight counts; 0 if it makes no example. */
        double amount(double weight) {
            double amount = Math.min(Math.min(weight, mostWeight) * ofItem * ofUser, left);
            return amount < least ? 0 : amount;
        }

        /** Returns true if an event of that weight may make an example that counts that amount. */
        boolean mayMake(double amount, double weight) {
            return Double.isNaN(left) || (amount > 0 && amount == amount(weight));
        }
    }

    private final ContributionCaps caps;
    private final boolean isWhole;
    private final Room whole;
    // by user, the sums since each removal; those of clicks, and of exposures without one, are apart
    private final Map<IdHash, List<Sums>> clicked = new HashMap<>();
    private final Map<IdHash, List<Sums>> unclicked = new HashMap<>();
    private final Map<Integer, Room> bounded = new HashMap<>(); // what an example found, if less than a whole event
    private final Map<Integer, Room> undecayed = new HashMap<>(); // the same, had nothing decayed
    private final Set<IdHash> doubted = new HashSet<>(); // users

    /** @param isWhole whether all examples from the first on are given; if not, nothing can be told */
    ExampleAmounts(ContributionCaps caps, boolean isWhole) {
        this.caps = caps;
        this.isWhole = isWhole;
        this.whole = new Room(1, 1, Double.MAX_VALUE, caps.mostWeight(), caps.areAny() ? ContributionCaps.LEAST : 0);
    }

    /**
     * Takes the next example of its user.
     *
     * @param pair hash of user and item
     */
    void add(LoggedExample example, IdHash pair) {
        if (!isWhole || !caps.areAny()) {
            return;
        }
        List<Sums> all =
                (example.isPositive() ? clicked : unclicked).computeIfAbsent(example.user(), of -> new ArrayList<>(1));
        if (all.isEmpty()) {
            all.add(new Sums());
        }
        Sums sums = all.get(all.size() - 1);
        keep(undecayed, example, sums.undecayed(pair, example.weight()));
        keep(bounded, example, sums.add(pair, example.time(), example.weight()));
    }

    private void keep(Map<Integer, Room> rooms, LoggedExample example, Room found) {
        if (!found.equals(whole)) {
            rooms.put(example.number(), found);
        }
    }

    /** Returns what an example had to count. */
    Room of(LoggedExample example) {
        return isWhole ? bounded.getOrDefault(example.number(), whole) : Room.UNKNOWN;
    }

    /** Returns true if an event of that weight may make an example. */
    boolean mayMake(LoggedExample example, double weight) {
        if (!isWhole || !caps.areAny() || !doubted.contains(example.user())) {
            return of(example).mayMake(example.weight(), weight);
        }
        Room least = undecayed.getOrDefault(example.number(), whole);
        return example.weight() >= Math.max(least.amount(weight), ContributionCaps.LEAST)
                && example.weight() <= room(0, 0).amount(weight);
    }

    /** Takes it that the examples of a user may count as of later times than their own, so that anything between nothing and all may have decayed. */
    void doubt(IdHash user) {
        doubted.add(user);
    }

    /** Takes the removal of a user. */
    void forget(IdHash user) {
        List.of(clicked, unclicked)
                .forEach(kind -> kind.computeIfPresent(user, (of, all) -> {
                    all.add(new Sums());
                    return all;
                }));
    }

    /** Returns true if an event of that weight made no example at some moment among the user's examples. */
    boolean mayBeCapped(boolean isPositive, IdHash user, IdHash pair, double weight, long time) {
        if (!isWhole || !caps.areAny()) {
            return !isWhole;
        }
        if (doubted.contains(user)) {
            return true;
        }
        List<Sums> all = (isPositive ? clicked : unclicked).getOrDefault(user, List.of());
        return room(
                                most(all, sums -> sums.most(sums.peaks.getOrDefault(pair, new TreeMap<>()), time)),
                                most(all, sums -> sums.most(sums.peaksOfAll, time)))
                        .amount(weight)
                == 0;
    }

    private static double most(List<Sums> all, ToDoubleFunction<Sums> of) {
        return all.stream().mapToDouble(of).max().orElse(0);
    }

    private Room room(double onItem, double inAll) {
        double ofItem = share(onItem, caps.perItem());
        double ofUser = share(inAll, caps.perUser());
        double left = Math.min(left(onItem, caps.perItem()), left(inAll, caps.perUser()));
        boolean isUnbounded = ofItem == 1 && ofUser == 1 && left >= caps.mostWeight();
        return isUnbounded ? whole : new Room(ofItem, ofUser, left, caps.mostWeight(), ContributionCaps.LEAST);
    }

    private static double share(double sum, double cap) {
        return cap == 0 ? 1 : Math.max(0, Math.min(1, 2 * (1 - sum / cap)));
    }

    private static double left(double sum, double cap) {
        return cap == 0 ? Double.MAX_VALUE : cap - sum;
    }

    private double decay(long millis) {
        return StrictMath.pow(0.5, millis / (double) caps.halfLife().toMillis());
    }

    /** What the examples of a user and an item counted, at least. */
    private static final class Place {
        private IdHash pair;
        private double sum;

        Place(IdHash pair) {
            this.pair = pair;
        }
    }

    /** What the examples of one user have counted since the user's last removal. */
    private final class Sums {

        private long asOf;
        private double all;
        private double allUndecayed;
        private final Map<IdHash, Double> pairsUndecayed = new HashMap<>();
        private final List<Place> places = new ArrayList<>();
        /**
         * By time, what a sum was after an example, if no later one was more; of sums above half a cap only: what is below takes nothing. An event counts
         * as of the last example before it, if that one has a later time.
         */
        private final NavigableMap<Long, Double> peaksOfAll = new TreeMap<>();

        private final Map<IdHash, NavigableMap<Long, Double>> peaks = new HashMap<>();

        Room add(IdHash pair, long time, double amount) {
            decayTo(Math.max(time, asOf));
            Place place = placeOf(pair);
            Room found = room(place.sum, all);
            place.sum += amount;
            all += amount;
            note(peaksOfAll, all, caps.perUser());
            if (2 * place.sum > caps.perItem()) {
                note(peaks.computeIfAbsent(pair, of -> new TreeMap<>()), place.sum, caps.perItem());
            }
            return found;
        }

        Room undecayed(IdHash pair, double amount) {
            double ofPair = pairsUndecayed.size() < MOST_ITEMS ? pairsUndecayed.getOrDefault(pair, 0.0) : allUndecayed;
            Room found = room(ofPair, allUndecayed);
            pairsUndecayed.merge(pair, amount, Double::sum);
            allUndecayed += amount;
            return found;
        }

        private void decayTo(long now) {
            double left = decay(now - asOf);
            all *= left;
            places.forEach(place -> place.sum *= left);
            places.removeIf(place -> place.sum < ContributionCaps.LEAST);
            asOf = now;
        }

        /** The place of a pair: its own, a new one, or that of the first of the lightest, with the sum that it has. */
        private Place placeOf(IdHash pair) {
            Optional<Place> known =
                    places.stream().filter(place -> place.pair.equals(pair)).findFirst();
            if (known.isPresent()) {
                return known.get();
            }
            if (places.size() < MOST_ITEMS) {
                places.add(new Place(pair));
                return places.get(places.size() - 1);
            }
            Place lightest = places.get(0);
            for (Place place : places) {
                lightest = place.sum < lightest.sum ? place : lightest;
            }
            lightest.pair = pair;
            return lightest;
        }

        private void note(NavigableMap<Long, Double> of, double sum, double cap) {
            if (cap > 0 && 2 * sum > cap) {
                while (!of.isEmpty() && of.lastEntry().getValue() <= sum) {
                    of.pollLastEntry();
                }
                of.merge(asOf, sum, Math::max);
            }
        }

        /** The most that a sum can have been for an event of that time. */
        double most(NavigableMap<Long, Double> of, long time) {
            Map.Entry<Long, Double> before = of.floorEntry(time);
            Map.Entry<Long, Double> after = of.higherEntry(time);
            return Math.max(
                    before == null ? 0 : before.getValue() * decay(time - before.getKey()),
                    after == null ? 0 : after.getValue());
        }
    }
}
