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
    private long exposureTime;
    private long clickTime;

    UserPartition(CountedRecords records, AttributionSettings settings, int partition) {
        this.records = records;
        this.settings = settings;
        this.partition = partition;
    }

    /**
     * Reads the counted records of the three topics.
     *
     * @param joins told of exposures and clicks that were rejected
     * @param profileOutcomes told what became of each record of users
     */
    void read(List<JoinVerdicts> joins, PossibleOutcomes profileOutcomes) {
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
        records.read(
                InputTopic.USERS,
                partition,
                List.of(profileOutcomes),
                (record, value) -> profileOutcomes.add(
                        Set.of(replay(record, value).label()),
                        records.address(InputTopic.USERS, partition, record.offset())));
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
        return new SettledTimeBounds(settings.mode(), settings.maxSkew().toMillis(), exposureTime, clickTime, mayLead);
    }

    private void addExposure(PlainRecord event, long offset) {
        exposureTime = Math.max(exposureTime, event.integer("time", 0));
        exposures
                .computeIfAbsent(
                        IdHash.of(event.text("user_id", ""), event.text("item_id", "")), pair -> new ArrayList<>(1))
                .add(exposure(event, offset));
    }

    private void addClick(PlainRecord event, long offset) {
        clickTime = Math.max(clickTime, event.integer("time", 0));
        clicks.add(click(event, offset));
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
                exposureTime,
                offset,
                LoggedExposure.isSampled(settings.unclicked(), user, item, id));
    }

    private LoggedClick click(PlainRecord event, long offset) {
        String user = event.text("user_id", "");
        String item = event.text("item_id", "");
        String id = event.text("click_id", "");
        long time = event.integer("time", 0);
        return new LoggedClick(
                id,
                IdHash.of(user, id),
                hash(user),
                IdHash.of(user, item),
                event.field("exposure_id").map(exposure -> IdHash.of(user, item, exposure.toString())),
                actions.computeIfAbsent(event.text("action", "click"), action -> action),
                event.number("weight", 1),
                time,
                Math.max(clickTime, time),
                offset);
    }

    private IdHash hash(String user) {
        return users.computeIfAbsent(user, IdHash::of);
    }
}
