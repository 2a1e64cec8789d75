package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.state.Books;
import dev.millrace.stream.run.StreamRunner;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicReader;
import dev.millrace.topic.Topics;
import dev.millrace.verify.books.CountAudit;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.EventJson;
import dev.millrace.wire.PlainValues;
import dev.millrace.wire.TopicRecord;
import dev.millrace.wire.TrainingRecords;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A shop without Avro: its events are JSON, in all four topics, beside those of another producer in Avro. */
@Tag("slow")
class JsonEventsIT {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final long T0 = 1_767_225_600_000L; // 2026-01-01
    private static final long NEXT_DAY = T0 + Duration.ofDays(1).toMillis();

    @Test
    void eventsInJsonBecomeTheExamplesThatTheyBecomeInAvro(@TempDir Path directory) throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(directory.resolve("broker"))) {
            MillraceSettings settings = settings(broker, directory.resolve("state"));
            AvroWire wire = new AvroWire(settings.wire());
            new Topics(settings.clients(), settings.topics(), PATIENCE).create();
            try (StreamRunner trainer = TrainProcess.runner(settings, TrainProcess.From.EVENTS);
                    EventProducer producer = new EventProducer(
                            settings.clients(), settings.topics().names(), wire);
                    ProgressWatch progress = new ProgressWatch(
                            settings.clients(), settings.topics().names().trainingProgress(), wire)) {
                trainer.start();

                producer.send(item("i-avro"));
                producer.send(profile("u-avro"));
                producer.send(exposure("avro"));
                producer.send(click("avro"));
                send(producer, "items", "i-json", EventJson.of(item("i-json")));
                send(producer, "users", "u-json", EventJson.of(profile("u-json")));
                send(producer, "exposures", "u-json", EventJson.of(exposure("json")));
                send(producer, "clicks", "u-json", EventJson.of(click("json")));
                // the same profile in the other form, and a click with a member that is misspelt
                producer.send(profile("u-json"));
                send(producer, "clicks", "u-json", misspelt());
                // end the windows of the others, as these are more users
                for (String user : List.of("u-last-1", "u-last-2", "u-last-3")) {
                    producer.send(new Exposure("e-last", user, "i-avro", NEXT_DAY, NEXT_DAY, Features.NONE));
                    producer.send(new Click(
                            "c-last", user, "i-avro", Optional.empty(), "click", 1, NEXT_DAY, NEXT_DAY, Features.NONE));
                }
                producer.flush();

                await().atMost(PATIENCE).untilAsserted(() -> {
                    assertThat(outcomes(progress, "items")).isEqualTo(Map.of("applied", 2L));
                    assertThat(outcomes(progress, "users")).isEqualTo(Map.of("applied", 2L, "unchanged", 1L));
                    assertThat(outcomes(progress, "clicks"))
                            .containsEntry("rejected: undecodable", 1L)
                            .hasEntrySatisfying(
                                    "attributed", count -> assertThat(count).isGreaterThanOrEqualTo(2));
                    assertThat(outcomes(progress, "exposures")).containsEntry("clicked", 2L);
                });
            }

            try (TopicReader log = new TopicReader(settings.clients(), PATIENCE)) {
                List<String> texts = new ArrayList<>();
                records(log, "training-examples").forEach(record -> new TrainingRecords(wire)
                        .decode(
                                record.value().orElseThrow(),
                                example -> texts.add(example.toString()),
                                change -> texts.add(change.toString()),
                                user -> texts.add("removed " + user)));
                assertThat(of("json", texts)).hasSize(2); // the item, and the click
                assertThat(of("json", texts).stream().map(text -> text.replace("json", "avro")))
                        .containsExactlyElementsOf(of("avro", texts));
                assertThat(texts).noneMatch(text -> text.startsWith("removed"));
                assertThat(records(log, "dead-letters")).singleElement().satisfies(letter -> assertThat(
                                letter.headers())
                        .containsEntry("millrace.reject.reason", "undecodable")
                        .hasEntrySatisfying("__streams.errors.message", message -> assertThat(message)
                                .startsWith("exposure_di = \"e-json\": is unknown; known are click_id")));
                assertThat(CountAudit.run(
                                        log,
                                        new PlainValues(wire),
                                        settings.topics().names(),
                                        settings.attribution())
                                .faults())
                        .isEmpty();
            }
        }
    }

    /** Those that name an item of a form. */
    private static List<String> of(String form, List<String> texts) {
        return texts.stream()
                .filter(text -> text.contains("i-" + form) && !text.contains("last"))
                .sorted()
                .toList();
    }

    private static CatalogueItem item(String item) {
        return new CatalogueItem(
                item,
                T0,
                Features.of(Map.of(
                        "category", new FeatureValue.Category("shoes"),
                        "price", new FeatureValue.Quantity(59.9),
                        "tags", new FeatureValue.Bag(List.of("red", "sale")),
                        "picture", new FeatureValue.Dense(List.of(0.1f, -0.25f, 3f)))));
    }

    private static UserProfile profile(String user) {
        return new UserProfile(
                user,
                T0,
                Features.of(Map.of(
                        "country", new FeatureValue.Category("Österreich"), "age", new FeatureValue.Quantity(34))));
    }

    private static Exposure exposure(String form) {
        Features context = Features.of(Map.of("position", new FeatureValue.Quantity(3)));
        return new Exposure("e-" + form, "u-" + form, "i-" + form, T0 + 1_000, T0 + 1_001, context);
    }

    private static Click click(String form) {
        return new Click(
                "c-" + form,
                "u-" + form,
                "i-" + form,
                Optional.of("e-" + form),
                "purchase",
                2.5,
                T0 + 2_000,
                T0 + 2_001,
                Features.NONE);
    }

    private static byte[] misspelt() {
        return """
                {"click_id":"c2","user_id":"u-json","item_id":"i-json","time":"2026-01-01T00:00:03Z","exposure_di":"e-json"}
                """
                .getBytes(StandardCharsets.UTF_8);
    }

    private static void send(EventProducer producer, String topic, String key, byte[] json) {
        producer.sendBytes(topic, key.getBytes(StandardCharsets.UTF_8), Optional.of(json), T0);
    }

    private static MillraceSettings settings(EmbeddedBroker broker, Path state) {
        return MillraceSettings.load(
                List.of(),
                Map.of(),
                Map.of(),
                Map.of(
                        "kafka.bootstrap.servers", broker.bootstrapServers(),
                        "stream.state-directory", state.toString(),
                        "topic.partitions", "1",
                        "attribution.actions", "click, purchase",
                        "train.http.port", "0",
                        "tower.dim", "8"));
    }

    private static Map<String, Long> outcomes(ProgressWatch progress, String topic) {
        return progress.books().getOrDefault(topic, Books.Account.EMPTY).outcomes();
    }

    private static List<TopicRecord> records(TopicReader log, String topic) {
        List<TopicRecord> found = new ArrayList<>();
        for (int partition = 0; partition < log.partitions(topic); partition++) {
            log.read(topic, partition, log.committedEnd(topic, partition), found::add);
        }
        return found;
    }
}
