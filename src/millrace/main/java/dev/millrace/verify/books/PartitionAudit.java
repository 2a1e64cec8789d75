package dev.millrace.verify.books;

import dev.millrace.attribute.Attribution;
import dev.millrace.attribute.AttributionCommit;
import dev.millrace.attribute.AttributionSettings.Placement;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.checkpoint.CheckpointDirectory;
import dev.millrace.checkpoint.ScratchEntries;
import dev.millrace.feature.UserFeatures;
import dev.millrace.operation.Progress;
import dev.millrace.state.Books;
import dev.millrace.state.EntrySource;
import dev.millrace.state.InputTopic;
import dev.millrace.state.OrderedEntries;
import dev.millrace.topic.BatchLog.BrokenLogException;
import dev.millrace.topic.KeyPartition;
import dev.millrace.verify.books.AttributionReplay.OtherRulesException;
import dev.millrace.verify.books.ExampleComparison.Entry;
import dev.millrace.verify.books.RecordedAttribution.LoggedCommit;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.TopicRecord;
import dev.millrace.wire.TrainingRecords;
import dev.millrace.wire.UndecodableException;
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
final class PartitionAudit implements AttributionReplay.Output {

    private static final String REMOVAL = "the removal of a user";

    private final CountAudit audit; // of all partitions
    private final RecordedAttribution source;
    private final int partition;
    private final OrderedEntries entries;
    private final Optional<CheckpointDirectory<AttributionPlace>> checkpoints;
    private final AttributionPlace from;
    private final boolean isBegun; // in a checkpoint
    private final TrainingRecords training;
    private final Set<IdHash> users = new HashSet<>(); // if the key does not tell the partition
    private final RecordCursor commits;
    private final RecordCursor examples;
    private final ExampleComparison comparison;
    private final int faultsBefore;
    private Optional<Map<String, Books.Account>> made = Optional.empty(); // the books
    private Optional<LoggedCommit> commit = Optional.empty(); // the last one
    private RecordAddress event = new RecordAddress("", 0, 0);

    private PartitionAudit(CountAudit audit, int partition, OrderedEntries entries) {
        this.audit = audit;
        this.source = audit.source;
        this.partition = partition;
        this.entries = entries;
        AttributionPlace beginning = audit.checkpoints
                .map(where -> where.beginning(partition, source.partitions()))
                .orElse(source.beginning(partition));
        this.checkpoints = audit.checkpoints.map(where -> beginning.checkpoints(
                where.directory(), source.log(), source.topics().attributionCommits()));
        Optional<AttributionPlace> begun = audit.checkpoints
                .flatMap(CountAudit.Checkpoints::trusted)
                .map(state -> begin(state, beginning))
                .or(this::restored);
        this.isBegun = begun.isPresent();
        this.from = begun.orElse(beginning);
        this.training = new TrainingRecords(source.wire());
        this.commits = source.commits(partition, from.commits(), audit.commitsEnd);
        String topic = source.topics().trainingExamples();
        this.examples = new RecordCursor(
                source.log(),
                topic,
                0,
                from.examples(),
                audit.examplesEnd,
                record -> isAnywhere() || KeyPartition.of(record.key(), from.partitions()) == partition);
        this.comparison = new ExampleComparison(
                this::nextEntry, from.examples(), source.log().begin(topic, 0) <= from.examples());
        this.faultsBefore = faultCount();
    }

    /**
     * Audits a partition.
     *
     * @return the books that were made again; absent if that was not possible
     */
    static Optional<Map<String, Books.Account>> run(CountAudit audit, int partition) {
        try (ScratchEntries entries = ScratchEntries.create()) {
            return new PartitionAudit(audit, partition, entries).run();
        }
    }

    private Optional<Map<String, Books.Account>> run() {
        List<String> gone = source.gone(from);
        if (!gone.isEmpty()) {
            String what = isBegun ? "what followed the checkpoint in " : "the beginning of ";
            return notAudited(what + String.join(" and ", gone) + " is gone");
        }
        audit.states.beginPartition(entries);
        AttributionReplay replay = new AttributionReplay(source, from, entries, this);
        try {
            compareIfReached(replay);
            for (commit = source.take(commits); commit.isPresent(); commit = source.take(commits)) {
                replay.take(commit.get());
                compareIfReached(replay);
            }
        } catch (OtherRulesException other) {
            return notAudited(String.valueOf(other.getMessage()));
        } catch (BrokenLogException broken) {
            if (replay.isLateBegun() && isUnrecorded()) {
                return unrecorded();
            }
            audit.findings.fault(String.valueOf(broken.getMessage()));
            return Optional.empty();
        }
        // a topic that no commit has: a build that recorded none read it, and it was quiet since
        if (made.isEmpty()
                && AttributionCommit.TOPICS.stream()
                        .anyMatch(topic -> replay.isUnread(topic) && bookedEnd(topic) > 0)) {
            return unrecorded();
        }
        audit.findings.faults(comparison.end());
        audit.states.endPartition();
        if (made.isEmpty()) {
            audit.findings.fault(name() + ": no commit ends where the books do");
        }
        return made;
    }

    private Optional<Map<String, Books.Account>> unrecorded() {
        String before = source.take(source.commits(partition, from.commits(), audit.commitsEnd))
                .map(first -> " before " + Instant.ofEpochMilli(first.commit().clock()))
                .orElse("");
        return notAudited("what was read" + before + " is in no commit");
    }

    private Optional<Map<String, Books.Account>> notAudited(String why) {
        note("not audited, " + why);
        return Optional.empty();
    }

    private void note(String text) {
        audit.findings.note(name() + ": " + text);
    }

    private String name() {
        return "partition " + partition;
    }

    /** Begins where the newest checkpoint is that can be used. */
    private Optional<AttributionPlace> restored() {
        return checkpoints.flatMap(files -> files.newest(Long.MAX_VALUE)).map(found -> {
            note("goes on from " + found.file().getFileName());
            return AttributionPlace.FORM.read(found.file(), entries::put, Progress.NONE);
        });
    }

    /**
     * Begins with the state that the attribution has, as if an audit had ended there.
     *
     * @throws BrokenLogException if that is not the state of the books
     */
    private AttributionPlace begin(CountAudit.State state, AttributionPlace beginning) {
        Map<String, Long> read = state.read(partition, entries);
        Map<InputTopic, Long> next = new EnumMap<>(InputTopic.class);
        for (InputTopic topic : AttributionCommit.TOPICS) {
            long position = read.getOrDefault(source.topics().of(topic) + "-" + partition, 0L);
            if (position != bookedEnd(topic)) {
                throw new BrokenLogException("the state of " + name() + " is not that of the books: of "
                        + topic.label() + " it has all before " + position + ", they count all before "
                        + bookedEnd(topic) + "; stop the trainers for as long as it is read");
            }
            next.put(topic, source.events(topic, partition, position).offset());
        }
        audit.states.beginPartition(EntrySource.NONE);
        Attribution.users(entries, audit.states::trust);
        note("begins with the state that the attribution has; what made it is not audited");
        AttributionPlace place = beginning.at(audit.commitsEnd, audit.examplesEnd, "", next);
        write(place);
        return place;
    }

    private void write(AttributionPlace place) {
        audit.states.store(entries);
        checkpoints.ifPresent(files -> note(
                "the next audit may go on from " + files.write(place, entries).getFileName()));
    }

    /** Whether the books count more events of a topic than commits have: then a build read them that recorded none. */
    private boolean isUnrecorded() {
        Map<InputTopic, Long> recorded = new EnumMap<>(InputTopic.class);
        RecordCursor all = source.commits(partition, from.commits(), audit.commitsEnd);
        for (Optional<LoggedCommit> each = source.take(all); each.isPresent(); each = source.take(all)) {
            each.get().commit().runs().stream()
                    .filter(run -> run.end() <= bookedEnd(run.topic()))
                    .forEach(run -> recorded.merge(run.topic(), (long) run.count(), Long::sum));
        }
        return AttributionCommit.TOPICS.stream()
                .anyMatch(topic -> booked(topic).received() > recorded.getOrDefault(topic, 0L));
    }

    /** Compares the books as soon as the replay is where they are; keeps its entries if all that was compared until there is equal. */
    private void compareIfReached(AttributionReplay replay) {
        if (made.isPresent()
                || AttributionCommit.TOPICS.stream().anyMatch(topic -> !replay.isAt(topic, bookedEnd(topic)))) {
            return;
        }
        Map<String, Books.Account> accounts = replay.attribution().books().accounts();
        AttributionCommit.TOPICS.forEach(topic -> audit.findings.differences(
                topic.label() + ", " + name(), booked(topic), Books.Account.of(topic, accounts)));
        audit.findings.compareSums(
                partition,
                part().flatMap(PartProgress::experiment)
                        .map(counted -> counted.sums().byName())
                        .orElse(new TreeMap<>()),
                replay.attribution().experimentSums().byName());
        made = Optional.of(accounts);
        OptionalLong examplesEnd = comparison.equalUntil();
        if (faultCount() == faultsBefore && examplesEnd.isPresent() && commit.isPresent()) {
            String last = AttributionPlace.last(commit.get().record());
            write(from.at(commits.offset(), examplesEnd.getAsLong(), last, replay.next()));
        }
    }

    private int faultCount() {
        return audit.findings.faultCount() + audit.letters.faultCount();
    }

    private Optional<PartProgress> part() {
        return AttributionCommit.TOPICS.stream()
                .flatMap(topic -> audit.snapshot.counting(source.topics().of(topic), partition).stream())
                .findFirst();
    }

    private Books.Account booked(InputTopic topic) {
        return part().map(of -> Books.Account.of(topic, of.books())).orElse(Books.Account.EMPTY);
    }

    /** The offset up to which the books count a topic. */
    private long bookedEnd(InputTopic topic) {
        return audit.snapshot.position(source.topics().of(topic), partition);
    }

    /** Whether the books count what is being read. */
    private boolean isCounted() {
        return made.isEmpty();
    }

    @Override
    public void event(InputTopic topic, TopicRecord record, Optional<String> rejected) {
        event = RecordAddress.of(record);
        if (isCounted()) {
            audit.letters.judge(record, rejected);
            if (!AttributionReplay.isExperiment(topic, record)) { // one goes to every partition
                audit.letters.judgePlace(record, rejected);
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
        audit.states.made(user.user(), Optional.of(user), isCounted());
    }

    @Override
    public void userRemoved(String user) {
        made(user, REMOVAL);
        audit.states.made(user, Optional.empty(), isCounted());
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
            Optional<Entry> entry = entry(next.get());
            if (entry.isPresent()) {
                return entry;
            }
        }
        return Optional.empty();
    }

    private Optional<Entry> entry(TopicRecord record) {
        RecordAddress place = RecordAddress.of(record);
        List<Entry> entries = new ArrayList<>(1);
        try {
            training.decode(
                    record.value().orElse(new byte[0]),
                    example -> {
                        if (!isAnywhere() || users.contains(IdHash.of(record.key()))) {
                            entries.add(new Entry(example, "example " + example.id(), place, true));
                        }
                    },
                    change -> {},
                    user -> entries.add(new Entry(user, REMOVAL, place, !isAnywhere())));
        } catch (UndecodableException broken) {
            // CountAudit names it
        }
        return entries.stream().findFirst();
    }
}
