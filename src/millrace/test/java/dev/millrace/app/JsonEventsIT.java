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
import dev.millrace.stream.run.StreamRunner;
import dev.millrace.topic.EventProducer;
import dev.millrace.wire.EventJson;
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
    private static final long T0 = TestCluster.T0;
    private static final long NEXT_DAY = T0 + Duration.ofDays(1).toMillis();

    @Test
    void eventsInJsonBecomeTheExamplesThatTheyBecomeInAvro(@TempDir Path directory) throws Exception {
        try (TestCluster cluster =
                new TestCluster(directory, Map.of("topic.partitions", "1", "attribution.actions", "click, purchase"))) {
            try (StreamRunner trainer = cluster.run();
                    EventProducer producer = cluster.producer();
                    ProgressWatch progress = cluster.progress()) {
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
                    assertThat(TestCluster.outcomes(progress, "items")).isEqualTo(Map.of("applied", 2L));
                    assertThat(TestCluster.outcomes(progress, "users"))
                            .isEqualTo(Map.of("applied", 2L, "unchanged", 1L));
                    assertThat(TestCluster.outcomes(progress, "clicks"))
                            .containsEntry("rejected: undecodable", 1L)
                            .hasEntrySatisfying(
                                    "attributed", count -> assertThat(count).isGreaterThanOrEqualTo(2));
                    assertThat(TestCluster.outcomes(progress, "exposures")).containsEntry("clicked", 2L);
                });
            }

            TrainingRecords records =
                    new TrainingRecords(cluster.settings().cluster().wire());
            List<String> texts = new ArrayList<>();
            cluster.records("training-examples")
                    .forEach(record -> records.decode(
                            record.value().orElseThrow(),
                            example -> texts.add(example.toString()),
                            change -> texts.add(change.toString()),
                            user -> texts.add("removed " + user)));
            assertThat(of("json", texts)).hasSize(2); // the item, and the click
            assertThat(of("json", texts).stream().map(text -> text.replace("json", "avro")))
                    .containsExactlyElementsOf(of("avro", texts));
            assertThat(texts).noneMatch(text -> text.startsWith("removed"));
            assertThat(cluster.records("dead-letters")).singleElement().satisfies(letter -> assertThat(letter.headers())
                    .containsEntry("millrace.reject.reason", "undecodable")
                    .hasEntrySatisfying("__streams.errors.message", message -> assertThat(message)
                            .startsWith("exposure_di = \"e-json\": is unknown")));
            assertThat(cluster.audit().faults()).isEmpty();
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
}
