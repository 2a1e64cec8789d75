package dev.millrace.verify.books;

import dev.millrace.attribute.AttributionSettings;
import dev.millrace.event.RejectReason;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import dev.millrace.topic.TopicLog;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.PlainRecord;
import dev.millrace.wire.PlainValues;
import dev.millrace.wire.TopicRecord;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;

/**
 * Recomputes the books from the topics, on a system that may be running.
 *
 * <p>What is audited is the state that the parts last wrote to {@code training-progress}: each input partition up to the position
 * written there. What a part wrote in the same transactions lies before the ends that its topics have right after. Clicks
 * behind the position are read for their ids alone, as their examples may be there already. One partition of users is in memory at
 * a time, and all training examples.
 */
public final class CountAudit {

    private static final int FAULTS_OF_A_KIND = 20;

    private final TopicLog log;
    private final PlainValues values;
    private final TopicNames topics;
    private final AttributionSettings settings;

    private final List<String> faults = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private final List<CountReport.Line> lines = new ArrayList<>();
    private final Map<InputTopic, Long> received = new EnumMap<>(InputTopic.class);
    private final Map<String, String> actions = new HashMap<>();

    private CountAudit(TopicLog log, PlainValues values, TopicNames topics, AttributionSettings settings) {
        this.log = log;
        this.values = values;
        this.topics = topics;
        this.settings = settings;
    }

    /**
     * Audits the counts of all topics.
     *
     * @param settings those that the trainer runs with
     */
    public static CountReport run(TopicLog log, PlainValues values, TopicNames topics, AttributionSettings settings) {
        return new CountAudit(log, values, topics, settings).run();
    }

    private CountReport run() {
        // the order matters: snapshot, then the ends of what was written with it, then those of what that was made of
        BooksSnapshot snapshot = BooksSnapshot.read(log, values, topics.trainingProgress());
        faults.addAll(snapshot.faults());
        if (snapshot.parts().isEmpty()) {
            notes.add("no part has written any books yet");
        }
        long examplesEnd = log.end(topics.trainingExamples(), 0);
        long batchesEnd = log.end(topics.miniBatches(), 0);
        List<Long> lettersEnds = ends(topics.deadLetters());

        DeadLetters letters = DeadLetters.read(
                log,
                topics.deadLetters(),
                lettersEnds,
                Set.of(topics.exposures(), topics.clicks(), topics.users(), topics.items()),
                faults);
        Written written = written(examplesEnd);
        events(snapshot, letters, written);
        items(snapshot, letters, written);
        learner(snapshot, written, batchesEnd);
        return new CountReport(lines, faults, notes);
    }

    // ---- what was written

    /** Training examples and changes of the catalogue, as the topic holds them. */
    private record Written(
            List<LoggedExample> examples, List<LearnerAudit.Change> changes, List<IdHash> changeNames, long lost) {

        Map<IdHash, List<LoggedExample>> byClick() {
            Map<IdHash, List<LoggedExample>> byClick = new HashMap<>();
            examples.stream().filter(LoggedExample::isPositive).forEach(example -> byClick.computeIfAbsent(
                            example.click(), click -> new ArrayList<>(1))
                    .add(example));
            return byClick;
        }

        /** Those of exposures that were not clicked. */
        Map<IdHash, List<LoggedExample>> byExposure() {
            Map<IdHash, List<LoggedExample>> byExposure = new HashMap<>();
            examples.stream().filter(example -> !example.isPositive()).forEach(example -> byExposure
                    .computeIfAbsent(example.click(), exposure -> new ArrayList<>(1))
                    .add(example));
            return byExposure;
        }
    }

    private Written written(long end) {
        Written written = new Written(
                new ArrayList<>(), new ArrayList<>(), new ArrayList<>(), lost(topics.trainingExamples(), 0, end));
        log.read(topics.trainingExamples(), 0, end, record -> {
            Optional<PlainRecord> entry = record.value().flatMap(values::decode).flatMap(of -> of.record("entry"));
            if (entry.isEmpty()) {
                faults.add(new RecordAddress(topics.trainingExamples(), 0, record.offset()) + " cannot be read");
            } else if (entry.get().is("ExampleRecord")) {
                written.examples()
                        .add(made(
                                entry.get(), record.offset(), written.examples().size()));
            } else {
                written.changes().add(change(entry.get(), record.offset()));
                written.changeNames().add(changeName(entry.get()));
            }
        });
        return written;
    }

    private LoggedExample made(PlainRecord example, long offset, int number) {
        PlainRecord user = example.record("user").orElse(example);
        String userId = user.text("user_id", "");
        String item = example.text("item_id", "");
        String id = example.text("example_id", "");
        boolean isPositive = !example.field("clicked").equals(Optional.of(false));
        return new LoggedExample(
                number,
                isPositive ? IdHash.of(userId, id) : IdHash.of(userId, item, id),
                IdHash.of(userId),
                IdHash.of(userId, item),
                IdHash.of(item),
                shared(example.text("action", "")),
                example.number("weight", 1),
                example.integer("time", 0),
                user.integer("time", 0),
                offset,
                isPositive);
    }

    /** What tells a change of the catalogue from others; a tombstone has no time of its own. */
    private static IdHash changeName(PlainRecord entry) {
        String item = entry.text("item_id", "");
        return entry.is("ItemRemoval")
                ? IdHash.of("removal", item)
                : IdHash.of("item", item, Long.toString(entry.integer("time", 0)));
    }

    private static LearnerAudit.Change change(PlainRecord entry, long offset) {
        boolean isOfItem = entry.field("item_id").isPresent();
        LearnerAudit.Change.Kind kind = !isOfItem
                ? LearnerAudit.Change.Kind.USER_REMOVAL
                : entry.is("ItemRemoval") ? LearnerAudit.Change.Kind.ITEM_REMOVAL : LearnerAudit.Change.Kind.ITEM;
        String of = isOfItem ? entry.text("item_id", "") : entry.text("user_id", "");
        return new LearnerAudit.Change(kind, IdHash.of(of), entry.integer("time", 0), offset);
    }

    // ---- exposures, clicks and users

    private void events(BooksSnapshot snapshot, DeadLetters letters, Written written) {
        Map<IdHash, List<LoggedExample>> byClick = written.byClick();
        Map<IdHash, List<LoggedExample>> byExposure = written.byExposure();
        OfflineJoin.Verdicts even = new OfflineJoin.Verdicts();
        OfflineJoin.Verdicts led = new OfflineJoin.Verdicts();
        PossibleOutcomes users = new PossibleOutcomes();
        BitSet explained = new BitSet();
        long lost = written.lost();
        for (int partition = 0; partition < log.partitions(topics.clicks()); partition++) {
            lost += lost(topics.exposures(), partition, snapshot.position(topics.exposures(), partition));
            lost += lost(topics.clicks(), partition, snapshot.position(topics.clicks(), partition));
            lost += lost(topics.users(), partition, snapshot.position(topics.users(), partition));
            Partition read = new Partition(partition, snapshot, letters, List.of(even, led), users);
            read.read(explained, byClick, byExposure);
            OfflineJoin.Events events = new OfflineJoin.Events(read.exposures, read.clicks, read.forgotten);
            JoinTopics places =
                    new JoinTopics(topics.exposures(), topics.clicks(), topics.trainingExamples(), partition);
            OfflineJoin.Examples examples = new OfflineJoin.Examples(byClick, byExposure);
            new OfflineJoin(settings, read.clock(false), events, examples, places, even).run();
            new OfflineJoin(settings, read.clock(true), events, examples, places, led).run();
        }
        explained.or(even.explained());
        explained.or(led.explained());

        boolean isWhole = lost == 0;
        BookTotals exposures = snapshot.account(InputTopic.EXPOSURES);
        BookTotals clicks = snapshot.account(InputTopic.CLICKS);
        boolean isEven = isExplained(even, exposures, clicks);
        OfflineJoin.Verdicts verdicts = isEven ? even : led;
        if (!isEven && isExplained(led, exposures, clicks)) {
            notes.add("explained only if one of exposures and clicks was read more than attribution.max-skew, "
                    + settings.maxSkew() + ", ahead of the other");
        }
        if (isWhole) {
            some(verdicts.faults());
            unexplained(written, explained);
        } else {
            notes.add("outcomes of exposures and clicks, and which example has no click: not checkable, " + lost
                    + " records are gone from the beginning of their topics");
            some(verdicts.faults().stream()
                    .filter(fault -> fault.contains("two examples"))
                    .toList());
        }
        compare(InputTopic.EXPOSURES, exposures, verdicts.exposures(), isWhole);
        compare(InputTopic.CLICKS, clicks, verdicts.clicks(), isWhole);
        compare(InputTopic.USERS, snapshot.account(InputTopic.USERS), users, isWhole);
    }

    private static boolean isExplained(OfflineJoin.Verdicts verdicts, BookTotals exposures, BookTotals clicks) {
        return verdicts.faults().isEmpty()
                && verdicts.exposures().fits(exposures.outcomes())
                && verdicts.clicks().fits(clicks.outcomes());
    }

    private void unexplained(Written written, BitSet explained) {
        List<String> found = new ArrayList<>();
        for (LoggedExample example : written.examples()) {
            if (!explained.get(example.number())) {
                found.add("the example at " + new RecordAddress(topics.trainingExamples(), 0, example.offset())
                        + (example.isPositive()
                                ? " is of no click that " + topics.clicks() + " holds"
                                : " is of no exposure that " + topics.exposures() + " holds and that is sampled"));
            }
        }
        some(found);
    }

    /** One partition of the topics that are partitioned by user. */
    private final class Partition {

        final Map<IdHash, List<LoggedExposure>> exposures = new HashMap<>();
        final List<LoggedClick> clicks = new ArrayList<>();
        final Set<IdHash> forgotten = new HashSet<>();

        private final int partition;
        private final BooksSnapshot snapshot;
        private final DeadLetters letters;
        private final List<OfflineJoin.Verdicts> verdicts;
        private final PossibleOutcomes users;
        private final Map<String, IdHash> names = new HashMap<>();
        private final ProfileReplay profiles = new ProfileReplay();
        private long exposureTime;
        private long clickTime;

        Partition(
                int partition,
                BooksSnapshot snapshot,
                DeadLetters letters,
                List<OfflineJoin.Verdicts> verdicts,
                PossibleOutcomes users) {
            this.partition = partition;
            this.snapshot = snapshot;
            this.letters = letters;
            this.verdicts = verdicts;
            this.users = users;
        }

        SettledTimeBounds clock(boolean mayLead) {
            return new SettledTimeBounds(
                    settings.mode(), settings.maxSkew().toMillis(), exposureTime, clickTime, mayLead);
        }

        void read(
                BitSet explained,
                Map<IdHash, List<LoggedExample>> examples,
                Map<IdHash, List<LoggedExample>> unclicked) {
            List<PossibleOutcomes> ofExposures =
                    verdicts.stream().map(OfflineJoin.Verdicts::exposures).toList();
            List<PossibleOutcomes> ofClicks =
                    verdicts.stream().map(OfflineJoin.Verdicts::clicks).toList();
            counted(topics.exposures(), InputTopic.EXPOSURES, ofExposures, this::exposure);
            counted(topics.clicks(), InputTopic.CLICKS, ofClicks, this::click);
            counted(topics.users(), InputTopic.USERS, List.of(users), this::user);
            behind(explained, examples);
            exposuresBehind(explained, unclicked);
        }

        private void counted(
                String topic,
                InputTopic logical,
                List<PossibleOutcomes> tallies,
                BiConsumer<TopicRecord, Optional<PlainRecord>> each) {
            CountAudit.this.counted(topic, logical, partition, snapshot, letters, tallies, each);
        }

        private void exposure(TopicRecord record, Optional<PlainRecord> value) {
            PlainRecord event = value.orElseThrow();
            String user = event.text("user_id", "");
            String item = event.text("item_id", "");
            exposureTime = Math.max(exposureTime, event.integer("time", 0));
            exposures
                    .computeIfAbsent(IdHash.of(user, item), pair -> new ArrayList<>(1))
                    .add(shown(event, record.offset()));
        }

        private LoggedExposure shown(PlainRecord event, long offset) {
            String user = event.text("user_id", "");
            String item = event.text("item_id", "");
            String id = event.text("exposure_id", "");
            return new LoggedExposure(
                    IdHash.of(user, item, id),
                    user(user),
                    event.integer("time", 0),
                    exposureTime,
                    offset,
                    LoggedExposure.isSampled(settings.unclicked(), user, item, id));
        }

        private void click(TopicRecord record, Optional<PlainRecord> value) {
            LoggedClick click = acted(value.orElseThrow(), record.offset());
            clickTime = Math.max(clickTime, click.time());
            clicks.add(click);
        }

        private LoggedClick acted(PlainRecord event, long offset) {
            String user = event.text("user_id", "");
            String item = event.text("item_id", "");
            String id = event.text("click_id", "");
            long time = event.integer("time", 0);
            return new LoggedClick(
                    id,
                    IdHash.of(user, id),
                    user(user),
                    IdHash.of(user, item),
                    event.field("exposure_id").map(exposure -> IdHash.of(user, item, exposure.toString())),
                    shared(event.text("action", "click")),
                    event.number("weight", 1),
                    time,
                    Math.max(clickTime, time),
                    offset);
        }

        private void user(TopicRecord record, Optional<PlainRecord> value) {
            RecordAddress place = new RecordAddress(topics.users(), partition, record.offset());
            Outcome outcome;
            if (value.isEmpty()) {
                IdHash user = user(text(record.key()));
                forgotten.add(user);
                outcome = profiles.remove(user);
            } else {
                outcome = profiles.apply(user(value.get().text("user_id", "")), value.get());
            }
            users.add(Set.of(outcome.label()), place);
        }

        /** Clicks that were read since the snapshot: their examples are right to be there. */
        private void behind(BitSet explained, Map<IdHash, List<LoggedExample>> examples) {
            long from = snapshot.position(topics.clicks(), partition);
            long end = Math.max(from, log.committedEnd(topics.clicks(), partition));
            if (end == from) {
                return;
            }
            log.read(topics.clicks(), partition, end, record -> {
                if (record.offset() < from) {
                    return;
                }
                record.value().flatMap(values::decode).ifPresent(event -> {
                    LoggedClick click = acted(event, record.offset());
                    examples.getOrDefault(click.click(), List.of()).stream()
                            .filter(example -> example.isOf(click))
                            .forEach(example -> explained.set(example.number()));
                });
            });
        }

        /** Exposures that were read since the snapshot: so are theirs. */
        private void exposuresBehind(BitSet explained, Map<IdHash, List<LoggedExample>> unclicked) {
            long from = snapshot.position(topics.exposures(), partition);
            long end = Math.max(from, log.committedEnd(topics.exposures(), partition));
            if (end == from || unclicked.isEmpty()) {
                return;
            }
            log.read(topics.exposures(), partition, end, record -> {
                if (record.offset() < from) {
                    return;
                }
                record.value().flatMap(values::decode).ifPresent(event -> {
                    LoggedExposure exposure = shown(event, record.offset());
                    unclicked.getOrDefault(exposure.id(), List.of()).stream()
                            .filter(example -> exposure.isSampled() && example.moment() == exposure.time())
                            .forEach(example -> explained.set(example.number()));
                });
            });
        }

        private IdHash user(String id) {
            return names.computeIfAbsent(id, IdHash::of);
        }
    }

    // ---- items

    private void items(BooksSnapshot snapshot, DeadLetters letters, Written written) {
        PossibleOutcomes tally = new PossibleOutcomes();
        Map<IdHash, Integer> awaited = new HashMap<>(); // changes the topic holds less those the examples hold
        Map<IdHash, RecordAddress> first = new HashMap<>();
        long lost = written.lost();
        for (int partition = 0; partition < log.partitions(topics.items()); partition++) {
            int of = partition;
            lost += lost(topics.items(), partition, snapshot.position(topics.items(), partition));
            counted(topics.items(), InputTopic.ITEMS, partition, snapshot, letters, List.of(tally), (record, value) -> {
                RecordAddress place = new RecordAddress(topics.items(), of, record.offset());
                tally.add(Set.of((value.isPresent() ? Outcome.APPLIED : Outcome.REMOVED).label()), place);
                IdHash change =
                        value.map(CountAudit::changeName).orElseGet(() -> IdHash.of("removal", text(record.key())));
                awaited.merge(change, 1, Integer::sum);
                first.putIfAbsent(change, place);
            });
        }
        compare(InputTopic.ITEMS, snapshot.account(InputTopic.ITEMS), tally, lost == 0);
        if (lost == 0) {
            missingChanges(written, awaited, first);
        }
    }

    private void missingChanges(Written written, Map<IdHash, Integer> awaited, Map<IdHash, RecordAddress> first) {
        Map<IdHash, Integer> held = new HashMap<>();
        written.changeNames().forEach(name -> held.merge(name, 1, Integer::sum));
        List<String> missing = new ArrayList<>();
        awaited.forEach((change, count) -> {
            if (held.getOrDefault(change, 0) < count) {
                missing.add("the change of the catalogue at " + first.get(change) + " is not in "
                        + topics.trainingExamples());
            }
        });
        some(missing);
    }

    // ---- the learner

    private void learner(BooksSnapshot snapshot, Written written, long batchesEnd) {
        Optional<BooksSnapshot.Part> learner = snapshot.parts().values().stream()
                .filter(part -> part.step().isPresent() && part.books().containsKey(InputTopic.EXAMPLES.label()))
                .findFirst();
        if (learner.isEmpty()) {
            notes.add("no learner of training examples has written books yet");
            return;
        }
        long step = learner.get().step().orElseThrow();
        long lost = written.lost() + lost(topics.miniBatches(), 0, batchesEnd);
        if (lost > 0) {
            notes.add("which mini-batch each example is in: not checkable, " + lost
                    + " records are gone from the beginning of " + topics.trainingExamples() + " or "
                    + topics.miniBatches());
            return;
        }
        List<String> found = new ArrayList<>();
        long position = snapshot.position(topics.trainingExamples(), 0);
        LearnerAudit audit = new LearnerAudit(
                written.examples(),
                written.changes(),
                position,
                topics.trainingExamples(),
                topics.miniBatches(),
                found);
        log.read(topics.miniBatches(), 0, batchesEnd, record -> {
            Optional<PlainRecord> batch = record.value().flatMap(values::decode);
            if (batch.isEmpty()) {
                found.add(new RecordAddress(topics.miniBatches(), 0, record.offset()) + " cannot be read");
            } else if (batch.get().integer("step", 0) <= step) {
                audit.batch(batch.get(), record.offset());
            }
        });
        PossibleOutcomes tally = audit.end(step);
        some(found);
        received.put(InputTopic.EXAMPLES, tally.total());
        compare(
                InputTopic.EXAMPLES,
                snapshot.account(InputTopic.EXAMPLES)
                        .merged(
                                LearnerAudit.LEARNT_OR_REFUSED,
                                Outcome.LEARNT,
                                Outcome.REFUSED,
                                Outcome.WITHOUT_POSITIVES,
                                Outcome.BEFORE_START)
                        .merged(LearnerAudit.LEFT_OUT, Outcome.REMOVED_ITEM, Outcome.ERASED),
                tally,
                true);
    }

    // ---- what all have in common

    /** Hands on the records of a partition that the books count, but for those that were rejected. */
    private void counted(
            String topic,
            InputTopic logical,
            int partition,
            BooksSnapshot snapshot,
            DeadLetters letters,
            List<PossibleOutcomes> tallies,
            BiConsumer<TopicRecord, Optional<PlainRecord>> each) {
        log.read(topic, partition, snapshot.position(topic, partition), record -> {
            received.merge(logical, 1L, Long::sum);
            RecordAddress place = new RecordAddress(topic, partition, record.offset());
            Optional<RejectReason> reason = letters.reason(place);
            if (reason.isPresent()) {
                tallies.forEach(tally ->
                        tally.add(Set.of(Outcome.REJECTED.label(reason.get().label())), place));
                return;
            }
            Optional<PlainRecord> value = record.value().flatMap(values::decode);
            boolean mayBeTombstone = logical == InputTopic.USERS || logical == InputTopic.ITEMS;
            if (value.isEmpty() && !(mayBeTombstone && record.value().isEmpty())) {
                faults.add(place + " cannot be read, and is not in " + topics.deadLetters());
                return;
            }
            each.accept(record, value);
        });
    }

    private void compare(InputTopic of, BookTotals books, PossibleOutcomes tally, boolean isWhole) {
        String topic = of.label();
        long read = received.getOrDefault(of, 0L);
        if (!isWhole) {
            notes.add(topic + ": the books have " + books.received() + " received, " + read + " are still there");
            return;
        }
        lines.add(new CountReport.Line(topic, "received", books.received(), read, read));
        NavigableSet<String> outcomes = new TreeSet<>(books.outcomes().keySet());
        outcomes.addAll(tally.outcomes());
        for (String outcome : outcomes) {
            long certain = tally.certain(outcome);
            CountReport.Line line = new CountReport.Line(
                    topic, outcome, books.outcome(outcome), certain, certain + tally.possible(outcome));
            lines.add(line);
            if (line.difference() < 0) {
                faults.add(topic + ": the books have " + line.books() + " " + outcome + ", there are at least "
                        + certain
                        + tally.firstCertain(outcome)
                                .map(place -> ", the first at " + place)
                                .orElse(""));
            } else if (line.difference() > 0) {
                faults.add(topic + ": the books have " + line.books() + " " + outcome + ", there are at most "
                        + line.most());
            }
        }
        if (!books.isBalanced()) {
            faults.add(topic + ": the books do not balance: " + books.received() + " received, " + books.outcomes());
        }
        if (read != books.received()) {
            faults.add(topic + ": the books have " + books.received() + " received, " + read
                    + " lie before the positions");
        } else if (!tally.fits(books.outcomes()) && tally.undecided() > 0) {
            faults.add(topic + ": no order of reading gives the counts of the books");
        }
        if (tally.undecided() > 0) {
            notes.add(topic + ": " + tally.undecided() + " depend on the order in which topics were read: "
                    + String.join("; ", tally.undecidedGroups()));
        }
    }

    /** The first faults of one kind, and how many more there are. */
    private void some(List<String> found) {
        faults.addAll(found.subList(0, Math.min(FAULTS_OF_A_KIND, found.size())));
        if (found.size() > FAULTS_OF_A_KIND) {
            faults.add("and " + (found.size() - FAULTS_OF_A_KIND) + " more of the kind");
        }
    }

    /** Offsets before the first record still held, of those that were to be read. */
    private long lost(String topic, int partition, long until) {
        long lost = Math.min(until, log.begin(topic, partition));
        if (lost > 0) {
            notes.add(topic + "-" + partition + " begins at offset " + lost + ": its beginning is gone");
        }
        return lost;
    }

    private List<Long> ends(String topic) {
        List<Long> ends = new ArrayList<>();
        for (int partition = 0; partition < log.partitions(topic); partition++) {
            ends.add(log.end(topic, partition));
        }
        return ends;
    }

    /** One text for all that are equal: there are few actions. */
    private String shared(String action) {
        return actions.computeIfAbsent(action, same -> same);
    }

    private static String text(byte[] key) {
        return new String(key, java.nio.charset.StandardCharsets.UTF_8);
    }
}
