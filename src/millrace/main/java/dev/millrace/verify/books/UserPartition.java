package dev.millrace.verify.books;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.millrace.attribute.AttributionSettings;
import dev.millrace.experiment.Experiment;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import dev.millrace.state.Utf8;
import dev.millrace.topic.TopicNames;
import dev.millrace.verify.books.ClockBounds.Range;
import dev.millrace.verify.books.ExampleLog.LoggedExample;
import dev.millrace.verify.books.ExampleLog.Origin;
import dev.millrace.wire.PlainRecord;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/** One partition of the topics that are partitioned by user, as far as the books count it. */
final class UserPartition {

    /** An exposure or a click as its topic has it. */
    sealed interface LoggedEvent {

        /** Hash of what tells it from others: user, item and id of an exposure, user and id of a click. */
        IdHash id();

        IdHash user();

        /** Hash of user and item. */
        IdHash pair();

        /** Of the example that it may make. */
        Origin origin();

        /** Event time of its topic here. */
        Range clock();

        long offset();

        default boolean isClick() {
            return this instanceof LoggedClick;
        }

        /** Event time, epoch milliseconds. */
        long time();
    }

    /**
     * @param isSampled whether it becomes an example if it ends without a click
     * @param shown generation of the answer that was shown, if it says so
     */
    record LoggedExposure(
            IdHash id,
            IdHash user,
            IdHash pair,
            long time,
            Range clock,
            long offset,
            boolean isSampled,
            Optional<String> shown)
            implements LoggedEvent {

        @Override
        public Origin origin() {
            return new Origin(id, time);
        }
    }

    /**
     * @param text id of the click: faults name it, and waiting clicks are answered in the order of their ids
     * @param exposure hash of user, item and the exposure that the click names; absent if it names none
     */
    record LoggedClick(
            String text,
            IdHash id,
            IdHash user,
            IdHash pair,
            Optional<IdHash> exposure,
            Origin origin,
            String action,
            double weight,
            Range clock,
            long offset)
            implements LoggedEvent {

        @Override
        public long time() {
            return origin.time();
        }
    }

    private final AttributionSettings settings;
    private final TopicNames topics;
    private final int number;

    private final Map<IdHash, List<LoggedExposure>> exposures = new LinkedHashMap<>();
    private final List<LoggedClick> clicks = new ArrayList<>();
    private final Set<IdHash> forgotten = new HashSet<>();
    private final Map<String, IdHash> users = new HashMap<>(); // one hash for all events of a user
    private final Map<String, String> texts = new HashMap<>(); // one for all that are equal
    private final Map<IdHash, String> names = new HashMap<>();
    private final NavigableMap<Long, Experiment> exposureStates = new TreeMap<>();
    private final NavigableMap<Long, Experiment> clickStates = new TreeMap<>();
    private Optional<Experiment> latestExperiment = Optional.empty();
    private long latestReference = -1;
    private final ClockBounds exposureClock;
    private final ClockBounds clickClock;

    UserPartition(AttributionSettings settings, TopicNames topics, int number) {
        this.settings = settings;
        this.topics = topics;
        this.number = number;
        this.exposureClock = new ClockBounds(settings.window().toMillis());
        this.clickClock = new ClockBounds(settings.window().toMillis());
    }

    /**
     * Reads the counted records of the three topics.
     *
     * @param joins told of exposures and clicks that were rejected
     * @param profileOutcomes told what became of each record of users
     */
    void read(CountedRecords records, List<OfflineJoin.Verdicts> joins, PossibleOutcomes profileOutcomes) {
        Map<IdHash, Profile> profiles = new HashMap<>();
        records.read( // first: it says whose voices may have gone
                InputTopic.USERS, number, List.of(profileOutcomes), (record, value) -> {
                    Outcome outcome = value.map(profile -> apply(profiles, profile))
                            .orElseGet(() -> {
                                String user = Utf8.text(record.key());
                                remove(user);
                                profiles.remove(hash(user));
                                return Outcome.REMOVED;
                            });
                    profileOutcomes.add(
                            Set.of(outcome.label()), new RecordAddress(topics.users(), number, record.offset()));
                });
        records.read(
                InputTopic.EXPOSURES,
                number,
                joins.stream().map(OfflineJoin.Verdicts::exposures).toList(),
                (record, value) -> addExposure(value.orElseThrow(), record.offset()),
                this::addExposureState);
        records.read(
                InputTopic.CLICKS,
                number,
                joins.stream().map(OfflineJoin.Verdicts::clicks).toList(),
                (record, value) -> addClick(value.orElseThrow(), record.offset()),
                this::addClickState);
    }

    /** Takes a state of an experiment that stands among the exposures, or the clicks. One that is not newer than the last one changes nothing. */
    private void add(CountedRecords.LoggedState logged, NavigableMap<Long, Experiment> states) {
        if (logged.reference().offset() > latestReference) {
            latestReference = logged.reference().offset();
            latestExperiment = Optional.of(logged.state());
            states.put(logged.offset(), logged.state());
        }
    }

    void addExposureState(CountedRecords.LoggedState logged) {
        add(logged, exposureStates);
    }

    void addClickState(CountedRecords.LoggedState logged) {
        add(logged, clickStates);
    }

    /** Returns the latest experiment whose states are here; absent if there is none. */
    Optional<Experiment> latestExperiment() {
        return latestExperiment;
    }

    /** Returns the last state of an experiment ahead of an event in its topic; absent if there is none. */
    Optional<Experiment> stateAt(LoggedEvent event) {
        return Optional.ofNullable((event.isClick() ? clickStates : exposureStates).lowerEntry(event.offset()))
                .map(Map.Entry::getValue);
    }

    /** Returns the id of a user. */
    String name(IdHash user) {
        if (names.size() < users.size()) {
            users.forEach((name, hash) -> names.put(hash, name));
        }
        return Objects.requireNonNull(names.get(user), "the user of an event");
    }

    /** Marks the examples of events that were read since the books were written: they are right to be there. */
    void explainUncounted(CountedRecords records, Map<Origin, List<LoggedExample>> examples, BitSet explained) {
        Set<Origin> uncounted = new HashSet<>();
        records.readUncounted(
                InputTopic.CLICKS,
                number,
                (record, value) -> uncounted.add(click(value, record.offset()).origin()));
        records.readUncounted(InputTopic.EXPOSURES, number, (record, value) -> {
            LoggedExposure exposure = exposure(value, record.offset());
            if (exposure.isSampled()) {
                uncounted.add(exposure.origin());
            }
        });
        uncounted.forEach(
                origin -> examples.getOrDefault(origin, List.of()).forEach(example -> explained.set(example.number())));
    }

    int number() {
        return number;
    }

    /** Takes the tombstone of a user. All of them come before the events. */
    void remove(String user) {
        forgotten.add(hash(user));
    }

    /** Takes the next exposure. */
    void addExposure(PlainRecord event, long offset) {
        hear(exposureClock, event);
        LoggedExposure exposure = exposure(event, offset);
        exposures.computeIfAbsent(exposure.pair(), pair -> new ArrayList<>(1)).add(exposure);
    }

    /** Takes the next click. */
    void addClick(PlainRecord event, long offset) {
        hear(clickClock, event);
        clicks.add(click(event, offset));
    }

    /** By user and item, in the order of their offsets. */
    Map<IdHash, List<LoggedExposure>> exposures() {
        return exposures;
    }

    /** In the order of their offsets. */
    List<LoggedClick> clicks() {
        return clicks;
    }

    /** Returns true if the user has a tombstone. */
    boolean isForgotten(IdHash user) {
        return forgotten.contains(user);
    }

    /** @param mayLead whether one topic may have been read far ahead of the other */
    SettledTimeBounds times(boolean mayLead) {
        return new SettledTimeBounds(settings, exposureClock.now(), clickClock.now(), mayLead);
    }

    RecordAddress addressOf(LoggedEvent event) {
        return new RecordAddress(event.isClick() ? topics.clicks() : topics.exposures(), number, event.offset());
    }

    RecordAddress addressOf(LoggedExample example) {
        return new RecordAddress(topics.trainingExamples(), 0, example.offset());
    }

    private void hear(ClockBounds clock, PlainRecord event) {
        IdHash user = hash(event.text("user_id", ""));
        clock.hear(user, event.integer("time", 0), isForgotten(user));
    }

    private LoggedExposure exposure(PlainRecord event, long offset) {
        String user = event.text("user_id", "");
        String item = event.text("item_id", "");
        String id = event.text("exposure_id", "");
        return new LoggedExposure(
                IdHash.of(user, item, id),
                hash(user),
                IdHash.of(user, item),
                event.integer("time", 0),
                exposureClock.now(),
                offset,
                isSampled(user, item, id),
                event.field("generation").map(shown -> same(shown.toString())));
    }

    /** Returns true if the exposure becomes an example when it ends without a click; the rule is in docs/topics.md. */
    private boolean isSampled(String user, String item, String id) {
        CRC32C crc = new CRC32C();
        crc.update(String.join("\0", Long.toString(settings.unclicked().seed()), user, item, id)
                .getBytes(UTF_8));
        return (double) crc.getValue() / (1L << 32) < settings.unclicked().share();
    }

    private LoggedClick click(PlainRecord event, long offset) {
        String user = event.text("user_id", "");
        String item = event.text("item_id", "");
        String id = event.text("click_id", "");
        String action = event.text("action", "click");
        return new LoggedClick(
                id,
                IdHash.of(user, id),
                hash(user),
                IdHash.of(user, item),
                event.field("exposure_id").map(exposure -> IdHash.of(user, item, exposure.toString())),
                Origin.ofClick(user, item, action, id, event.integer("time", 0)),
                same(action),
                event.number("weight", 1),
                clickClock.now(),
                offset);
    }

    private String same(String text) {
        return texts.computeIfAbsent(text, same -> same);
    }

    private IdHash hash(String user) {
        return users.computeIfAbsent(user, IdHash::of);
    }

    private record Profile(long time, IdHash features) {}

    private Outcome apply(Map<IdHash, Profile> profiles, PlainRecord record) {
        Profile profile =
                new Profile(record.integer("time", 0), IdHash.of(new TreeMap<>(record.map("features")).toString()));
        IdHash user = hash(record.text("user_id", ""));
        Optional<Profile> before = Optional.ofNullable(profiles.get(user));
        if (before.filter(known -> profile.time() < known.time()).isPresent()) {
            return Outcome.OUTDATED;
        }
        if (before.filter(known -> profile.features().equals(known.features())).isPresent()) {
            return Outcome.UNCHANGED;
        }
        profiles.put(user, profile);
        return Outcome.APPLIED;
    }
}
