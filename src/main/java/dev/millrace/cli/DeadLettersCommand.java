package dev.millrace.cli;

import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.Clusters;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.ProgressOption;
import dev.millrace.event.RejectReason;
import dev.millrace.state.Utf8;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.Letter;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.TopicReader;
import dev.millrace.wire.TopicRecord;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "dlq",
        mixinStandardHelpOptions = true,
        description = "The dead letters: records that could not be used, and why.",
        footer = "millrace dlq list --bootstrap-server kafka:9092")
final class DeadLettersCommand implements Runnable {

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

    @Spec
    @Nullable
    CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(
                Objects.requireNonNull(spec).commandLine(), "dlq: name what to do, such as dlq list");
    }

    @Command(
            mixinStandardHelpOptions = true,
            description = "Count them by reason and topic, with the latest message of each.",
            footer = {
                "millrace dlq list --bootstrap-server kafka:9092",
                "millrace dlq list --bootstrap-server kafka:9092 --topic clicks"
            })
    int list(@Mixin ConfigOptions config, @Mixin Filter filter, @Mixin OutputOption output) {
        SortedMap<String, Group> groups = new TreeMap<>();
        read(
                open(config, filter),
                filter,
                letter -> groups.merge(
                        String.format("%-18s %s", letter.reason(), letter.topic()), Group.of(letter), Group::and));
        output.write(out(), groups.values().stream().map(Group::row).toList(), () -> {
            groups.forEach((name, group) -> out().printf(
                            Locale.ROOT,
                            "%,9d  %-40s %s to %s%n           %s%n",
                            group.count,
                            name,
                            group.first,
                            group.latest.time(),
                            group.latest.message()));
            if (groups.isEmpty()) {
                out().println(NONE);
            }
        });
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
        output.write(out(), latest.stream().map(Letter::row).toList(), () -> {
            latest.forEach(this::print);
            if (latest.isEmpty()) {
                out().println(NONE);
            }
        });
        return 0;
    }

    private void print(Letter letter) {
        out().printf("%s, %s%n", letter.record().place(), letter.time());
        out().printf("  %s: %s%n", letter.reason(), letter.message());
        if (letter.hasOrigin()) {
            out().printf("  from   offset %s of %s-%s%n", letter.offset(), letter.topic(), letter.partition());
        }
        out().printf("  key    %s%n  value  %s%n", Utf8.text(letter.record().key()), letter.value());
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
        if (filter.reason == null) {
            throw OptionFaults.unusable(
                    "--reason", "absent", "must be given: what was rejected for another reason is not mended");
        }
        SortedMap<String, Integer> counts = new TreeMap<>();
        SortedMap<Integer, Long> last = new TreeMap<>(filter.after);
        Cluster cluster = open(config, filter);
        try (TopicReader origins = cluster.reader();
                EventProducer producer = new EventProducer(cluster.clients(), cluster.topics(), cluster.wire())) {
            read(cluster, filter, letter -> {
                last.put(letter.record().partition(), letter.record().offset());
                Optional<TopicRecord> whole = whole(letter, origins, cluster.topics());
                whole.filter(record -> !isDry)
                        .ifPresent(record ->
                                producer.sendBytes(letter.topic(), record.key(), record.value(), record.timestamp()));
                counts.merge(
                        whole.isPresent() ? (isDry ? "would go to " : "sent to ") + letter.topic() : whyLeft(letter),
                        1,
                        Integer::sum);
            });
            producer.flush();
        }
        String after = last.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .collect(Collectors.joining(","));
        output.write(out(), replayed(counts, isDry ? "" : after), () -> {
            counts.forEach((what, count) -> out().printf(Locale.ROOT, "%,9d  %s%n", count, what));
            if (counts.isEmpty()) {
                out().println(NONE);
            } else if (!isDry) {
                out().println("next time   --after " + after);
            }
        });
        return 0;
    }

    /** @param after what to begin behind the next time; empty if nothing was sent */
    private static Map<String, Object> replayed(SortedMap<String, Integer> counts, String after) {
        Map<String, Object> replayed = new LinkedHashMap<>();
        replayed.put("letters", counts);
        if (!after.isEmpty()) {
            replayed.put("after", after);
        }
        return replayed;
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
                ? "left: too large for a dead letter, and gone from " + letter.topic()
                : "left: no event of a producer";
    }

    /** Letters of one reason and topic. */
    private record Group(long count, Instant first, Letter latest) {

        static Group of(Letter letter) {
            return new Group(1, letter.time(), letter);
        }

        Map<String, Object> row() {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("reason", latest.reason());
            row.put("topic", latest.topic());
            row.put("count", count);
            row.put("first", first.toString());
            row.put("latest", latest.time().toString());
            row.put("message", latest.message());
            return row;
        }

        Group and(Group other) {
            return new Group(
                    count + other.count,
                    first.isBefore(other.first) ? first : other.first,
                    other.latest.time().isBefore(latest.time()) ? latest : other.latest);
        }
    }

    /** What is wrong with the filter is found before a broker is asked. */
    private static Cluster open(ConfigOptions config, Filter filter) {
        MillraceSettings settings = config.settings();
        filter.check(settings.topics().names());
        return Clusters.open(settings);
    }

    private static void read(Cluster cluster, Filter filter, Consumer<Letter> each) {
        try (TopicReader reader = cluster.reader();
                ProgressLine line = filter.progress.line("read")) {
            List<TopicReader.Extent> extents = reader.extents(cluster.topics().deadLetters());
            long all = extents.stream()
                    .mapToLong(extent -> extent.end() - extent.first())
                    .sum();
            AtomicLong read = new AtomicLong();
            for (TopicReader.Extent extent : extents) {
                reader.read(extent, extent.first(), record -> {
                    line.show(read.incrementAndGet(), all);
                    Letter letter = new Letter(record);
                    if (filter.takes(letter)) {
                        each.accept(letter);
                    }
                    return true;
                });
            }
        }
    }

    private PrintWriter out() {
        return Objects.requireNonNull(spec).commandLine().getOut();
    }
}
