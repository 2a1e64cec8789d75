package dev.millrace.verify.books;

import dev.millrace.attribute.ContributionCaps;
import dev.millrace.topic.TopicLog;
import dev.millrace.wire.PlainRecord;
import dev.millrace.wire.PlainValues;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the topic of training examples holds, in the order of its offsets.
 *
 * @param changes of the catalogue, and removals of users
 * @param changeHashes of the changes
 * @param lost records that are gone from its beginning
 */
record ExampleLog(
        List<LoggedExample> examples, List<LearnerAudit.Change> changes, List<IdHash> changeHashes, long lost) {

    /** Reads the topic up to an offset. */
    static ExampleLog read(
            TopicLog log,
            PlainValues values,
            String topic,
            long end,
            long lost,
            ContributionCaps caps,
            CountFindings findings) {
        Shares shares = new Shares(caps, lost == 0);
        ExampleLog read = new ExampleLog(new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), lost);
        Map<String, String> actions = new HashMap<>(); // one text for all that are equal: there are few
        log.read(topic, 0, end, record -> {
            Optional<PlainRecord> entry = record.value().flatMap(values::decode).flatMap(of -> of.record("entry"));
            if (entry.isEmpty()) {
                findings.fault(new RecordAddress(topic, 0, record.offset()) + " cannot be read");
            } else if (entry.get().is("ExampleRecord")) {
                read.examples.add(
                        LoggedExample.of(entry.get(), record.offset(), read.examples.size(), actions, shares));
            } else {
                LearnerAudit.Change change = LearnerAudit.Change.of(entry.get(), record.offset());
                if (change.kind() == LearnerAudit.Change.Kind.USER_REMOVAL) {
                    shares.forget(change.of());
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

    /**
     * Works out with which share of its weight each example of a click had to count, from the examples of the same user before it. The rule
     * is in docs/model.md, section Repeated clicks; nothing of the attribution's code is used.
     */
    static final class Shares {

        private static final int MOST_ITEMS = 64;
        private static final double LEAST_SHARE = 1e-6;

        private final ContributionCaps caps;
        private final boolean isWhole;
        private final Map<IdHash, User> users = new HashMap<>();

        /** @param isWhole whether all examples from the first on are given; if not, no share can be told */
        Shares(ContributionCaps caps, boolean isWhole) {
            this.caps = caps;
            this.isWhole = isWhole;
        }

        /** Shares of examples: their sum as of a time. */
        private static final class Sum {

            private double value;
            private long asOf;

            double at(long time, double halfLifeMillis) {
                return value * StrictMath.pow(0.5, (time - asOf) / halfLifeMillis);
            }

            void set(double newValue, long time) {
                value = newValue;
                asOf = time;
            }
        }

        private static final class User {

            private final Sum all = new Sum();
            /** In the order of their last examples, latest last. */
            private final LinkedHashMap<IdHash, Sum> items = new LinkedHashMap<>(16, 0.75f, true);
        }

        /** Takes the next example of a click. Returns its share, or NaN. */
        double next(IdHash userHash, IdHash item, long time) {
            if (!isWhole) {
                return Double.NaN;
            }
            if (caps.perItem() == 0 && caps.perUser() == 0) {
                return 1;
            }
            double halfLife = caps.halfLife().toMillis();
            User user = users.computeIfAbsent(userHash, hash -> new User());
            long now = Math.max(time, user.all.asOf);
            Sum ofItem = user.items.computeIfAbsent(item, hash -> new Sum());
            double onItem = ofItem.at(now, halfLife);
            double inAll = user.all.at(now, halfLife);
            double share = 1;
            if (caps.perItem() > 0 && 2 * onItem > caps.perItem()) {
                share *= Math.max(0, 2 * (1 - onItem / caps.perItem()));
            }
            if (caps.perUser() > 0 && 2 * inAll > caps.perUser()) {
                share *= Math.max(0, 2 * (1 - inAll / caps.perUser()));
            }
            share = Math.max(LEAST_SHARE, share);
            ofItem.set(onItem + share, now);
            user.all.set(inAll + share, now);
            if (user.items.size() > MOST_ITEMS) {
                user.items.remove(user.items.keySet().iterator().next());
            }
            return share;
        }

        /** Takes the removal of a user. */
        void forget(IdHash user) {
            users.remove(user);
        }
    }
}
