package dev.millrace.verify.books;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionCommit;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.AttributionSettings.Placement;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.feature.UserFeatures;
import dev.millrace.settings.KeptSettings;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.CounterRandom;
import dev.millrace.state.Frame;
import dev.millrace.state.InputTopic;
import dev.millrace.state.MemoryEntries;
import dev.millrace.state.PrefixedKey;
import dev.millrace.state.Utf8;
import dev.millrace.stream.AttributionState;
import dev.millrace.stream.Streams;
import dev.millrace.topic.KeyPartition;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.DeadLetterHeaders;
import dev.millrace.wire.EventRecords;
import dev.millrace.wire.ExperimentHeader;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import dev.millrace.wire.TopicRecord;
import dev.millrace.wire.TrainingRecords;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/** The topics of an attribution that reads two partitions in a seeded order and commits now and then, as trainers do that take tasks over. */
final class LoggedAttribution {

    static final int PARTITIONS = 2;
    private static final long T0 = 1_767_225_600_000L;
    private static final List<InputTopic> TOPICS = AttributionCommit.TOPICS;

    /** How an attribution may be broken. */
    enum Fault {
        NONE,
        LOSES_A_CLICK,
        COUNTS_TWICE,
        PUBLISHES_A_WRONG_STATE,
        JOINS_IN_A_LONGER_WINDOW,
        READS_IN_ANOTHER_ORDER
    }

    final TopicNames topics = Streams.topics();
    final MemoryLog log = new MemoryLog(PARTITIONS);
    final AvroWire wire = Streams.wire();
    final AttributionSettings settings;
    private final AttributionSettings longer; // window
    private final KeptSettings kept;
    private final EventRecords events = new EventRecords(wire);
    private final Fault fault;
    private final List<Task> tasks = new ArrayList<>();
    private final Experiment experiment = Streams.trial();

    /** @param set settings, each as key=value */
    LoggedAttribution(Fault fault, String... set) {
        this.fault = fault;
        Map<String, String> given = new HashMap<>();
        Stream.of(set).map(each -> each.split("=", 2)).forEach(each -> given.put(each[0], each[1]));
        settings = AttributionSettings.read(new SettingsReader(given));
        kept = AttributionSettings.kept(given);
        given.put("attribution.window", "80s");
        longer = AttributionSettings.read(new SettingsReader(given));
        for (int partition = 0; partition < PARTITIONS; partition++) {
            tasks.add(new Task(partition));
        }
    }

    CountReport audit() {
        return audit(Optional.empty());
    }

    /** @param folder of checkpoints */
    CountReport audit(Path folder, String application) {
        return audit(Optional.of(new CountAudit.Checkpoints(folder, application, kept, Optional.empty())));
    }

    /** Begins with what the changelogs have. */
    CountReport auditTrusting(Path folder, String application) {
        CountAudit.State state = new AttributionState(log, application)::read;
        return audit(Optional.of(new CountAudit.Checkpoints(folder, application, kept, Optional.of(state))));
    }

    /** Writes the changelogs of all tasks. */
    void writeChangelogs(String application) {
        tasks.forEach(task -> task.writeChangelogs(application));
    }

    private CountReport audit(Optional<CountAudit.Checkpoints> checkpoints) {
        return CountAudit.run(recorded(), checkpoints);
    }

    Optional<ExampleOrigin> origin(String example) {
        return ExampleOrigin.find(example, recorded());
    }

    RecordedAttribution recorded() {
        return new RecordedAttribution(log, wire, topics, settings, reference -> Optional.of(experiment)
                .filter(reference::names));
    }

    Task task(int partition) {
        return tasks.get(partition);
    }

    void send(Exposure exposure) {
        send(topics.exposures(), exposure.user(), events.encode(topics.exposures(), exposure));
    }

    void send(Click click) {
        send(topics.clicks(), click.user(), events.encode(topics.clicks(), click));
    }

    void send(UserProfile profile) {
        send(topics.users(), profile.user(), events.encode(topics.users(), profile));
    }

    /** As a server does, which knows no user's partition if producers have one of their own. */
    void remove(String user) {
        for (int partition = 0; partition < PARTITIONS; partition++) {
            if (settings.placement() == Placement.ANY || partition == partition(user)) {
                log.add(topics.users(), partition, Utf8.bytes(user), Optional.empty(), Map.of());
            }
        }
    }

    private void send(String topic, String user, byte[] value) {
        log.add(topic, partition(user), user, value);
    }

    static int partition(String user) {
        return KeyPartition.of(Utf8.bytes(user), PARTITIONS);
    }

    /** Seeded events of few users and items; then they are read in a seeded order, in commits. */
    void play(int seed) {
        for (int number = 0; number < 120; number++) {
            String user = "u" + below(9, seed, number, 0);
            String item = "i" + below(4, seed, number, 1);
            long time = T0 + number * 2_000L - below(4, seed, number, 2) * 7_000L;
            send(new Exposure("e" + number, user, item, time, time, Features.NONE));
            if (below(3, seed, number, 3) > 0) {
                String named = below(2, seed, number, 4) == 0 ? "e" + number : "";
                send(new Click(
                        "c" + below(100, seed, number, 5),
                        user,
                        item,
                        Optional.of(named).filter(id -> !id.isEmpty()),
                        below(4, seed, number, 11) == 0 ? "hide" : "click",
                        1,
                        time + below(90, seed, number, 6) * 1_000L,
                        time,
                        Features.of(Map.of("seconds", new FeatureValue.Quantity(1 << below(6, seed, number, 12))))));
            }
            switch (below(12, seed, number, 7)) {
                case 0 ->
                    send(new UserProfile(user, time, Features.of(Map.of("age", new FeatureValue.Quantity(number)))));
                case 1 -> remove(user);
                case 2 -> send(topics.clicks(), user, new byte[] {(byte) 0xC3, 1, 7});
                case 3 -> log.leaveOut(topics.exposures(), partition(user));
                default -> {
                    // no more of it
                }
            }
            if (number == 30) {
                begin(experiment);
            }
        }
        for (int turn = 0; tasks.stream().anyMatch(Task::hasMore); turn++) {
            Task task = tasks.get(below(PARTITIONS, seed, turn, 8));
            task.read(TOPICS.get(below(TOPICS.size(), seed, turn, 9)));
            if (below(15, seed, turn, 10) == 0) {
                task.commit();
            }
            if (below(60, seed, turn, 11) == 0) {
                task.move();
            }
        }
        tasks.forEach(Task::commit);
    }

    private void begin(Experiment state) {
        String reference = ExperimentReference.to(state, 5).text();
        for (int partition = 0; partition < PARTITIONS; partition++) {
            log.add(
                    topics.exposures(),
                    partition,
                    ExperimentHeader.key(),
                    Optional.empty(),
                    Map.of(ExperimentHeader.NAME, reference));
        }
    }

    private static int below(int bound, long seed, long number, long slot) {
        return CounterRandom.below(bound, seed, number, slot);
    }

    /** The attribution of one partition. */
    final class Task implements Attribution.Output {

        private final int partition;
        private final MemoryEntries entries = new MemoryEntries();
        private Attribution attribution;
        private AttributionCommit.Open open;
        private final Map<InputTopic, Integer> read = new HashMap<>();
        private final SortedMap<String, Long> positions = new TreeMap<>();
        private final TrainingRecords training = new TrainingRecords(wire);
        private int clicks;
        private int states;

        private Task(int partition) {
            this.partition = partition;
            this.attribution = new Attribution(ofTask(), entries, this);
            this.open = new AttributionCommit.Open(partition, settings);
        }

        private AttributionSettings ofTask() {
            return fault == Fault.JOINS_IN_A_LONGER_WINDOW ? longer : settings;
        }

        boolean hasMore() {
            return TOPICS.stream().anyMatch(topic -> next(topic).isPresent());
        }

        private Optional<TopicRecord> next(InputTopic topic) {
            long from = positions.getOrDefault(topics.of(topic) + "-" + partition, 0L);
            return log.of(topics.of(topic), partition).stream()
                    .filter(record -> record.offset() >= from)
                    .findFirst();
        }

        /** Reads the next event of a topic, if there is one. */
        void read(InputTopic topic) {
            next(topic).ifPresent(record -> {
                read.merge(topic, 1, Integer::sum);
                positions.put(topics.of(topic) + "-" + partition, record.offset() + 1);
                open.read(topic, record.offset(), T0 + read.getOrDefault(topic, 0), attribution);
                if (ExperimentHeader.isKey(record.key())) {
                    attribution.experiment(topic, experiment, 5);
                } else if (record.value().filter(value -> value.length < 4).isPresent()) {
                    open.reject("undecodable");
                    attribution.reject(topic, "undecodable");
                    letter(record);
                } else {
                    take(topic, record);
                }
            });
        }

        private void take(InputTopic topic, TopicRecord record) {
            switch (topic) {
                case EXPOSURES ->
                    attribution.expose(events.exposure(record.value().orElseThrow()));
                case CLICKS -> {
                    Click click = events.click(record.value().orElseThrow());
                    clicks++;
                    if (fault != Fault.LOSES_A_CLICK || clicks != 5) {
                        attribution.click(click);
                    }
                    if (fault == Fault.COUNTS_TWICE && clicks == 5) {
                        attribution.click(click);
                    }
                }
                default ->
                    record.value()
                            .ifPresentOrElse(
                                    value -> attribution.profile(events.profile(value)),
                                    () -> attribution.removeUser(Utf8.text(record.key())));
            }
        }

        private void letter(TopicRecord record) {
            log.add(
                    topics.deadLetters(),
                    0,
                    record.key(),
                    record.value(),
                    Map.of(
                            DeadLetterHeaders.REASON, "undecodable",
                            DeadLetterHeaders.TOPIC, record.topic(),
                            DeadLetterHeaders.PARTITION, Integer.toString(partition),
                            DeadLetterHeaders.OFFSET, Long.toString(record.offset())));
        }

        void commit() {
            commitWithoutBooks();
            PartProgress part = new PartProgress(
                    "attribute-0_" + partition,
                    T0,
                    attribution.books().accounts(),
                    positions,
                    Optional.empty(),
                    attribution
                            .experiment()
                            .map(state -> new PartProgress.Counted(state, attribution.experimentSums())));
            write(Topic.TRAINING_PROGRESS, topics.trainingProgress(), part);
        }

        /** Another trainer takes the task over, with what was committed. */
        private void move() {
            commit();
            attribution.drainDirty(entries);
            attribution = new Attribution(ofTask(), entries, this);
            attribution.restoreFrom(entries);
            open = new AttributionCommit.Open(partition, settings);
        }

        private void writeChangelogs(String application) {
            String books = application + "-attribution-books-changelog";
            positions.forEach((name, position) -> log.add(
                    books,
                    partition,
                    PrefixedKey.of((byte) 0, name),
                    Optional.of(Frame.seal(Frame.allocate(Long.BYTES).putLong(position))),
                    Map.of()));
            attribution.drainDirty(entries);
            entries.scan(new byte[0], (key, value) -> {
                boolean isOnHeap = "ceCb".indexOf(key[0]) >= 0;
                String changelog = isOnHeap ? books : application + "-attribution-changelog";
                log.add(changelog, partition, key, Optional.of(value), Map.of());
                return true;
            });
        }

        /** As if the books had been read before. */
        void commitWithoutBooks() {
            open.close()
                    .map(this::recorded)
                    .ifPresent(commit -> write(Topic.ATTRIBUTION_COMMITS, topics.attributionCommits(), commit));
        }

        /** An attribution that is broken may record the runs of two topics the other way round. */
        private AttributionCommit recorded(AttributionCommit commit) {
            if (fault != Fault.READS_IN_ANOTHER_ORDER) {
                return commit;
            }
            List<AttributionCommit.Run> runs = new ArrayList<>(commit.runs());
            runs.sort(Comparator.comparing(AttributionCommit.Run::topic));
            return new AttributionCommit(
                    commit.partition(),
                    commit.rules(),
                    commit.clock(),
                    commit.maxAheadMillis(),
                    runs,
                    commit.rejected());
        }

        private <T> void write(Topic<T> topic, String name, T value) {
            log.add(name, 0, topic.key(value), wire.encode(topic, name, value), Map.of());
        }

        @Override
        public void example(TrainingExample example) {
            log.add(
                    topics.trainingExamples(),
                    0,
                    example.user().user(),
                    training.encode(topics.trainingExamples(), example));
        }

        @Override
        public void userFeatures(UserFeatures user) {
            states++;
            boolean isWrong = fault == Fault.PUBLISHES_A_WRONG_STATE && states > 5;
            UserFeatures published =
                    isWrong ? new UserFeatures(user.user(), user.time() + 1, user.features(), user.history()) : user;
            log.add(
                    topics.userFeatures(),
                    0,
                    Utf8.bytes(user.user()),
                    wire.encode(Topic.USER_FEATURES, topics.userFeatures(), published),
                    Map.of());
        }

        @Override
        public void userRemoved(String user) {
            log.add(topics.userFeatures(), 0, Utf8.bytes(user), Optional.empty(), Map.of());
            log.add(topics.trainingExamples(), 0, user, training.encodeUserRemoval(topics.trainingExamples(), user));
        }
    }
}
