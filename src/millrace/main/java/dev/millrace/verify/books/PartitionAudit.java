package dev.millrace.verify.books;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionCommit;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.attribute.AttributionSettings.Placement;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.checkpoint.CheckpointDirectory.UsableCheckpoint;
import dev.millrace.checkpoint.ScratchEntries;
import dev.millrace.event.RejectReason;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.feature.UserFeatures;
import dev.millrace.settings.KeptSettings;
import dev.millrace.state.Books;
import dev.millrace.state.EntrySource;
import dev.millrace.state.InputTopic;
import dev.millrace.state.OrderedEntries;
import dev.millrace.topic.BatchLog.BrokenLogException;
import dev.millrace.topic.KeyPartition;
import dev.millrace.topic.TopicLog;
import dev.millrace.topic.TopicNames;
import dev.millrace.verify.books.AttributionReplay.OtherRulesException;
import dev.millrace.verify.books.BooksSnapshot.Totals;
import dev.millrace.verify.books.ExampleComparison.Entry;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.EventRecords;
import dev.millrace.wire.PlainRecord;
import dev.millrace.wire.TopicRecord;
import dev.millrace.wire.TrainingRecords;
import dev.millrace.wire.UndecodableException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Audits the attribution of one user partition: makes it again, and compares its examples, users, books and sums of experiments. */
final class PartitionAudit implements Attribution.Output, AttributionReplay.Listener {

    /**
     * What all partitions share.
     *
     * @param examplesEnd offset behind the last training example that is compared
     * @param commitsEnd offset behind the last commit; what lies before the other ends is of commits before this one
     */
    record Shared(
            TopicLog log,
            AvroWire wire,
            TopicNames topics,
            AttributionSettings settings,
            ExperimentReference.Lookup experiments,
            Optional<CountAudit.Checkpoints> checkpoints,
            BooksSnapshot snapshot,
            DeadLetters letters,
            UserStates states,
            CountReport.Findings findings,
            long examplesEnd,
            long commitsEnd) {}

    private static final String REMOVAL = "the removal of a user";
    private static final RecordAddress NOWHERE = new RecordAddress("", 0, 0);

    private final Shared shared;
    private final int partition;
    private final int partitions;
    private final OrderedEntries entries;
    private final Optional<AttributionCheckpoints> checkpoints;
    private final Optional<UsableCheckpoint<AttributionPlace>> begun; // from it
    private final AttributionPlace from;
    private final TrainingRecords training;
    private final Set<IdHash> users = new HashSet<>(); // if the key does not tell the partition
    private final Map<InputTopic, RecordCursor> inputs = new EnumMap<>(InputTopic.class);
    private final RecordCursor examples;
    private final List<String> exampleFaults = new ArrayList<>();
    private final ExampleComparison comparison;
    private final int faultsBefore;
    private Optional<Map<String, Books.Account>> made = Optional.empty(); // the books
    private Optional<TopicRecord> commit = Optional.empty(); // the last one
    private RecordAddress event = NOWHERE;
    private long nextCommit;
    private long firstClock;

    private PartitionAudit(Shared shared, int partition, int partitions, OrderedEntries entries) {
        this.shared = shared;
        this.partition = partition;
        this.partitions = partitions;
        this.entries = entries;
        this.checkpoints = shared.checkpoints.map(
                where -> where.of(shared.log, shared.topics.attributionCommits(), partition, partitions));
        this.begun = checkpoints.flatMap(files -> shared.checkpoints
                .flatMap(CountAudit.Checkpoints::trusted)
                .map(state -> begin(state, files))
                .or(() -> files.restore(entries)));
        this.from = begun.map(UsableCheckpoint::header)
                .orElse(AttributionPlace.beginning("", partition, partitions, KeptSettings.NONE));
        this.training = new TrainingRecords(shared.wire);
        String topic = shared.topics.trainingExamples();
        this.examples = new RecordCursor(shared.log, topic, 0, from.examples(), shared.examplesEnd);
        this.comparison = new ExampleComparison(
                this::nextEntry, from.examples(), shared.log.begin(topic, 0) <= from.examples(), exampleFaults);
        this.faultsBefore = faultCount();
    }

    /**
     * Audits a partition.
     *
     * @return the books that were made again; absent if that was not possible
     */
    static Optional<Map<String, Books.Account>> run(Shared shared, int partition, int partitions) {
        try (ScratchEntries entries = ScratchEntries.create()) {
            return new PartitionAudit(shared, partition, partitions, entries).run();
        }
    }

    private Optional<Map<String, Books.Account>> run() {
        begun.ifPresent(found ->
                shared.findings.note(name() + ": goes on from " + found.file().getFileName()));
        Optional<String> gone = gone();
        if (gone.isPresent()) {
            shared.findings.note(name() + ": not audited, " + gone.get());
            return Optional.empty();
        }
        shared.states.beginPartition(entries);
        AttributionCommit.TOPICS.forEach(topic -> inputs.put(topic, cursor(topic, from.position(topic))));
        return replay(new AttributionReplay(
                shared.settings,
                EventRecords.unlimited(shared.wire),
                shared.experiments,
                inputs,
                entries,
                from,
                this,
                this));
    }

    private Optional<Map<String, Books.Account>> replay(AttributionReplay replay) {
        try {
            eachCommit(() -> compareIfReached(replay), taken -> {
                replay.take(taken);
                compareIfReached(replay);
            });
        } catch (BrokenLogException broken) {
            String at = commit.map(RecordAddress::of).orElse(NOWHERE).toString();
            if (replay.isLateBegun() && isUnrecorded()) {
                noteUnrecorded();
            } else {
                shared.findings.fault("the commit at " + at + " " + broken.getMessage());
            }
            return Optional.empty();
        } catch (OtherRulesException other) {
            shared.findings.note(name() + ": not audited, the commit at "
                    + commit.map(RecordAddress::of).orElse(NOWHERE) + " " + other.getMessage());
            return Optional.empty();
        }
        if (made.isEmpty() && hasTopicInNoCommit(replay)) {
            noteUnrecorded();
            return Optional.empty();
        }
        comparison.end();
        shared.findings.faults(exampleFaults);
        shared.states.endPartition();
        if (made.isEmpty()) {
            shared.findings.fault(name() + ": no commit ends where the books do");
        }
        return made;
    }

    private void noteUnrecorded() {
        String before = firstClock == 0 ? "" : " before " + Instant.ofEpochMilli(firstClock);
        shared.findings.note(name() + ": not audited, what was read" + before + " is in no commit");
    }

    /** Whether the books count a topic that no commit has: a build that recorded none read it, and it was quiet since. */
    private boolean hasTopicInNoCommit(AttributionReplay replay) {
        return AttributionCommit.TOPICS.stream().anyMatch(topic -> replay.position(topic) == 0 && bookedEnd(topic) > 0);
    }

    private void eachCommit(Runnable beforeFirst, Consumer<AttributionCommit> each) {
        CommitCursor commits = new CommitCursor(
                shared.log,
                shared.wire,
                shared.topics.attributionCommits(),
                partition,
                from.commits(),
                shared.commitsEnd);
        Optional<TopicRecord> next = commits.take();
        nextCommit = offset(next);
        beforeFirst.run();
        while (next.isPresent()) {
            commit = next;
            AttributionCommit taken = commits.decoded(next.get());
            firstClock = firstClock == 0 ? taken.clock() : firstClock;
            next = commits.take();
            nextCommit = offset(next);
            each.accept(taken);
        }
    }

    private long offset(Optional<TopicRecord> next) {
        return next.map(TopicRecord::offset).orElse(shared.commitsEnd);
    }

    private String name() {
        return "partition " + partition;
    }

    private Optional<String> gone() {
        List<String> gone = new ArrayList<>();
        for (InputTopic topic : AttributionCommit.TOPICS) {
            if (shared.log.begin(shared.topics.of(topic), partition) > from.next(topic)) {
                gone.add(shared.topics.of(topic) + "-" + partition);
            }
        }
        if (shared.log.begin(shared.topics.attributionCommits(), 0) > from.commits()) {
            gone.add(shared.topics.attributionCommits());
        }
        String what = begun.isEmpty() ? "the beginning of " : "what followed the checkpoint in ";
        return gone.isEmpty() ? Optional.empty() : Optional.of(what + String.join(" and ", gone) + " is gone");
    }

    private RecordCursor cursor(InputTopic topic, long position) {
        String name = shared.topics.of(topic);
        return new RecordCursor(shared.log, name, partition, position, shared.log.committedEnd(name, partition));
    }

    /**
     * Begins with the state that the attribution has, as if an audit had ended there.
     *
     * @throws BrokenLogException if that is not the state of the books
     */
    private UsableCheckpoint<AttributionPlace> begin(CountAudit.State state, AttributionCheckpoints files) {
        Map<String, Long> read = state.read(partition, entries);
        Map<InputTopic, Long> positions = new EnumMap<>(InputTopic.class);
        Map<InputTopic, Long> next = new EnumMap<>(InputTopic.class);
        for (InputTopic topic : AttributionCommit.TOPICS) {
            long position = read.getOrDefault(shared.topics.of(topic) + "-" + partition, 0L);
            if (position != bookedEnd(topic)) {
                throw new BrokenLogException("the state of " + name() + " is not that of the books: of "
                        + topic.label() + " it has all before " + position + ", they count all before "
                        + bookedEnd(topic) + "; stop the trainers for as long as it is read");
            }
            positions.put(topic, position);
            next.put(topic, cursor(topic, position).offset());
        }
        shared.states.beginPartition(EntrySource.NONE);
        Attribution.users(entries, shared.states::trust);
        shared.states.store(entries);
        AttributionPlace place =
                files.own().at(shared.commitsEnd, shared.examplesEnd, Optional.empty(), positions, next);
        shared.findings.note(name() + ": begins with the state that the attribution has; what made it is not audited");
        return new UsableCheckpoint<>(files.write(place, entries), place);
    }

    /** Whether the books count more events of a topic than commits have: then a build read them that recorded none. */
    private boolean isUnrecorded() {
        Map<InputTopic, Long> recorded = new EnumMap<>(InputTopic.class);
        eachCommit(() -> {}, taken -> taken.runs().stream()
                .filter(run -> run.end() <= bookedEnd(run.topic()))
                .forEach(run -> recorded.merge(run.topic(), (long) run.count(), Long::sum)));
        return AttributionCommit.TOPICS.stream()
                .anyMatch(topic -> booked(topic).received() > recorded.getOrDefault(topic, 0L));
    }

    /** Compares the books as soon as the replay is where they are. */
    private void compareIfReached(AttributionReplay replay) {
        if (made.isPresent()
                || AttributionCommit.TOPICS.stream().anyMatch(topic -> replay.position(topic) != bookedEnd(topic))) {
            return;
        }
        Map<String, Books.Account> accounts = replay.attribution().books().accounts();
        AttributionCommit.TOPICS.forEach(topic -> shared.findings.differences(
                topic.label() + ", " + name(), booked(topic), Totals.of(Books.Account.of(topic, accounts))));
        shared.findings.compareSums(
                partition,
                part().map(BooksSnapshot::experimentSums).orElse(new TreeMap<>()),
                replay.attribution().experimentSums().byName());
        made = Optional.of(accounts);
        if (faultCount() == faultsBefore) {
            store(replay);
        }
    }

    private int faultCount() {
        return shared.findings.faultCount() + shared.letters.faultCount();
    }

    /** Keeps the entries as they are where the books are, if all that was compared until there is equal. */
    private void store(AttributionReplay replay) {
        OptionalLong examplesEnd = comparison.equalUntil();
        if (checkpoints.isEmpty() || nextCommit == from.commits() || examplesEnd.isEmpty()) {
            return;
        }
        shared.states.store(entries);
        Map<InputTopic, Long> next = new EnumMap<>(InputTopic.class);
        inputs.forEach((topic, cursor) -> next.put(topic, cursor.offset()));
        AttributionPlace place = checkpoints
                .get()
                .own()
                .at(
                        nextCommit,
                        examplesEnd.getAsLong(),
                        commit.map(AttributionCheckpoints::commit).or(from::last),
                        replay.positions(),
                        next);
        Path file = checkpoints.get().write(place, entries);
        shared.findings.note(name() + ": the next audit may go on from " + file.getFileName());
    }

    private Optional<PlainRecord> part() {
        return AttributionCommit.TOPICS.stream()
                .flatMap(topic -> shared.snapshot.counting(shared.topics.of(topic), partition).stream())
                .findFirst();
    }

    private Totals booked(InputTopic topic) {
        return part().map(of -> BooksSnapshot.totals(of, topic)).orElse(Totals.NONE);
    }

    /** The offset up to which the books count a topic. */
    private long bookedEnd(InputTopic topic) {
        return shared.snapshot.position(shared.topics.of(topic), partition);
    }

    /** Whether the books count what is being read. */
    private boolean isCounted() {
        return made.isEmpty();
    }

    @Override
    public void event(InputTopic topic, TopicRecord record, Optional<String> rejected) {
        event = RecordAddress.of(record);
        if (isCounted()) {
            shared.letters.judge(record, rejected);
            if (!AttributionReplay.isExperiment(topic, record)) { // one goes to every partition
                shared.letters.judgePlace(record, rejected);
            }
        }
    }

    @Override
    public void example(TrainingExample example) {
        if (isAnywhere()) {
            users.add(IdHash.of(example.user().user()));
        }
        made(example, "example " + example.id());
    }

    @Override
    public void userFeatures(UserFeatures user) {
        shared.states.made(user.user(), Optional.of(user), isCounted());
    }

    @Override
    public void userRemoved(String user) {
        made(user, REMOVAL);
        shared.states.made(user, Optional.empty(), isCounted());
    }

    private void made(Object content, String name) {
        comparison.made(new Entry(content, name, event, isCounted()));
    }

    /** Whether a key does not tell the partition. Then an order to erase is in all of them, and each makes a removal. */
    private boolean isAnywhere() {
        return shared.settings.placement() == Placement.ANY;
    }

    /** The next example of this partition in the topic, or removal that may be of this partition. */
    private Optional<Entry> nextEntry() {
        for (Optional<TopicRecord> next = examples.take(); next.isPresent(); next = examples.take()) {
            Optional<Entry> entry = isAnywhere() || KeyPartition.of(next.get().key(), partitions) == partition
                    ? entry(next.get())
                    : Optional.empty();
            if (entry.isPresent()) {
                return entry;
            }
        }
        return Optional.empty();
    }

    private Optional<Entry> entry(TopicRecord record) {
        RecordAddress place = RecordAddress.of(record);
        List<Entry> entries = new ArrayList<>();
        try {
            training.decode(
                    record.value().orElseThrow(() -> new UndecodableException(RejectReason.NULL_VALUE, "no value")),
                    example -> {
                        if (!isAnywhere() || users.contains(IdHash.of(record.key()))) {
                            entries.add(new Entry(example, "example " + example.id(), place, true));
                        }
                    },
                    change -> {},
                    user -> entries.add(new Entry(user, REMOVAL, place, !isAnywhere())));
        } catch (UndecodableException broken) {
            // ExampleLog names it
        }
        return entries.stream().findFirst();
    }
}
