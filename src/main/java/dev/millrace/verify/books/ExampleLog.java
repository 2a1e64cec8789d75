package dev.millrace.verify.books;

import dev.millrace.attribute.ContributionCaps;
import dev.millrace.topic.TopicLog;
import dev.millrace.wire.PlainRecord;
import dev.millrace.wire.PlainValues;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the topic of training examples holds, in the order of its offsets.
 *
 * @param changes of the catalogue, and removals of users
 * @param changeHashes of the changes
 * @param amounts what the examples have counted
 * @param lost records that are gone from its beginning
 */
record ExampleLog(
        List<LoggedExample> examples,
        List<LearnerAudit.Change> changes,
        List<IdHash> changeHashes,
        Amounts amounts,
        long lost) {

    /** Reads the topic up to an offset. */
    static ExampleLog read(
            TopicLog log,
            PlainValues values,
            String topic,
            long end,
            long lost,
            ContributionCaps caps,
            CountFindings findings) {
        Amounts amounts = new Amounts(caps, lost == 0);
        ExampleLog read = new ExampleLog(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), amounts, lost);
        Map<String, String> actions = new HashMap<>(); // one text for all that are equal: there are few
        log.read(topic, 0, end, record -> {
            Optional<PlainRecord> entry = record.value().flatMap(values::decode).flatMap(of -> of.record("entry"));
            if (entry.isEmpty()) {
                findings.fault(new RecordAddress(topic, 0, record.offset()) + " cannot be read");
            } else if (entry.get().is("ExampleRecord")) {
                read.examples.add(
                        LoggedExample.of(entry.get(), record.offset(), read.examples.size(), actions, amounts));
            } else {
                LearnerAudit.Change change = LearnerAudit.Change.of(entry.get(), record.offset());
                if (change.kind() == LearnerAudit.Change.Kind.USER_REMOVAL) {
                    amounts.forget(change.of());
                }
                read.changes.add(change);
                read.changeHashes.add(changeHash(entry.get()));
            }
        });
        return read;
    }

    /** Examples of clicks, by user and id of the click. */
    Map<IdHash, List<LoggedExample>> byClick() {
        return byOrigin(true);
    }

    /** Examples of exposures that were not clicked, by user, item and id of the exposure. */
    Map<IdHash, List<LoggedExample>> byExposure() {
        return byOrigin(false);
    }

    private Map<IdHash, List<LoggedExample>> byOrigin(boolean isPositive) {
        Map<IdHash, List<LoggedExample>> byOrigin = new HashMap<>();
        examples.stream()
                .filter(example -> example.isPositive() == isPositive)
                .forEach(example -> byOrigin.computeIfAbsent(example.origin(), origin -> new ArrayList<>(1))
                        .add(example));
        return byOrigin;
    }

    /** Hash of what tells a change of the catalogue from others; a tombstone has no time of its own. */
    static IdHash changeHash(PlainRecord entry) {
        String item = entry.text("item_id", "");
        return entry.is("ItemRemoval")
                ? removalHash(item)
                : IdHash.of("item", item, Long.toString(entry.integer("time", 0)));
    }

    /** Hash of the removal of an item. */
    static IdHash removalHash(String item) {
        return IdHash.of("removal", item);
    }

    /** What one more click of a user on an item counts, by the user's examples before it. */
    record Room(double ofItem, double ofUser, double left, double mostWeight, double least) {

        /** Where the examples before are not known. */
        static final Room UNKNOWN = new Room(Double.NaN, Double.NaN, Double.NaN, Double.NaN, Double.NaN);

        boolean isKnown() {
            return !Double.isNaN(left);
        }

        /** What a click of that weight counts; 0 if it makes no example. */
        double amount(double weight) {
            double amount = Math.min(Math.min(weight, mostWeight) * ofItem * ofUser, left);
            return amount < least ? 0 : amount;
        }
    }

    /**
     * Works out what each example had to count, from the examples of the same user before it. Keeps what is needed to tell whether an event without
     * example may have found too little left. The rule is in docs/model.md, section Repeated clicks; nothing of the attribution's code is used.
     */
    static final class Amounts {

        private static final int MOST_ITEMS = 1000;

        private final ContributionCaps caps;
        private final boolean isWhole;
        private final Room whole;
        private final Kind clicked = new Kind();
        private final Kind unclicked = new Kind();

        /** @param isWhole whether all examples from the first on are given; if not, nothing can be told */
        Amounts(ContributionCaps caps, boolean isWhole) {
            this.caps = caps;
            this.isWhole = isWhole;
            this.whole =
                    new Room(1, 1, Double.MAX_VALUE, caps.mostWeight(), caps.areAny() ? ContributionCaps.LEAST : 0);
        }

        /**
         * Takes the next example. Returns what it found.
         *
         * @param pair hash of user and item
         * @param amount that it counts
         */
        Room next(boolean isPositive, IdHash userHash, IdHash pair, long time, double amount) {
            if (!isWhole || !caps.areAny()) {
                return isWhole ? whole : Room.UNKNOWN;
            }
            Kind kind = isPositive ? clicked : unclicked;
            User user = kind.users.computeIfAbsent(userHash, hash -> new User());
            long now = Math.max(time, user.asOf);
            user.decay(now);
            double onItem = user.placeOf(pair).sum;
            double inAll = user.all;
            user.all += amount;
            user.placeOf(pair).sum += amount;
            kind.note(userHash, new Sum(user.all, now), caps.perUser());
            kind.note(pair, new Sum(onItem + amount, now), caps.perItem());
            return room(onItem, inAll);
        }

        /** Takes the removal of a user. */
        void forget(IdHash user) {
            clicked.users.remove(user);
            unclicked.users.remove(user);
        }

        /** Returns true if an event of that weight made no example at some moment among the user's examples. */
        boolean mayBeCapped(boolean isPositive, IdHash user, IdHash pair, double weight, long time) {
            if (!isWhole || !caps.areAny()) {
                return !isWhole;
            }
            Kind kind = isPositive ? clicked : unclicked;
            return room(kind.most(pair, time), kind.most(user, time)).amount(weight) == 0;
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

        private double halfLife() {
            return caps.halfLife().toMillis();
        }

        /** A sum of what examples counted, as of a time. */
        private record Sum(double value, long asOf) {

            double at(long time, double halfLifeMillis) {
                return value * StrictMath.pow(0.5, (time - asOf) / halfLifeMillis);
            }
        }

        private final class User {
            private long asOf;
            private double all;
            private final List<Place> places = new ArrayList<>();

            void decay(long now) {
                double left = StrictMath.pow(0.5, (now - asOf) / halfLife());
                all *= left;
                places.forEach(place -> place.sum *= left);
                places.removeIf(place -> place.sum < ContributionCaps.LEAST);
                asOf = now;
            }

            /** The place of a pair: its own, a new one, or that of the first of the lightest, with the sum that it has. */
            Place placeOf(IdHash pair) {
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
        }

        /** What the examples of a user and an item counted, at least. */
        private static final class Place {
            private IdHash pair;
            private double sum;

            Place(IdHash pair) {
                this.pair = pair;
            }
        }

        /** The examples of clicks, or of exposures without one: each has sums of its own. */
        private final class Kind {

            private final Map<IdHash, User> users = new HashMap<>();
            /** By user, and by user and item; one more behind each removal. Only of sums above half a cap: what is below takes nothing. */
            private final Map<IdHash, List<Peaks>> peaks = new HashMap<>();

            void note(IdHash of, Sum sum, double cap) {
                if (cap > 0 && 2 * sum.value() > cap) {
                    List<Peaks> all = peaks.computeIfAbsent(of, hash -> new ArrayList<>(1));
                    if (all.isEmpty() || all.get(all.size() - 1).last() > sum.asOf()) {
                        all.add(new Peaks());
                    }
                    all.get(all.size() - 1).add(sum);
                }
            }

            /** The most that a sum can have been for an event of that time. */
            double most(IdHash of, long time) {
                return peaks.getOrDefault(of, List.of()).stream()
                        .mapToDouble(all -> all.most(time))
                        .max()
                        .orElse(0);
            }
        }

        /** A sum after each example, in the order of time. An event counts as of the last example before it, if that one has a later time. */
        private final class Peaks {

            private final List<Sum> rising = new ArrayList<>(1); // each is more than those before it, as of one time
            private final List<Sum> falling =
                    new ArrayList<>(1); // each is more than those after it, each as of its time

            long last() {
                return falling.get(falling.size() - 1).asOf();
            }

            void add(Sum sum) {
                if (rising.isEmpty()
                        || sum.value() > rising.get(rising.size() - 1).at(sum.asOf(), halfLife())) {
                    rising.add(sum);
                }
                while (!falling.isEmpty() && falling.get(falling.size() - 1).value() <= sum.value()) {
                    falling.remove(falling.size() - 1);
                }
                falling.add(sum);
            }

            double most(long time) {
                int before = behind(rising, time);
                int after = behind(falling, time);
                return Math.max(
                        before == 0 ? 0 : rising.get(before - 1).at(time, halfLife()),
                        after == falling.size() ? 0 : falling.get(after).value());
            }

            /** The place behind all sums up to a time. */
            private static int behind(List<Sum> sums, long time) {
                int low = 0;
                int high = sums.size();
                while (low < high) {
                    int middle = (low + high) >>> 1;
                    if (sums.get(middle).asOf() <= time) {
                        low = middle + 1;
                    } else {
                        high = middle;
                    }
                }
                return low;
            }
        }
    }
}
