package dev.millrace.cli;

import dev.millrace.app.ClusterSettings;
import dev.millrace.cli.option.Clusters;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.Row;
import dev.millrace.event.RejectReason;
import dev.millrace.operation.OperatorAction;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.Letter;
import dev.millrace.topic.OperatorLog;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.TopicReader;
import dev.millrace.wire.TopicRecord;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "dlq",
        mixinStandardHelpOptions = true,
        description = "List, show and replay dead letters: records that could not be used.",
        footer = "millrace dlq list --bootstrap-server kafka:9092")
final class DeadLettersCommand {

    /** Which letters. */
    static final class Filter {

        @Option(
                names = "--reason",
                paramLabel = "REASON",
                description = "only dead letters with this reason, such as bad-partition")
        @Nullable
        String reason;

        @Option(names = "--topic", paramLabel = "TOPIC", description = "only dead letters of records of this topic")
        @Nullable
        String topic;

        @Option(
                names = "--after",
                split = ",",
                paramLabel = "PARTITION=OFFSET",
                description = "only dead letters after this offset of a partition of their topic; may be repeated")
        Map<Integer, Long> after = new TreeMap<>();

        /** A typo would find no letters, as if all were well. */
        private void check(TopicNames topics) {
            if (reason != null && RejectReason.of(reason).isEmpty()) {
                throw OptionFaults.unusable(
                        "--reason",
                        reason,
                        "must be one of "
                                + Arrays.stream(RejectReason.values())
                                        .map(RejectReason::label)
                                        .collect(Collectors.joining(", ")));
            }
            if (topic != null && !topics.all().contains(topic)) {
                throw OptionFaults.unusable("--topic", topic, "must be one of " + String.join(", ", topics.all()));
            }
        }

        private boolean takes(Letter letter) {
            return (reason == null || letter.reason().equals(reason))
                    && (topic == null || letter.topic().equals(topic))
                    && letter.record().offset()
                            > after.getOrDefault(letter.record().partition(), -1L);
        }
    }

    private static final String NONE = "no dead letters";
    private static final int MOST_MESSAGES = 100; // of a reason and topic

    @Command(
            mixinStandardHelpOptions = true,
            description = "Count dead letters by reason and topic, with the latest messages of each.",
            footer = {
                "millrace dlq list --bootstrap-server kafka:9092",
                "millrace dlq list --topic clicks --messages 10"
            })
    int list(
            @Mixin ConfigOptions config,
            @Mixin Filter filter,
            @Mixin OutputOption output,
            @Option(
                            names = "--messages",
                            paramLabel = "COUNT",
                            defaultValue = "3",
                            description =
                                    "number of different messages for each, at most 100; default: ${DEFAULT-VALUE}")
                    int messages) {
        OptionFaults.require("--messages", messages, 1, MOST_MESSAGES);
        SortedMap<String, Group> groups = new TreeMap<>();
        new Letters(config, filter, output).read(letter -> groups.computeIfAbsent(
                        String.format("%-18s %s", letter.reason(), letter.topic()),
                        absent -> new Group(letter.reason(), letter.topic(), messages))
                .add(letter));
        output.write(groups.values().stream().map(Group::row).toList(), NONE);
        return 0;
    }

    @Command(
            mixinStandardHelpOptions = true,
            description = "Show the latest dead letters.",
            footer = "millrace dlq show --reason bad-time --topic clicks --count 3")
    int show(
            @Mixin ConfigOptions config,
            @Mixin Filter filter,
            @Mixin OutputOption output,
            @Option(
                            names = {"-n", "--count"},
                            defaultValue = "10",
                            description = "number of dead letters; default: ${DEFAULT-VALUE}")
                    int count) {
        OptionFaults.requireAtLeastOne("--count", count);
        Deque<Letter> latest = new ArrayDeque<>();
        new Letters(config, filter, output).read(letter -> {
            latest.add(letter);
            if (latest.size() > count) {
                latest.remove();
            }
        });
        output.writeEach(latest.stream().map(letter -> Row.of(letter.row())).toList(), NONE);
        return 0;
    }

    @Command(
            mixinStandardHelpOptions = true,
            description = {
                "Send dead letters to their topics again: to the partition of their key, without their headers. Fix"
                        + " the fault first.",
                "Events count once, by id, even if their producer has sent them again too.",
                "A removal that is sent again also removes what has come back since."
            },
            footer = {
                "millrace dlq replay --reason bad-partition --dry-run",
                "millrace dlq replay --reason bad-partition --after 0=17"
            })
    int replay(
            @Mixin ConfigOptions config,
            @Mixin Filter filter,
            @Mixin OutputOption output,
            @Option(names = "--dry-run", description = "print what would be sent, and send nothing") boolean isDry) {
        @Nullable String reason = filter.reason;
        if (reason == null) {
            throw OptionFaults.unusable(
                    "--reason",
                    "absent",
                    "must be given: fixing one fault does not fix records rejected for another reason");
        }
        Letters letters = new Letters(config, filter, output);
        Cluster cluster = letters.cluster;
        Replay found = replay(letters, (topic, record) -> {});
        if (isDry || found.sent.isEmpty()) {
            output.write(found.row(isDry));
            if (found.sent.isEmpty() && found.left.isEmpty()) {
                output.say(NONE);
            }
            return 0;
        }
        OperatorLog log = Clusters.log(cluster, "dlq replay");
        Replay sent = log.carryOut(log.ordered(OperatorAction.Kind.REPLAY_LETTERS, reason, found.detail()), () -> {
            try (EventProducer producer = new EventProducer(cluster.clients(), cluster.topics(), cluster.wire())) {
                Replay done = replay(
                        letters,
                        (topic, record) -> producer.sendBytes(topic, record.key(), record.value(), record.timestamp()));
                producer.flush();
                return done;
            }
        });
        output.write(sent.row(false));
        return 0;
    }

    /** @param send takes each whole record, and the topic that it came to */
    private static Replay replay(Letters letters, BiConsumer<String, TopicRecord> send) {
        Replay replay = new Replay(letters.filter.after);
        try (TopicReader origins = letters.cluster.reader()) {
            letters.read(letter -> {
                Optional<TopicRecord> whole = whole(letter, origins, letters.cluster.topics());
                whole.ifPresent(record -> send.accept(letter.topic(), record));
                replay.take(letter, whole.isPresent());
            });
        }
        return replay;
    }

    /** Letters that are sent again, or would be. */
    private static final class Replay {

        private final SortedMap<String, Integer> sent = new TreeMap<>(); // by topic
        private final SortedMap<String, Integer> left = new TreeMap<>(); // by reason
        private final SortedMap<Integer, Long> last;

        Replay(Map<Integer, Long> after) {
            last = new TreeMap<>(after);
        }

        void take(Letter letter, boolean isSent) {
            last.put(letter.record().partition(), letter.record().offset());
            if (isSent) {
                sent.merge(letter.topic(), 1, Integer::sum);
            } else if (letter.isLeftOut()) {
                left.merge("too large for a dead letter, and no longer in " + letter.topic(), 1, Integer::sum);
            } else {
                left.merge("not an event of a producer", 1, Integer::sum);
            }
        }

        /** The offsets that the next replay begins behind. */
        String after() {
            return last.entrySet().stream()
                    .map(entry -> entry.getKey() + "=" + entry.getValue())
                    .collect(Collectors.joining(","));
        }

        Row row(boolean isDry) {
            return Row.of(isDry ? "wouldSend" : "sent", sent)
                    .with("left", left)
                    .with("after", Optional.of(after()).filter(next -> !isDry && !next.isEmpty()));
        }

        /** For the audit log: how many go to which topic, and up to which offsets. */
        String detail() {
            return sent.entrySet().stream()
                            .map(entry -> entry.getValue() + " to " + entry.getKey())
                            .collect(Collectors.joining(", "))
                    + ", up to " + after();
        }
    }

    /** The record to send; absent if it is no event, or is nowhere any more. */
    private static Optional<TopicRecord> whole(Letter letter, TopicReader origins, TopicNames topics) {
        if (!topics.inputs().contains(letter.topic()) || (letter.isLeftOut() && !letter.hasOrigin())) {
            return Optional.empty();
        }
        if (!letter.isLeftOut()) {
            return Optional.of(letter.record());
        }
        return origins.extents(letter.topic()).stream()
                .filter(extent -> extent.partition() == letter.partition() && extent.first() <= letter.offset())
                .findFirst()
                .flatMap(extent -> origins.firstFrom(extent, letter.offset()))
                .filter(record -> record.offset() == letter.offset());
    }

    /** Letters of one reason and topic. */
    private static final class Group {

        private final String reason;
        private final String topic;
        private final int most;
        private final Map<String, Instant> latest = new HashMap<>(); // messages, and when each came last
        private Instant first = Instant.MAX;
        private Instant last = Instant.MIN;
        private long count;

        /** @param most different messages to keep */
        Group(String reason, String topic, int most) {
            this.reason = reason;
            this.topic = topic;
            this.most = most;
        }

        void add(Letter letter) {
            count++;
            first = letter.time().isBefore(first) ? letter.time() : first;
            last = letter.time().isAfter(last) ? letter.time() : last;
            latest.merge(letter.message(), letter.time(), (one, other) -> one.isAfter(other) ? one : other);
            if (latest.size() > most) {
                latest.keySet().retainAll(latestFirst().limit(most).toList());
            }
        }

        Row row() {
            return Row.of("reason", reason)
                    .with("topic", topic)
                    .with("count", count)
                    .with("first", first)
                    .with("latest", last)
                    .with("messages", latestFirst().toList());
        }

        private Stream<String> latestFirst() {
            return latest.entrySet().stream()
                    .sorted(Map.Entry.<String, Instant>comparingByValue().reversed())
                    .map(Map.Entry::getKey);
        }
    }

    /** The letters that are there when a command begins. However often they are read, they are the same. */
    private static final class Letters {

        private final Cluster cluster;
        private final Filter filter;
        private final OutputOption output;
        private final List<TopicReader.Extent> extents;

        Letters(ConfigOptions config, Filter filter, OutputOption output) {
            ClusterSettings settings = config.cluster();
            filter.check(settings.topics().names()); // before a broker is asked
            this.cluster = Clusters.open(settings);
            this.filter = filter;
            this.output = output;
            try (TopicReader reader = cluster.reader()) {
                extents = reader.extents(cluster.topics().deadLetters());
            }
        }

        void read(Consumer<Letter> each) {
            try (TopicReader reader = cluster.reader();
                    ProgressLine line = output.progress("read")) {
                long all = extents.stream()
                        .mapToLong(extent -> extent.end() - extent.first())
                        .sum();
                AtomicLong read = new AtomicLong();
                for (TopicReader.Extent extent : extents) {
                    reader.read(extent, extent.first(), record -> {
                        line.reached(read.incrementAndGet(), all);
                        Letter letter = new Letter(record);
                        if (filter.takes(letter)) {
                            each.accept(letter);
                        }
                        return true;
                    });
                }
            }
        }
    }
}
