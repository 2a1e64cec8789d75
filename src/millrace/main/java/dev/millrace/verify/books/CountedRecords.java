package dev.millrace.verify.books;

import dev.millrace.attribute.AttributionSettings.Placement;
import dev.millrace.event.RejectReason;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import dev.millrace.state.Utf8;
import dev.millrace.topic.KeyPartition;
import dev.millrace.topic.TopicLog;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.DeadLetterHeaders;
import dev.millrace.wire.ExperimentHeader;
import dev.millrace.wire.PlainRecord;
import dev.millrace.wire.PlainValues;
import dev.millrace.wire.TopicRecord;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/** The records of the input topics that the books count: those before the positions that were written with the books. */
final class CountedRecords {

    private static final Set<RejectReason> FOR_ITS_PARTITION =
            EnumSet.of(RejectReason.BAD_PARTITION, RejectReason.MISPLACED_REMOVAL);

    /** A dead letter: where it is, and why the record of its origin was rejected. */
    private record Letter(RejectReason reason, RecordAddress address) {}

    private final TopicLog log;
    private final PlainValues values;
    private final TopicNames topics;
    private final BooksSnapshot snapshot;
    private final Placement placement;
    private final ExperimentReference.Lookup experiments;
    private final CountReport.Findings findings;
    private final Map<RecordAddress, Letter> letters = new HashMap<>(); // by the address of what was rejected
    private final Map<String, Integer> partitions = new HashMap<>();
    private final Map<InputTopic, Long> received = new EnumMap<>(InputTopic.class);
    private final Map<InputTopic, Long> lost = new EnumMap<>(InputTopic.class);

    CountedRecords(
            TopicLog log,
            PlainValues values,
            TopicNames topics,
            BooksSnapshot snapshot,
            Placement placement,
            ExperimentReference.Lookup experiments,
            CountReport.Findings findings) {
        this.log = log;
        this.values = values;
        this.topics = topics;
        this.snapshot = snapshot;
        this.placement = placement;
        this.experiments = experiments;
        this.findings = findings;
    }

    /** Reads the dead letters. Those of no input topic, such as refused steps, are left out. */
    void readLetters() {
        log.readAll(topics.deadLetters(), letter -> origin(letter.headers())
                .filter(origin -> topics.inputs().contains(origin.topic()))
                .ifPresent(origin -> add(letter, origin)));
    }

    private void add(TopicRecord letter, RecordAddress origin) {
        RecordAddress address = new RecordAddress(letter.topic(), letter.partition(), letter.offset());
        String label = letter.headers().getOrDefault(DeadLetterHeaders.REASON, "");
        Optional<RejectReason> reason = RejectReason.of(label);
        if (reason.isEmpty()) {
            findings.fault(address + " was rejected for a reason that is not known here: " + label);
            return;
        }
        Letter other = letters.putIfAbsent(origin, new Letter(reason.get(), address));
        if (other != null) {
            findings.fault(origin + " was rejected twice: " + other.address() + " and " + address);
        }
    }

    private static Optional<RecordAddress> origin(Map<String, String> headers) {
        try {
            return Optional.of(new RecordAddress(
                    headers.getOrDefault(DeadLetterHeaders.TOPIC, ""),
                    Integer.parseInt(headers.getOrDefault(DeadLetterHeaders.PARTITION, "")),
                    Long.parseLong(headers.getOrDefault(DeadLetterHeaders.OFFSET, ""))));
        } catch (NumberFormatException none) {
            return Optional.empty();
        }
    }

    int partitions(InputTopic topic) {
        return log.partitions(name(topic));
    }

    /** Records of the topic that were read. */
    long received(InputTopic topic) {
        return received.getOrDefault(topic, 0L);
    }

    /** Records of the topic that the books count and that are gone from the beginning of its partitions; says so in notes. */
    long lost(InputTopic topic) {
        return lost.computeIfAbsent(topic, of -> IntStream.range(0, partitions(of))
                .mapToLong(partition -> lost(of, partition, snapshot.position(name(of), partition)))
                .sum());
    }

    /** Records of a partition before an offset that are gone from its beginning; says so in a note. */
    long lost(InputTopic topic, int partition, long until) {
        return lost(name(topic), partition, until);
    }

    long lost(String topic, int partition, long until) {
        long gone = Math.min(until, log.begin(topic, partition));
        if (gone > 0) {
            findings.note(topic + "-" + partition + " begins at offset " + gone + ": its beginning is gone");
        }
        return gone;
    }

    /**
     * Reads the counted records of a partition. Those in the dead letters go to the tallies as rejected.
     *
     * @param each told of every other record; its value is absent if it is a tombstone
     */
    void read(
            InputTopic topic,
            int partition,
            List<PossibleOutcomes> tallies,
            BiConsumer<TopicRecord, Optional<PlainRecord>> each) {
        read(topic, partition, tallies, each, state -> {});
    }

    /** As {@link #read(InputTopic, int, List, BiConsumer)}; states of experiments go to {@code states}. */
    void read(
            InputTopic topic,
            int partition,
            List<PossibleOutcomes> tallies,
            BiConsumer<TopicRecord, Optional<PlainRecord>> each,
            Consumer<LoggedState> states) {
        log.read(name(topic), partition, snapshot.position(name(topic), partition), record -> {
            received.merge(topic, 1L, Long::sum);
            RecordAddress address = new RecordAddress(name(topic), partition, record.offset());
            Optional<RejectReason> reason =
                    Optional.ofNullable(letters.get(address)).map(Letter::reason);
            boolean isExperiment = ExperimentHeader.IN.contains(topic)
                    && record.value().isEmpty()
                    && ExperimentHeader.isKey(record.key());
            if (!isExperiment) { // one goes to every partition
                checkPlace(record, address, reason);
            }
            if (reason.isPresent()) {
                Set<String> rejected =
                        Set.of(Outcome.REJECTED.label(reason.get().label()));
                tallies.forEach(tally -> tally.add(rejected, address));
                return;
            }
            if (isExperiment) {
                tallies.forEach(tally -> tally.add(Set.of(Outcome.EXPERIMENT.label()), address));
                state(record, address).ifPresent(states);
                return;
            }
            Optional<PlainRecord> value = record.value().flatMap(bytes -> values.decode(topic, bytes));
            boolean mayBeTombstone = topic == InputTopic.USERS || topic == InputTopic.ITEMS;
            if (value.isEmpty() && !(mayBeTombstone && record.value().isEmpty())) {
                findings.fault(address + " cannot be read, and is not in " + topics.deadLetters());
                return;
            }
            each.accept(record, value);
        });
    }

    /**
     * A state of an experiment, as a record of the topic refers to it.
     *
     * @param offset of the record
     */
    record LoggedState(long offset, ExperimentReference reference, Experiment state) {}

    private Optional<LoggedState> state(TopicRecord record, RecordAddress address) {
        ExperimentReference reference =
                ExperimentHeader.decode(Utf8.bytes(record.headers().getOrDefault(ExperimentHeader.NAME, "")));
        Optional<LoggedState> state =
                experiments.find(reference).map(found -> new LoggedState(record.offset(), reference, found));
        if (state.isEmpty()) {
            findings.fault(address + " refers to no state of an experiment that took effect, and was not rejected");
        }
        return state;
    }

    /** A record is rejected for its partition if it is in another one than its key belongs to. It may have other faults too. */
    private void checkPlace(TopicRecord record, RecordAddress address, Optional<RejectReason> reason) {
        if (placement == Placement.ANY) {
            return;
        }
        int belongs = KeyPartition.of(record.key(), partitions.computeIfAbsent(record.topic(), log::partitions));
        boolean isMisplaced = record.partition() != belongs;
        boolean isRejected = reason.filter(FOR_ITS_PARTITION::contains).isPresent();
        if (isMisplaced && reason.isEmpty()) {
            findings.fault(address + " is not in the partition of its key, " + belongs + ", and was not rejected");
        } else if (!isMisplaced && isRejected) {
            findings.fault(address + " is in the partition of its key, and was rejected as "
                    + reason.map(RejectReason::label).orElseThrow());
        }
    }

    /** Reads the records of a partition behind the position, which the books do not count; those that can be decoded. */
    void readUncounted(InputTopic topic, int partition, BiConsumer<TopicRecord, PlainRecord> each) {
        long from = snapshot.position(name(topic), partition);
        long end = Math.max(from, log.committedEnd(name(topic), partition));
        if (end == from) {
            return;
        }
        log.read(name(topic), partition, end, record -> {
            if (record.offset() >= from) {
                record.value()
                        .flatMap(bytes -> values.decode(topic, bytes))
                        .ifPresent(value -> each.accept(record, value));
            }
        });
    }

    private String name(InputTopic topic) {
        return switch (topic) {
            case EXPOSURES -> topics.exposures();
            case CLICKS -> topics.clicks();
            case USERS -> topics.users();
            case ITEMS -> topics.items();
            case EXAMPLES -> topics.trainingExamples();
            case BATCHES -> topics.miniBatches();
        };
    }
}
