package dev.millrace.verify.books;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.app.MillraceSettings;
import dev.millrace.app.TrainProcess;
import dev.millrace.attribute.AttributionSettings;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.experiment.ExperimentReference;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.CounterRandom;
import dev.millrace.stream.run.StreamRunner;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicLog;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.TopicReader;
import dev.millrace.topic.Topics;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.TopicRecord;
import dev.millrace.wire.WireSettings;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The audit beside a trainer that runs, and reads whatever producers may send. */
@Tag("slow")
class CountAuditIT {

    private static final long T0 = 1_767_225_600_000L;
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int EXPOSURES = 900;
    private static final int USERS = 30;
    private static final int ITEMS = 40;
    private static final int REMOVALS = 10;
    private static final String STAYS = "i" + REMOVALS;

    private final Path directory;
    private final TopicNames topics = TopicNames.read(new SettingsReader(Map.of()));
    private final AvroWire wire = new AvroWire(WireSettings.read(new SettingsReader(Map.of())));
    private final Map<String, Long> sent = new HashMap<>();

    CountAuditIT(@TempDir Path directory) {
        this.directory = directory;
    }

    @Test
    void lostAndRepeatedRecordsAreNamed() throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"))) {
            MillraceSettings settings = settings(broker);
            new Topics(settings.clients(), settings.topics(), PATIENCE).create();
            try (EventProducer producer = settings.cluster().producer();
                    KafkaProducer<byte[], byte[]> raw = new KafkaProducer<>(
                            Map.of("bootstrap.servers", broker.bootstrapServers()),
                            new ByteArraySerializer(),
                            new ByteArraySerializer());
                    TopicLog log = new TopicReader(settings.clients(), PATIENCE)) {
                produceCatalogue(producer, raw);
                try (StreamRunner runner = TrainProcess.runner(settings, TrainProcess.From.EVENTS)) {
                    runner.start();
                    for (int part = 0; part < REMOVALS; part++) { // some leave with examples that wait
                        produce(producer, raw, part * EXPOSURES / REMOVALS, (part + 1) * EXPOSURES / REMOVALS);
                        producer.removeItem("i" + part, T0 + part);
                        count("items");
                        producer.removeUser("u" + part, T0 + part);
                        count("users");
                    }
                    endWindows(producer);
                    await().atMost(PATIENCE)
                            .pollInterval(Duration.ofMillis(500))
                            .untilAsserted(() -> assertAllCounted(audit(log)));
                }

                CountReport report = audit(log);
                assertThat(report.faults()).isEmpty();
                assertThat(books(report, "clicks", "duplicate")).isPositive();
                assertThat(books(report, "clicks", "late")).isPositive();
                assertThat(books(report, "clicks", "orphan")).isPositive();
                assertThat(books(report, "clicks", "rejected: undecodable")).isPositive();
                assertThat(books(report, "users", "unchanged")).isPositive();
                assertThat(books(report, "training-examples", "user-removal")).isEqualTo(REMOVALS);
                assertThat(books(report, "training-examples", "learnt or refused"))
                        .isPositive();
                assertThat(report.lines()).allMatch(line -> line.difference() == 0);

                lostRecordsAreNamed(log);
                lostBeginningIsSaidAndNoFault(log);
                repeatedExampleIsNamed(log, raw);
            }
        }
    }

    private void lostRecordsAreNamed(TopicLog log) {
        long example = example(log).offset();
        assertThat(audit(PartOfLog.without(log, new RecordAddress(topics.trainingExamples(), 0, example)))
                        .faults())
                .anyMatch(fault -> fault.endsWith(", which the topic does not have"))
                .anyMatch(fault -> fault.contains("which is not among those that training-examples holds"));

        long click = nth(log, topics.clicks(), 1, 20).offset();
        assertThat(audit(PartOfLog.without(log, new RecordAddress(topics.clicks(), 1, click)))
                        .faults())
                .anyMatch(fault -> fault.contains("has offset " + click + " of clicks, where no record is any more"));

        long batch = nth(log, topics.miniBatches(), 0, 2).offset();
        assertThat(audit(PartOfLog.without(log, new RecordAddress(topics.miniBatches(), 0, batch)))
                        .faults())
                .anyMatch(
                        fault -> fault.startsWith("step 4 (mini-batches-0 offset") && fault.contains("follows step 2"));
    }

    private void lostBeginningIsSaidAndNoFault(TopicLog log) {
        long first = example(log).offset();

        CountReport report = audit(PartOfLog.from(log, new RecordAddress(topics.trainingExamples(), 0, first)));

        assertThat(report.faults()).isEmpty();
        assertThat(report.notes())
                .contains("training-examples-0 begins at offset " + first + ": its beginning is gone")
                .anyMatch(note -> note.contains("not checkable, " + first + " records are gone"));
    }

    private void repeatedExampleIsNamed(TopicLog log, KafkaProducer<byte[], byte[]> raw) throws Exception {
        TopicRecord example = example(log);
        long copy = raw.send(new ProducerRecord<>(
                        topics.trainingExamples(),
                        example.key(),
                        example.value().orElseThrow()))
                .get()
                .offset();

        assertThat(audit(log).faults())
                .singleElement()
                .asString()
                .startsWith("no event makes example ")
                .endsWith(" at training-examples-0 offset " + copy);
    }

    private CountReport audit(TopicLog log) {
        AttributionSettings attribution = AttributionSettings.read(new SettingsReader(given()));
        return CountAudit.run(
                new RecordedAttribution(log, wire, topics, attribution, ExperimentReference.Lookup.NONE),
                Optional.empty());
    }

    /** Right at any moment; and at last all has been counted. */
    private void assertAllCounted(CountReport report) {
        assertThat(report.faults()).isEmpty();
        sent.forEach((topic, count) ->
                assertThat(books(report, topic, "received")).as(topic).isEqualTo(count));
        assertThat(books(report, "training-examples", "waiting")).isZero();
    }

    private static long books(CountReport report, String topic, String outcome) {
        return report.lines().stream()
                .filter(line -> line.topic().equals(topic) && line.outcome().equals(outcome))
                .mapToLong(CountReport.Line::books)
                .sum();
    }

    /** An example behind all changes of the catalogue, which have the keys of items. */
    private TopicRecord example(TopicLog log) {
        List<TopicRecord> examples = records(log, topics.trainingExamples(), 0).stream()
                .filter(record -> new String(record.key(), StandardCharsets.UTF_8).startsWith("u"))
                .toList();
        return examples.get(examples.size() - 20);
    }

    private static TopicRecord nth(TopicLog log, String topic, int partition, int number) {
        return records(log, topic, partition).get(number);
    }

    private static List<TopicRecord> records(TopicLog log, String topic, int partition) {
        List<TopicRecord> records = new ArrayList<>();
        log.read(topic, partition, log.committedEnd(topic, partition), records::add);
        return records;
    }

    private MillraceSettings settings(EmbeddedBroker broker) {
        Map<String, String> here = new HashMap<>();
        here.put("kafka.bootstrap.servers", broker.bootstrapServers());
        here.put("stream.state-directory", directory.resolve("state").toString());
        return MillraceSettings.load(List.of(), given(), Map.of(), here);
    }

    private static Map<String, String> given() {
        return Map.of(
                "topic.partitions", "2",
                "batch.size", "16",
                "batch.max-size", "0",
                "batch.max-wait", "200ms",
                "batch.negatives", "8",
                "tower.dim", "8",
                "attribution.window", "60s",
                "attribution.click-wait", "30s",
                "stream.learn.commit-interval", "200ms",
                "stream.instance-id", "the-one");
    }

    private void produceCatalogue(EventProducer producer, KafkaProducer<byte[], byte[]> raw) {
        for (int item = 0; item < ITEMS; item++) {
            producer.send(new CatalogueItem("i" + item, T0, Features.NONE));
            count("items");
        }
        for (int user = 0; user < USERS; user++) {
            for (long time : new long[] {T0, T0 + 1, T0 - 1}) { // applied, unchanged, outdated
                producer.send(new UserProfile(
                        "u" + user, time, Features.of(Map.of("country", new FeatureValue.Category("c" + user % 3)))));
                count("users");
            }
        }
        poison(raw, topics.items(), "items");
        poison(raw, topics.users(), "users");
    }

    /** Seeded: a third is clicked, of these some twice, some late, some on what was never shown; some records are no events. */
    private void produce(EventProducer producer, KafkaProducer<byte[], byte[]> raw, int first, int end) {
        for (int number = first; number < end; number++) {
            String user = "u" + CounterRandom.below(USERS, 1, number, 0);
            String item = "i" + CounterRandom.below(ITEMS, 1, number, 1);
            long time = T0 + number * 500L;
            Exposure exposure = new Exposure("e" + number, user, item, time, time, Features.NONE);
            producer.send(exposure);
            count("exposures");
            if (number % 50 == 0) {
                producer.send(exposure);
                count("exposures");
            }
            int fate = CounterRandom.below(12, 1, number, 2);
            if (fate < 4) {
                Click click = click("c" + number, user, item, "e" + number, time + 1_000 + fate);
                producer.send(click);
                count("clicks");
                if (fate == 0) {
                    producer.send(click);
                    count("clicks");
                }
            } else if (fate == 4) {
                producer.send(click("late" + number, user, item, "e" + number, time + 61_000));
                count("clicks");
            } else if (fate == 5) {
                producer.send(click("orphan" + number, user, "never-shown", "", time + 1_000));
                count("clicks");
            }
            if (number % 40 == 0) {
                poison(raw, topics.clicks(), "clicks");
                poison(raw, topics.exposures(), "exposures");
            }
        }
        producer.flush();
    }

    /** One click on one exposure for each user, late enough to end every window of both partitions before. */
    private void endWindows(EventProducer producer) {
        long time = T0 + EXPOSURES * 500L + 300_000;
        for (int user = 0; user < USERS; user++) {
            producer.send(new Exposure("last" + user, "u" + user, STAYS, time, time, Features.NONE));
            producer.send(click("last" + user, "u" + user, STAYS, "last" + user, time + 1));
            count("exposures");
            count("clicks");
        }
        producer.flush();
    }

    @SuppressWarnings("FutureReturnValueIgnored") // the counts would not come out
    private void poison(KafkaProducer<byte[], byte[]> raw, String topic, String logical) {
        raw.send(new ProducerRecord<>(topic, "u1".getBytes(StandardCharsets.UTF_8), new byte[] {(byte) 0xC3, 1, 7}));
        count(logical);
    }

    private void count(String topic) {
        sent.merge(topic, 1L, Long::sum);
    }

    private static Click click(String id, String user, String item, String exposure, long time) {
        return new Click(
                id,
                user,
                item,
                Optional.of(exposure).filter(named -> !named.isEmpty()),
                "click",
                1,
                time,
                time,
                Features.NONE);
    }
}
