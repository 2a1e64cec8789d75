package dev.millrace.cli;

import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.Clusters;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.ProgressOption;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "dlq",
        mixinStandardHelpOptions = true,
        description = "The dead letters: records that could not be used, and why.",
        footer = "millrace dlq list --bootstrap-server kafka:9092")
final class DeadLettersCommand {

    /** Which letters. */
    static final class Filter {

        @Option(
                names = "--reason",
                paramLabel = "REASON",
                description = "those with this reason, such as bad-partition")
        @Nullable
        String reason;

        @Option(names = "--topic", paramLabel = "TOPIC", description = "those that came to this topic")
        @Nullable
        String topic;

        @Option(
                names = "--after",
                split = ",",
                paramLabel = "PARTITION=OFFSET",
                description = "those behind this offset of a partition of the dead letters; may be repeated")
        Map<Integer, Long> after = new TreeMap<>();

        @Mixin
        ProgressOption progress = new ProgressOption();

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
            description = "Count them by reason and topic, with the latest messages of each.",
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
                            description = "how many different messages of each, at most 100. Default: ${DEFAULT-VALUE}")
                    int messages) {
        OptionFaults.require("--messages", messages, 1, MOST_MESSAGES);
        SortedMap<String, Group> groups = new TreeMap<>();
        read(open(config, filter), filter, letter -> groups.computeIfAbsent(
                        String.format("%-18s %s", letter.reason(), letter.topic()),
                        absent -> new Group(letter.reason(), letter.topic(), messages))
                .add(letter));
        output.write(groups.values().stream().map(Group::row).toList(), NONE);
        return 0;
    }

    @Command(
            mixinStandardHelpOptions = true,
            description = "Show the latest of them.",
            footer = "millrace dlq show --reason bad-time --topic clicks --count 3")
    int show(
            @Mixin ConfigOptions config,
            @Mixin Filter filter,
            @Mixin OutputOption output,
            @Option(
                            names = {"-n", "--count"},
                            defaultValue = "10",
                            description = "how many. Default: ${DEFAULT-VALUE}")
                    int count) {
        OptionFaults.requireAtLeastOne("--count", count);
        Deque<Letter> latest = new ArrayDeque<>();
        read(open(config, filter), filter, letter -> {
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
                "Send them to their topics again, into the partition of their key, without headers. Mend what was wrong first.",
                "Events are told apart by their ids, so one that was sent again by its producer too counts once. A removal that is",
                "sent again removes what has come back since."
            },
            footer = {
                "millrace dlq replay --reason bad-partition --dry-run",
                "millrace dlq replay --reason bad-partition --after 0=17"
            })
    int replay(
            @Mixin ConfigOptions config,
            @Mixin Filter filter,
            @Mixin OutputOption output,
            @Option(names = "--dry-run", description = "send nothing, say what would be sent") boolean isDry) {
        @Nullable String reason = filter.reason;
        if (reason == null) {
            throw OptionFaults.unusable(
                    "--reason", "absent", "must be given: what was rejected for another reason is not mended");
        }
        Cluster cluster = open(config, filter);
        try (TopicReader letters = cluster.reader();
                TopicReader origins = cluster.reader()) {
            List<TopicReader.Extent> extents = letters.extents(cluster.topics().deadLetters());
            Replay found = new Replay(filter.after);
            read(letters, extents, filter, letter -> found.take(letter, whole(letter, origins, cluster.topics())));
            if (isDry || found.sent.isEmpty()) {
                output.write(found.row(isDry));
                if (found.sent.isEmpty() && found.left.isEmpty()) {
                    output.say(NONE);
                }
                return 0;
            }
            OperatorLog log = Clusters.log(cluster, "dlq replay");
            Replay sent = log.carryOut(
                    log.ordered(OperatorAction.Kind.REPLAY_LETTERS, reason, found.detail()),
                    () -> send(cluster, letters, extents, origins, filter));
            output.write(sent.row(false));
        }
        return 0;
    }

    private static Replay send(
            Cluster cluster,
            TopicReader letters,
            List<TopicReader.Extent> extents,
            TopicReader origins,
            Filter filter) {
        Replay sent = new Replay(filter.after);
        try (EventProducer producer = new EventProducer(cluster.clients(), cluster.topics(), cluster.wire())) {
            read(letters, extents, filter, letter -> {
                Optional<TopicRecord> whole = whole(letter, origins, cluster.topics());
                whole.ifPresent(
                        record -> producer.sendBytes(letter.topic(), record.key(), record.value(), record.timestamp()));
                sent.take(letter, whole);
            });
            producer.flush();
        }
        return sent;
    }

    /** Letters that are sent again, or would be. */
    private static final class Replay {

        private final SortedMap<String, Integer> sent = new TreeMap<>(); // by topic
        private final SortedMap<String, Integer> left = new TreeMap<>(); // by reason
        private final SortedMap<Integer, Long> last;

        Replay(Map<Integer, Long> after) {
            last = new TreeMap<>(after);
        }

        void take(Letter letter, Optional<TopicRecord> whole) {
            last.put(letter.record().partition(), letter.record().offset());
            if (whole.isPresent()) {
                sent.merge(letter.topic(), 1, Integer::sum);
            } else {
                left.merge(whyLeft(letter), 1, Integer::sum);
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
        if (!topics.inputs().contains(letter.topic())) {
            return Optional.empty();
        }
        if (!letter.isLeftOut()) {
            return Optional.of(letter.record());
        }
        if (!letter.hasOrigin()) {
            return Optional.empty();
        }
        return origins.extents(letter.topic()).stream()
                .filter(extent -> extent.partition() == letter.partition() && extent.first() <= letter.offset())
                .findFirst()
                .flatMap(extent -> origins.firstFrom(extent, letter.offset()))
                .filter(record -> record.offset() == letter.offset());
    }

    private static String whyLeft(Letter letter) {
        return letter.isLeftOut()
                ? "too large for a dead letter, and gone from " + letter.topic()
                : "no event of a producer";
    }

    /** Letters of one reason and topic. */
    private static final class Group {

        /** A message, and when it came last. */
        private record Message(String text, Instant time) {}

        private static final Comparator<Message> LATEST_FIRST =
                Comparator.comparing(Message::time).reversed();

        private final String reason;
        private final String topic;
        private final int most;
        private final List<Message> latest = new ArrayList<>(); // all different, the latest first
        private Instant first = Instant.MAX;
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
            Message message = new Message(letter.message(), letter.time());
            Optional<Message> same = latest.stream()
                    .filter(other -> other.text().equals(message.text()))
                    .findFirst();
            if (same.isPresent() && message.time().isBefore(same.get().time())) {
                return;
            }
            same.ifPresent(latest::remove);
            latest.add(0, message);
            latest.sort(LATEST_FIRST);
            if (latest.size() > most) {
                latest.remove(most);
            }
        }

        Row row() {
            return Row.of("reason", reason)
                    .with("topic", topic)
                    .with("count", count)
                    .with("first", first)
                    .with("latest", latest.get(0).time())
                    .with("messages", latest.stream().map(Message::text).toList());
        }
    }

    /** What is wrong with the filter is found before a broker is asked. */
    private static Cluster open(ConfigOptions config, Filter filter) {
        MillraceSettings settings = config.settings();
        filter.check(settings.topics().names());
        return Clusters.open(settings);
    }

    private static void read(Cluster cluster, Filter filter, Consumer<Letter> each) {
        try (TopicReader reader = cluster.reader()) {
            read(reader, reader.extents(cluster.topics().deadLetters()), filter, each);
        }
    }

    private static void read(
            TopicReader reader, List<TopicReader.Extent> extents, Filter filter, Consumer<Letter> each) {
        try (ProgressLine line = filter.progress.line("read")) {
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
