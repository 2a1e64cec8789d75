package dev.millrace.verify.books;

import dev.millrace.attribute.AttributionSettings;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import dev.millrace.state.Utf8;
import dev.millrace.wire.PlainRecord;
import dev.millrace.wire.TopicRecord;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** One partition of the topics that are partitioned by user, as far as the books count it. */
final class UserPartition {

    private static final double[] NO_WEIGHTS = {};

    private final CountedRecords records;
    private final AttributionSettings settings;
    private final int partition;

    private final Map<IdHash, List<LoggedExposure>> exposures = new HashMap<>();
    private final List<LoggedClick> clicks = new ArrayList<>();
    private final Set<IdHash> forgotten = new HashSet<>();
    private final ProfileReplay profiles = new ProfileReplay();
    private final Map<String, IdHash> users = new HashMap<>(); // one hash for all events of a user
    private final Map<String, String> actions = new HashMap<>(); // one text for all that are equal
    private final ClockBounds exposureClock;
    private final ClockBounds clickClock;

    UserPartition(CountedRecords records, AttributionSettings settings, int partition) {
        this.records = records;
        this.settings = settings;
        this.partition = partition;
        this.exposureClock = new ClockBounds(settings.window().toMillis());
        this.clickClock = new ClockBounds(settings.window().toMillis());
    }

    /**
     * Reads the counted records of the three topics.
     *
     * @param joins told of exposures and clicks that were rejected
     * @param profileOutcomes told what became of each record of users
     */
    void read(List<JoinVerdicts> joins, PossibleOutcomes profileOutcomes) {
        records.read( // first: it says whose voices may have gone
                InputTopic.USERS,
                partition,
                List.of(profileOutcomes),
                (record, value) -> profileOutcomes.add(
                        Set.of(replay(record, value).label()),
                        records.address(InputTopic.USERS, partition, record.offset())));
        records.read(
                InputTopic.EXPOSURES,
                partition,
                joins.stream().map(JoinVerdicts::exposures).toList(),
                (record, value) -> addExposure(value.orElseThrow(), record.offset()));
        records.read(
                InputTopic.CLICKS,
                partition,
                joins.stream().map(JoinVerdicts::clicks).toList(),
                (record, value) -> addClick(value.orElseThrow(), record.offset()));
    }

    /** Marks the examples of events that were read since the books were written: they are right to be there. */
    void explainUncounted(JoinInput.Examples examples, BitSet explained) {
        Map<IdHash, List<LoggedClick>> uncountedClicks = new HashMap<>();
        records.readUncounted(InputTopic.CLICKS, partition, (record, value) -> {
            LoggedClick click = click(value, record.offset());
            boolean isUsable = click.weight() > 0; // no rule of events was checked here
            if (isUsable && examples.clicked().containsKey(click.userAndId())) {
                uncountedClicks
                        .computeIfAbsent(click.userAndId(), id -> new ArrayList<>(1))
                        .add(click);
            }
        });
        uncountedClicks.forEach((id, clicks) -> {
            Map<LoggedClick.Trace, double[]> weights = LoggedClick.weights(clicks);
            for (LoggedExample example : examples.clicked().getOrDefault(id, List.of())) {
                double[] same = weights.getOrDefault(example.trace(), NO_WEIGHTS);
                if (example.firstPlace(same) < example.placeBehind(same)) {
                    explained.set(example.number());
                }
            }
        });
        if (examples.unclicked().isEmpty()) {
            return;
        }
        Map<IdHash, Set<Long>> uncountedTimes = new HashMap<>();
        records.readUncounted(InputTopic.EXPOSURES, partition, (record, value) -> {
            LoggedExposure exposure = exposure(value, record.offset());
            if (exposure.isSampled() && examples.unclicked().containsKey(exposure.id())) {
                uncountedTimes
                        .computeIfAbsent(exposure.id(), id -> new HashSet<>(1))
                        .add(exposure.time());
            }
        });
        uncountedTimes.forEach((id, times) -> examples.unclicked().getOrDefault(id, List.of()).stream()
                .filter(example -> times.contains(example.featureTime()))
                .forEach(example -> explained.set(example.number())));
    }

    /** What was read, for the join. */
    JoinInput.Events events() {
        return new JoinInput.Events(exposures, clicks, forgotten);
    }

    /** @param mayLead whether one topic may have been read far ahead of the other */
    SettledTimeBounds times(boolean mayLead) {
        return new SettledTimeBounds(
                settings.mode(), settings.maxSkew().toMillis(), exposureClock.now(), clickClock.now(), mayLead);
    }

    private void addExposure(PlainRecord event, long offset) {
        hear(exposureClock, event);
        exposures
                .computeIfAbsent(
                        IdHash.of(event.text("user_id", ""), event.text("item_id", "")), pair -> new ArrayList<>(1))
                .add(exposure(event, offset));
    }

    private void addClick(PlainRecord event, long offset) {
        hear(clickClock, event);
        clicks.add(click(event, offset));
    }

    private void hear(ClockBounds clock, PlainRecord event) {
        IdHash user = hash(event.text("user_id", ""));
        clock.hear(user, event.integer("time", 0), forgotten.contains(user));
    }

    private Outcome replay(TopicRecord record, Optional<PlainRecord> profile) {
        if (profile.isPresent()) {
            return profiles.apply(hash(profile.get().text("user_id", "")), profile.get());
        }
        IdHash user = hash(Utf8.text(record.key()));
        forgotten.add(user);
        return profiles.remove(user);
    }

    private LoggedExposure exposure(PlainRecord event, long offset) {
        String user = event.text("user_id", "");
        String item = event.text("item_id", "");
        String id = event.text("exposure_id", "");
        return new LoggedExposure(
                IdHash.of(user, item, id),
                hash(user),
                event.integer("time", 0),
                exposureClock.now(),
                offset,
                LoggedExposure.isSampled(settings.unclicked(), user, item, id));
    }

    private LoggedClick click(PlainRecord event, long offset) {
        String user = event.text("user_id", "");
        String item = event.text("item_id", "");
        String id = event.text("click_id", "");
        return new LoggedClick(
                id,
                IdHash.of(user, id),
                hash(user),
                IdHash.of(user, item),
                event.field("exposure_id").map(exposure -> IdHash.of(user, item, exposure.toString())),
                actions.computeIfAbsent(event.text("action", "click"), action -> action),
                event.number("weight", 1),
                event.integer("time", 0),
                clickClock.now(),
                offset);
    }

    private IdHash hash(String user) {
        return users.computeIfAbsent(user, IdHash::of);
    }

    /** Works out the outcome of each record of {@code users}; the records of a partition come in their order. */
    private static final class ProfileReplay {

        private record Profile(long time, IdHash features) {}

        private final Map<IdHash, Profile> profiles = new HashMap<>();

        Outcome remove(IdHash user) {
            profiles.remove(user);
            return Outcome.REMOVED;
        }

        Outcome apply(IdHash user, PlainRecord profile) {
            long time = profile.integer("time", 0);
            IdHash features = IdHash.of(new TreeMap<>(profile.map("features")).toString());
            Optional<Profile> before = Optional.ofNullable(profiles.get(user));
            if (before.isPresent() && time < before.get().time()) {
                return Outcome.OUTDATED;
            }
            if (before.isPresent() && features.equals(before.get().features())) {
                return Outcome.UNCHANGED;
            }
            profiles.put(user, new Profile(time, features));
            return Outcome.APPLIED;
        }
    }
}
