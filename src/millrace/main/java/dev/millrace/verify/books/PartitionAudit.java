package dev.millrace.verify.books;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionCommit;
import dev.millrace.attribute.AttributionSettings.Placement;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.checkpoint.CheckpointDirectory.UsableCheckpoint;
import dev.millrace.checkpoint.ScratchEntries;
import dev.millrace.event.RejectReason;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.Books;
import dev.millrace.state.EntrySource;
import dev.millrace.state.InputTopic;
import dev.millrace.state.OrderedEntries;
import dev.millrace.topic.BatchLog.BrokenLogException;
import dev.millrace.topic.KeyPartition;
import dev.millrace.verify.books.AttributionReplay.OtherRulesException;
import dev.millrace.verify.books.BooksSnapshot.Totals;
import dev.millrace.verify.books.CommitCursor.LoggedCommit;
import dev.millrace.verify.books.ExampleComparison.Entry;
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

/** Audits the attribution of one user partition: makes it again, and compares its examples, users, books and sums of experiments. */
final class PartitionAudit implements Attribution.Output, AttributionReplay.Listener {

    /**
     * What all partitions share.
     *
     * @param examplesEnd offset behind the last training example that is compared
     * @param commitsEnd offset behind the last commit; what lies before the other ends is of commits before this one
     */
    record Shared(
            RecordedAttribution source,
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
    private final RecordedAttribution source;
    private final int partition;
    private final int partitions;
    private final OrderedEntries entries;
    private final Optional<AttributionCheckpoints> checkpoints;
    private final Optional<UsableCheckpoint<AttributionPlace>> begun; // from it
    private final AttributionPlace from;
    private final TrainingRecords training;
    private final Set<IdHash> users = new HashSet<>(); // if the key does not tell the partition
    private final CommitCursor commits;
    private final RecordCursor examples;
    private final List<String> exampleFaults = new ArrayList<>();
    private final ExampleComparison comparison;
    private final int faultsBefore;
    private Optional<Map<String, Books.Account>> made = Optional.empty(); // the books
    private Optional<LoggedCommit> commit = Optional.empty(); // the last one
    private RecordAddress event = NOWHERE;

    private PartitionAudit(Shared shared, int partition, OrderedEntries entries) {
        this.shared = shared;
        this.source = shared.source;
        this.partition = partition;
        this.partitions = source.partitions();
        this.entries = entries;
        this.checkpoints = shared.checkpoints.map(where -> where.of(source, partition));
        this.begun = checkpoints.flatMap(files -> shared.checkpoints
                .flatMap(CountAudit.Checkpoints::trusted)
                .map(state -> begin(state, files))
                .or(() -> files.restore(entries)));
        this.from = begun.map(UsableCheckpoint::header).orElse(source.beginning(partition));
        this.training = new TrainingRecords(source.wire());
        this.commits = source.commits(from.commits(), shared.commitsEnd);
        String topic = source.topics().trainingExamples();
        this.examples = new RecordCursor(source.log(), topic, 0, from.examples(), shared.examplesEnd);
        this.comparison = new ExampleComparison(
                this::nextEntry, from.examples(), source.log().begin(topic, 0) <= from.examples(), exampleFaults);
        this.faultsBefore = faultCount();
    }

    /**
     * Audits a partition.
     *
     * @return the books that were made again; absent if that was not possible
     */
    static Optional<Map<String, Books.Account>> run(Shared shared, int partition) {
        try (ScratchEntries entries = ScratchEntries.create()) {
            return new PartitionAudit(shared, partition, entries).run();
        }
    }

    private Optional<Map<String, Books.Account>> run() {
        begun.ifPresent(found ->
                shared.findings.note(name() + ": goes on from " + found.file().getFileName()));
        List<String> gone = source.gone(from);
        if (!gone.isEmpty()) {
            String what = begun.isEmpty() ? "the beginning of " : "what followed the checkpoint in ";
            shared.findings.note(name() + ": not audited, " + what + String.join(" and ", gone) + " is gone");
            return Optional.empty();
        }
        shared.states.beginPartition(entries);
        AttributionReplay replay = source.replay(from, entries, this);
        try {
            compareIfReached(replay);
            for (commit = commits.take(partition); commit.isPresent(); commit = commits.take(partition)) {
                replay.take(commit.get());
                compareIfReached(replay);
            }
        } catch (OtherRulesException other) {
            shared.findings.note(name() + ": not audited, " + other.getMessage());
            return Optional.empty();
        } catch (BrokenLogException broken) {
            if (replay.isLateBegun() && isUnrecorded()) {
                noteUnrecorded();
            } else {
                shared.findings.fault(String.valueOf(broken.getMessage()));
            }
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
        String before = source.commits(from.commits(), shared.commitsEnd)
                .take(partition)
                .map(first -> " before " + Instant.ofEpochMilli(first.commit().clock()))
                .orElse("");
        shared.findings.note(name() + ": not audited, what was read" + before + " is in no commit");
    }

    /** Whether the books count a topic that no commit has: a build that recorded none read it, and it was quiet since. */
    private boolean hasTopicInNoCommit(AttributionReplay replay) {
        return AttributionCommit.TOPICS.stream().anyMatch(topic -> replay.position(topic) == 0 && bookedEnd(topic) > 0);
    }

    private String name() {
        return "partition " + partition;
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
            long position = read.getOrDefault(source.topics().of(topic) + "-" + partition, 0L);
            if (position != bookedEnd(topic)) {
                throw new BrokenLogException("the state of " + name() + " is not that of the books: of "
                        + topic.label() + " it has all before " + position + ", they count all before "
                        + bookedEnd(topic) + "; stop the trainers for as long as it is read");
            }
            positions.put(topic, position);
            next.put(topic, source.events(topic, partition, position).offset());
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
        CommitCursor all = source.commits(from.commits(), shared.commitsEnd);
        for (Optional<LoggedCommit> each = all.take(partition); each.isPresent(); each = all.take(partition)) {
            each.get().commit().runs().stream()
                    .filter(run -> run.end() <= bookedEnd(run.topic()))
                    .forEach(run -> recorded.merge(run.topic(), (long) run.count(), Long::sum));
        }
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
        if (checkpoints.isEmpty() || commits.offset(partition) == from.commits() || examplesEnd.isEmpty()) {
            return;
        }
        shared.states.store(entries);
        AttributionPlace place = checkpoints
                .get()
                .own()
                .at(
                        commits.offset(partition),
                        examplesEnd.getAsLong(),
                        commit.map(LoggedCommit::record)
                                .map(AttributionCheckpoints::commit)
                                .or(from::last),
                        replay.positions(),
                        replay.next());
        Path file = checkpoints.get().write(place, entries);
        shared.findings.note(name() + ": the next audit may go on from " + file.getFileName());
    }

    private Optional<PlainRecord> part() {
        return AttributionCommit.TOPICS.stream()
                .flatMap(topic -> shared.snapshot.counting(source.topics().of(topic), partition).stream())
                .findFirst();
    }

    private Totals booked(InputTopic topic) {
        return part().map(of -> BooksSnapshot.totals(of, topic)).orElse(Totals.NONE);
    }

    /** The offset up to which the books count a topic. */
    private long bookedEnd(InputTopic topic) {
        return shared.snapshot.position(source.topics().of(topic), partition);
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
        return source.settings().placement() == Placement.ANY;
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
