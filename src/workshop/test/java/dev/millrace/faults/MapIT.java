package dev.millrace.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.app.TestCluster;
import dev.millrace.cli.MillraceProcess;
import dev.millrace.event.Click;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.state.Books;
import dev.millrace.state.Utf8;
import dev.millrace.wire.EventRecords;
import dev.millrace.wire.TopicRecord;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code millrace map}, killed amid its work. */
@Tag("fault")
@Tag("long")
class MapIT {

    private static final long T0 = TestCluster.T0;
    private static final int VIEWS = 60_000;
    private static final int ITEMS = 300;
    private static final int KILLS = 6;
    private static final String MAPPING =
            """
            clicks.topics = views
            clicks.user = record.key
            clicks.item = what.item
            clicks.time = record.time
            clicks.id = id
            items.topics = shop.items
            items.key = sku
            items.feature.price = number
            """;

    private final Random random = new Random(Experiment.SEED);

    @TempDir
    @SuppressWarnings("NullAway.Init") // JUnit fills it
    Path directory;

    /** Each view is one click, each hundredth one dead letter; each third item is removed once. */
    @Test
    void f44_killedAmidItsWorkItMapsEachRecordOnce() throws Exception {
        Path mapping = Files.writeString(directory.resolve("mapping.properties"), MAPPING);
        Map<String, String> more = Map.of("map.mapping", mapping.toString(), "map.http.port", "-1");
        try (TestCluster cluster = new TestCluster(directory, more);
                Admin admin = Admin.create(cluster.settings().clients().asMap());
                ProgressWatch progress = cluster.progress()) {
            admin.createTopics(List.of(topic("views", 2), topic("shop.items", 1)))
                    .all()
                    .get();
            cluster.write(views());
            List<ProducerRecord<byte[], byte[]>> changes = changes();
            cluster.write(changes);

            for (int kill = 1; kill <= KILLS; kill++) {
                try (MillraceProcess process = map(cluster, kill)) {
                    long part = (long) VIEWS * kill / (KILLS + 1);
                    await().atMost(Experiment.PATIENCE)
                            .pollInterval(5, TimeUnit.MILLISECONDS)
                            .until(() -> received(progress, "views") >= part);
                    TimeUnit.MILLISECONDS.sleep(random.nextInt(150));
                    process.kill();
                }
            }
            assertThat(received(progress, "views")).as("killed amid its work").isLessThan(VIEWS);
            try (MillraceProcess last = map(cluster, KILLS + 1)) {
                await().atMost(Experiment.PATIENCE)
                        .until(() -> received(progress, "views") == VIEWS
                                && received(progress, "shop.items") == changes.size());
                last.terminate();
                last.awaitExit(Experiment.PATIENCE);
            }

            assertThat(progress.books().get("map:views"))
                    .isEqualTo(account(Map.of("mapped", VIEWS - VIEWS / 100L, "rejected: bad-item", VIEWS / 100L)));
            EventRecords events = new EventRecords(cluster.settings().cluster().wire());
            assertThat(cluster.records("clicks").stream()
                            .map(record -> events.click(record.value().orElseThrow()))
                            .map(Click::id))
                    .doesNotHaveDuplicates()
                    .hasSameElementsAs(IntStream.range(0, VIEWS)
                            .filter(view -> view % 100 != 99)
                            .mapToObj(view -> "v" + view)
                            .toList());
            assertThat(cluster.records("dead-letters")).hasSize(VIEWS / 100);
            theItemsAreThoseOfTheTable(cluster, events);
        }
    }

    private static void theItemsAreThoseOfTheTable(TestCluster cluster, EventRecords events) {
        Map<String, List<String>> prices = new HashMap<>();
        for (TopicRecord record : cluster.records("items")) {
            prices.computeIfAbsent(Utf8.text(record.key()), first -> new ArrayList<>())
                    .add(record.value()
                            .map(value -> events.item(value).features().toString())
                            .orElse("gone"));
        }
        assertThat(prices).hasSize(ITEMS);
        prices.forEach((item, told) -> {
            boolean isRemoved = Integer.parseInt(item.substring(1)) % 3 == 0;
            assertThat(told).as(item).hasSize(isRemoved ? 3 : 2).doesNotHaveDuplicates();
            assertThat(told.get(told.size() - 1).equals("gone")).as(item).isEqualTo(isRemoved);
        });
        assertThat(prices.values().stream().flatMap(List::stream).filter("gone"::equals))
                .hasSize(ITEMS / 3);
    }

    private MillraceProcess map(TestCluster cluster, int number) throws Exception {
        return MillraceProcess.start(
                directory,
                "map-" + number,
                Stream.concat(
                                Stream.of("map"),
                                new TreeMap<>(cluster.given())
                                        .entrySet().stream()
                                                .flatMap(setting -> Stream.of(
                                                        "--set", setting.getKey() + "=" + setting.getValue())))
                        .toArray(String[]::new));
    }

    private static long received(ProgressWatch progress, String topic) {
        return progress.books()
                .getOrDefault("map:" + topic, Books.Account.EMPTY)
                .received();
    }

    private static Books.Account account(Map<String, Long> outcomes) {
        return new Books.Account(VIEWS, 0, new TreeMap<>(outcomes));
    }

    private static NewTopic topic(String name, int partitions) {
        return new NewTopic(name, partitions, (short) 1).configs(Map.of("retention.ms", "-1"));
    }

    private static List<ProducerRecord<byte[], byte[]>> views() {
        List<ProducerRecord<byte[], byte[]>> views = new ArrayList<>();
        for (int view = 0; view < VIEWS; view++) {
            String item = view % 100 == 99 ? "" : "i" + view % ITEMS; // which no click may have
            views.add(record(
                    "views",
                    view % 2,
                    "u" + view % 500,
                    "{\"id\": \"v" + view + "\", \"what\": {\"item\": \"" + item + "\"}}",
                    T0 + view));
        }
        return views;
    }

    /** A snapshot, then a new price of each row, then a delete and a tombstone of each third. */
    private static List<ProducerRecord<byte[], byte[]>> changes() {
        List<ProducerRecord<byte[], byte[]>> changes = new ArrayList<>();
        for (String done : List.of("r", "u", "d")) {
            for (int item = 0; item < ITEMS; item++) {
                if (done.equals("d") && item % 3 != 0) {
                    continue;
                }
                String key = "{\"id\": " + item + "}";
                int price = done.equals("r") ? 1 : 2;
                String after = done.equals("d") ? "null" : "{\"sku\": \"i" + item + "\", \"price\": " + price + "}";
                String value = "{\"op\": \"" + done + "\", \"after\": " + after
                        + ", \"source\": {\"connector\": \"postgresql\"}}";
                changes.add(record("shop.items", 0, key, value, T0 + changes.size()));
                if (done.equals("d")) {
                    changes.add(new ProducerRecord<byte[], byte[]>(
                            "shop.items", (Integer) 0, (Long) T0, Utf8.bytes(key), null));
                }
            }
        }
        return changes;
    }

    private static ProducerRecord<byte[], byte[]> record(
            String topic, int partition, String key, String value, long time) {
        return new ProducerRecord<>(topic, partition, time, Utf8.bytes(key), Utf8.bytes(value));
    }
}
