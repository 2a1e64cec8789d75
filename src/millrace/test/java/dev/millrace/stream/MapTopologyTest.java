package dev.millrace.stream;

import static dev.millrace.stream.Streams.T0;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.replay.DataFormat;
import dev.millrace.replay.MappedTopics;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.replay.RowChange;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.state.Books;
import dev.millrace.state.Utf8;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.EventRecords;
import dev.millrace.wire.ForeignValues;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MapTopologyTest {

    private static final String CLICKS =
            """
            clicks.topics = views
            clicks.user = record.key
            clicks.item = what.item
            clicks.time = record.time
            """;
    private static final String ITEMS =
            """
            items.topics = shop.items
            items.key = sku
            items.feature.brand = category
            items.feature.price = number
            """;

    private final TopicNames topics = Streams.topics();
    private final AvroWire wire = Streams.wire();
    private final EventRecords events = new EventRecords(wire);
    private final Path directory;
    private final List<TopologyTestDriver> drivers = new ArrayList<>();

    MapTopologyTest(@TempDir Path directory) {
        this.directory = directory;
    }

    @AfterEach
    void stop() {
        drivers.forEach(TopologyTestDriver::close);
    }

    @Test
    void theKeyIsTheUserAndAFieldTheItem() throws IOException {
        TopologyTestDriver driver = driver(CLICKS, 1);

        send(driver, "views", "u1", "{'what': {'item': 'i1'}}", T0);

        TestRecord<byte[], byte[]> sent = only(driver, topics.clicks());
        Click click = events.click(sent.value());
        assertThat(Utf8.text(sent.key())).isEqualTo("u1");
        assertThat(click.user()).isEqualTo("u1");
        assertThat(click.item()).isEqualTo("i1");
        assertThat(click.time()).isEqualTo(T0);
        assertThat(sent.timestamp()).isEqualTo(T0);
    }

    @Test
    void oneTopicMayHoldSeveralKinds() throws IOException {
        TopologyTestDriver driver = driver(
                """
                exposures.topics = events
                exposures.where.type = shown
                clicks.topics = events
                clicks.where.type = bought
                clicks.click.action = purchase
                """,
                1);

        send(driver, "events", "", "{'type': 'shown', 'user': 'u1', 'item': 'i1', 'time': " + T0 + "}", T0);
        send(driver, "events", "", "{'type': 'bought', 'user': 'u1', 'item': 'i1', 'time': " + T0 + "}", T0);
        send(driver, "events", "", "{'type': 'left', 'user': 'u1', 'item': 'i1', 'time': " + T0 + "}", T0);

        assertThat(Streams.read(driver, topics.exposures())).hasSize(1);
        assertThat(events.click(only(driver, topics.clicks()).value()).action()).isEqualTo("purchase");
        assertThat(account(driver, "events")).isEqualTo(books(3, Map.of("mapped", 2L, "left-out: unwanted", 1L)));
    }

    @ParameterizedTest
    @CsvSource({
        "'{''what'': {}}', bad-item, (clicks.item)",
        "'[1]', undecodable, expected",
        "'{''what'': ', undecodable, 'expected JSON, found'",
        "no JSON, undecodable, expected C3 01"
    })
    void whatCannotBeMappedIsADeadLetter(String value, String reason, String message) throws IOException {
        TopologyTestDriver driver = driver(CLICKS, 1);

        send(driver, "views", "u1", value, T0);
        send(driver, "views", "u1", "{'what': {'item': 'i1'}}", T0 + 1);

        Map<String, String> letter = LearnerDriver.headers(only(driver, topics.deadLetters()));
        assertThat(letter)
                .containsEntry("millrace.reject.reason", reason)
                .containsEntry("__streams.errors.topic", "views")
                .containsEntry("__streams.errors.offset", "0");
        assertThat(letter.get("__streams.errors.message")).contains(message);
        assertThat(account(driver, "views")).isEqualTo(books(2, Map.of("mapped", 1L, "rejected: " + reason, 1L)));
    }

    @Test
    void onePartitionMakesTheBytesOfAReplay() throws IOException {
        List<Sent> records = shop(1);

        TopologyTestDriver driver = driver(shopMapping("1"), 1);
        records.forEach(record -> send(driver, record.topic, record.key, record.value, record.time));

        assertThat(mapped(driver)).isEqualTo(replayed(records)).hasSize(4);
    }

    @Test
    void severalPartitionsMakeTheEventsOfAReplay() throws IOException {
        int partitions = 3;
        List<Sent> records = shop(partitions);
        Map<String, Set<String>> all = new TreeMap<>();

        for (int partition = 0; partition < partitions; partition++) {
            TopologyTestDriver driver = driver(shopMapping("several"), partitions);
            for (Sent record : records) {
                if (record.partition(partitions) == partition) {
                    send(driver, record.topic, record.key, record.value, record.time);
                }
            }
            mapped(driver).forEach((topic, sent) -> all.computeIfAbsent(topic, first -> new HashSet<>())
                    .addAll(sent));
        }

        Map<String, Set<String>> replayed = new TreeMap<>();
        replayed(records).forEach((topic, sent) -> replayed.put(topic, new HashSet<>(sent)));
        assertThat(all).isEqualTo(replayed);
    }

    @Test
    void rowsOfASnapshotAndUpdatesBecomeItems() throws IOException {
        TopologyTestDriver driver = driver(ITEMS, 1);

        change(driver, 1, "r", null, "{'sku': 's1', 'brand': 'acme', 'price': 2.5}");
        change(driver, 1, "u", null, "{'sku': 's1', 'brand': 'acme', 'price': 3}");
        change(driver, 1, "u", "{'sku': 's1'}", "{'sku': 's1', 'brand': null, 'price': 3}");
        change(driver, 1, "u", null, "{'sku': 's1', 'brand': null, 'price': 3, 'other': 1}");

        assertThat(items(driver))
                .containsExactly(
                        "s1 " + Features.of(Map.of("brand", category("acme"), "price", number(2.5))),
                        "s1 " + Features.of(Map.of("brand", category("acme"), "price", number(3))),
                        "s1 " + Features.of(Map.of("price", number(3))));
        assertThat(account(driver, "shop.items")).isEqualTo(books(4, Map.of("mapped", 3L, "left-out: unchanged", 1L)));
    }

    @Test
    void aValueThatIsNotToldIsKept() throws IOException {
        TopologyTestDriver driver = driver(ITEMS, 1);

        change(driver, 1, "c", null, "{'sku': 's1', 'brand': 'long', 'price': 2}");
        change(driver, 1, "u", null, "{'sku': 's1', 'brand': '__debezium_unavailable_value', 'price': 3}");

        assertThat(items(driver)).endsWith("s1 " + Features.of(Map.of("brand", category("long"), "price", number(3))));
    }

    @ParameterizedTest
    @CsvSource(
            value = {"'{''sku'': ''s1''}'", "absent"},
            nullValues = "absent")
    void aDeleteAndItsTombstoneAreOneRemoval(@Nullable String before) throws IOException {
        TopologyTestDriver driver = driver(ITEMS, 1);
        change(driver, 1, "c", null, "{'sku': 's1', 'brand': 'acme'}");

        change(driver, 1, "d", before, null);
        send(driver, "shop.items", key(1), null, T0 + 9);

        assertThat(items(driver)).containsExactly("s1 " + Features.of(Map.of("brand", category("acme"))), "s1 gone");
        assertThat(account(driver, "shop.items"))
                .isEqualTo(books(3, Map.of("mapped", 2L, "left-out: tombstone of a delete", 1L)));

        change(driver, 1, "c", null, "{'sku': 's1', 'brand': 'acme'}");
        send(driver, "shop.items", key(1), null, T0 + 10); // of a compacted topic, whose delete is gone

        assertThat(items(driver)).containsExactly("s1 " + Features.of(Map.of("brand", category("acme"))), "s1 gone");
    }

    @Test
    void aChangedKeyRemovesTheOldItem() throws IOException {
        TopologyTestDriver driver = driver(ITEMS, 1);
        change(driver, 1, "c", null, "{'sku': 's1', 'price': 1}");

        change(driver, 1, "u", null, "{'sku': 's2', 'price': 1}"); // the column of the id
        change(driver, 1, "d", "{'sku': 's2'}", null); // the key of the table
        send(driver, "shop.items", key(1), null, T0);
        change(driver, 2, "c", null, "{'sku': 's3', 'price': 1}");

        String price = " " + Features.of(Map.of("price", number(1)));
        assertThat(items(driver)).containsExactly("s1" + price, "s1 gone", "s2" + price, "s2 gone", "s3" + price);
    }

    @Test
    void truncateRemovesTheRowsOfItsTable() throws IOException {
        TopologyTestDriver driver = driver(ITEMS + "items.topics = shop.items, other.items\n", 1);
        change(driver, 1, "c", null, "{'sku': 's1', 'price': 1}");
        change(driver, 2, "c", null, "{'sku': 's2', 'price': 1}");
        send(driver, "other.items", "k", "{'sku': 's3', 'price': 1}", T0);
        items(driver);

        change(driver, Optional.empty(), "t", null, null);
        change(driver, Optional.empty(), "t", null, null);

        assertThat(items(driver)).containsExactly("s1 gone", "s2 gone");
        assertThat(account(driver, "shop.items"))
                .isEqualTo(books(4, Map.of("mapped", 3L, "left-out: empty table", 1L)));
    }

    @Test
    void truncateAmongPartitionsIsADeadLetter() throws IOException {
        TopologyTestDriver driver = driver(ITEMS, 2);

        change(driver, Optional.empty(), "t", null, null);

        assertThat(LearnerDriver.headers(only(driver, topics.deadLetters())).get("__streams.errors.message"))
                .contains("one partition");
    }

    @Test
    void aDeleteOfAnUnknownRowNeedsItsId() throws IOException {
        TopologyTestDriver driver = driver(ITEMS, 1);

        change(driver, 7, "d", "{'sku': 's7'}", null);
        send(driver, "shop.items", "{'sku': 's8'}", null, T0);
        send(driver, "shop.items", key(9), null, T0);

        assertThat(items(driver)).containsExactly("s7 gone", "s8 gone");
        assertThat(LearnerDriver.headers(only(driver, topics.deadLetters())))
                .containsEntry("millrace.reject.reason", "bad-key");
    }

    @Test
    void aRowOfALogHappensOnce() throws IOException {
        TopologyTestDriver driver = driver(
                "clicks.topics = orders\nclicks.user = customer\nclicks.item = sku\nclicks.time = record.time\n", 1);
        String row = "{'customer': 'u1', 'sku': 's1'}";

        send(driver, "orders", key(1), envelope("c", null, row), T0);
        send(driver, "orders", key(1), envelope("u", row, row), T0 + 1);
        send(driver, "orders", key(1), envelope("d", row, null), T0 + 2);
        send(driver, "orders", key(1), null, T0 + 2);

        assertThat(Streams.read(driver, topics.clicks())).hasSize(1);
        assertThat(account(driver, "orders")).isEqualTo(books(4, Map.of("mapped", 1L, "left-out: no insert", 3L)));
    }

    @Test
    void anEventOfTomorrowHasTodaysTimestamp() throws IOException {
        TopologyTestDriver driver = driver(CLICKS.replace("record.time", "at"), 1);
        long later = System.currentTimeMillis() + 86_400_000;

        send(driver, "views", "u1", "{'what': {'item': 'i1'}, 'at': " + later + "}", T0);

        TestRecord<byte[], byte[]> sent = only(driver, topics.clicks());
        assertThat(events.click(sent.value()).time()).isEqualTo(later);
        assertThat(sent.timestamp()).isLessThan(later);
    }

    @Test
    void topicsOfOneKindHaveTheSamePartitions() throws IOException {
        MappedTopics mapping = mapping(CLICKS + "clicks.item-feature.brand = category\n" + ITEMS);

        assertThatThrownBy(() -> mapping.require(topics.all(), topic -> topic.equals("views") ? 4 : 1))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("shop.items with 1, views with 4");
        assertThatThrownBy(() -> mapping("clicks.topics = items\n").require(topics.all(), topic -> 1))
                .hasMessageContaining("must not name items");
        mapping(CLICKS + ITEMS).require(topics.all(), topic -> topic.equals("views") ? 4 : 1);
    }

    @Test
    void aMappingOfFilesAloneHasNoTopics() {
        assertThatThrownBy(() -> mapping("clicks.files = log.jsonl\n"))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("must name a topic");
        assertThatThrownBy(() -> mapping("clicks.topics = views\nclicks.tipics = x\nclicks.window.length = 7d\n"))
                .hasMessageContaining("clicks.tipics")
                .hasMessageContaining("clicks.window.length");
    }

    private record Sent(String topic, String key, String value, long time) {

        int partition(int count) {
            return topic.equals("catalogue") ? 0 : Math.floorMod(key.hashCode(), count);
        }
    }

    /** Rows that are exposures, some clicked and bought, with features of the user that change; before them the catalogue. */
    private static List<Sent> shop(int seed) {
        List<Sent> records = new ArrayList<>();
        for (int item = 0; item < 7; item++) {
            records.add(new Sent(
                    "catalogue", "i" + item, "{'id': 'i" + item + "', 'tags': ['a', 't" + item % 3 + "']}", T0 - 1));
        }
        for (int row = 0; row < 60; row++) {
            int user = (row * 7 + seed) % 11;
            records.add(new Sent(
                    "rows",
                    "u" + user,
                    "{'sku': {'id': 'i" + row % 7 + "'}, 'city': '" + (row % 20 == 0 ? "b" : "a") + user + "', 'slot': "
                            + row % 4 + ", 'hit': " + (row % 3 == 0) + ", 'sold': " + (row % 6 == 0) + ", 'at': "
                            + (T0 + row * 5_000L) + "}",
                    T0 + row * 5_000L + 3));
        }
        return records;
    }

    private String shopMapping(String name) {
        return """
                log.topics = rows
                log.files = rows-%1$s.jsonl
                log.user = record.key
                log.item = sku.id
                log.time = at
                log.clicked = hit
                log.flag.sold = purchase
                log.user-feature.city = category
                log.context-feature.slot = number
                items.topics = catalogue
                items.files = catalogue-%1$s.jsonl
                items.key = id
                items.time = record.time
                items.feature.tags = bag
                """
                .formatted(name);
    }

    /** What a replay of the same records sends, as {@code init --topic} writes them to files. */
    private SortedMap<String, List<String>> replayed(List<Sent> records) throws IOException {
        ForeignValues values = new ForeignValues(wire);
        for (String topic : List.of("rows", "catalogue")) {
            Files.write(
                    directory.resolve(topic + "-r.jsonl"),
                    records.stream()
                            .filter(record -> record.topic.equals(topic))
                            .map(record -> RowChange.of(
                                            Optional.of(values.value(Utf8.bytes(json(record.value)))),
                                            values.key(Utf8.bytes(record.key)),
                                            record.time)
                                    .row()
                                    .orElseThrow()
                                    .toString())
                            .toList());
        }
        Path mapping = Files.writeString(directory.resolve("r.properties"), shopMapping("r"));
        SortedMap<String, List<String>> sent = new TreeMap<>();
        try (Stream<ReplayEvent> replay = DataFormat.JSONL
                .open(mapping, Streams.reader())
                .events(bad -> {
                    throw new AssertionError(bad);
                })) {
            replay.forEach(event -> event.accept(new Encoded(sent)));
        }
        return sent;
    }

    private final class Encoded implements ReplayEvent.Visitor {

        private final Map<String, List<String>> sent;

        Encoded(Map<String, List<String>> sent) {
            this.sent = sent;
        }

        @Override
        public void item(CatalogueItem item) {
            add(topics.items(), item.item(), events.encode(topics.items(), item));
        }

        @Override
        public void profile(UserProfile profile) {
            add(topics.users(), profile.user(), events.encode(topics.users(), profile));
        }

        @Override
        public void exposure(Exposure exposure) {
            add(topics.exposures(), exposure.user(), events.encode(topics.exposures(), exposure));
        }

        @Override
        public void click(Click click) {
            add(topics.clicks(), click.user(), events.encode(topics.clicks(), click));
        }

        private void add(String topic, String key, byte[] value) {
            sent.computeIfAbsent(topic, first -> new ArrayList<>())
                    .add(key + " " + HexFormat.of().formatHex(value));
        }
    }

    private SortedMap<String, List<String>> mapped(TopologyTestDriver driver) {
        SortedMap<String, List<String>> sent = new TreeMap<>();
        for (String topic : topics.inputs()) {
            sent.put(
                    topic,
                    Streams.read(driver, topic).stream()
                            .map(record -> Utf8.text(record.key()) + " "
                                    + HexFormat.of().formatHex(record.value()))
                            .toList());
        }
        return sent;
    }

    private static void change(
            TopologyTestDriver driver, int key, String done, @Nullable String before, @Nullable String after) {
        change(driver, Optional.of(key), done, before, after);
    }

    /** Sends what Debezium writes with Connect's converter of JSON, with its schema around it. */
    private static void change(
            TopologyTestDriver driver,
            Optional<Integer> key,
            String done,
            @Nullable String before,
            @Nullable String after) {
        String value = "{'schema': {'type': 'struct'}, 'payload': " + envelope(done, before, after) + "}";
        send(driver, "shop.items", key.map(MapTopologyTest::key).orElse(""), value, T0);
    }

    private static String key(int id) {
        return "{'schema': {'type': 'struct'}, 'payload': {'id': " + id + "}}";
    }

    private static String envelope(String done, @Nullable String before, @Nullable String after) {
        return "{" + (before == null ? "" : "'before': " + before + ", ") + "'after': " + after + ", 'op': '" + done
                + "', 'source': {'connector': 'postgresql', 'table': 'items'}}";
    }

    private static void send(TopologyTestDriver driver, String topic, String key, @Nullable String value, long time) {
        Streams.send(
                driver,
                topic,
                key.isEmpty() ? null : Utf8.bytes(json(key)),
                value == null ? null : Utf8.bytes(json(value)),
                time);
    }

    private static String json(String text) {
        return text.replace('\'', '"');
    }

    private List<String> items(TopologyTestDriver driver) {
        return Streams.read(driver, topics.items()).stream()
                .map(record -> Utf8.text(record.key()) + " "
                        + (record.value() == null
                                ? "gone"
                                : events.item(record.value()).features()))
                .toList();
    }

    private static TestRecord<byte[], byte[]> only(TopologyTestDriver driver, String topic) {
        List<TestRecord<byte[], byte[]>> found = Streams.read(driver, topic);
        assertThat(found).hasSize(1);
        return found.get(0);
    }

    private Books.Account account(TopologyTestDriver driver, String topic) {
        Map<String, Books.Account> latest = new HashMap<>();
        for (TestRecord<byte[], byte[]> record : Streams.read(driver, topics.trainingProgress())) {
            PartProgress part = wire.decode(Topic.TRAINING_PROGRESS, record.key(), record.value())
                    .orElseThrow();
            assertThat(part.part()).isEqualTo("map-0_0");
            latest.putAll(part.books());
        }
        Books.Account account = latest.getOrDefault("map:" + topic, Books.Account.EMPTY);
        assertThat(account.isBalanced()).isTrue();
        return account;
    }

    private static Books.Account books(long received, Map<String, Long> outcomes) {
        return new Books.Account(received, 0, new TreeMap<>(outcomes));
    }

    private static FeatureValue category(String text) {
        return new FeatureValue.Category(text);
    }

    private static FeatureValue number(double value) {
        return new FeatureValue.Quantity(value);
    }

    private MappedTopics mapping(String text) throws IOException {
        return MappedTopics.read(Files.writeString(Files.createTempFile(directory, "mapping", ".properties"), text));
    }

    private TopologyTestDriver driver(String mapping, int partitions) throws IOException {
        TopologyTestDriver driver = new TopologyTestDriver(
                MillraceTopology.map(topics, mapping(mapping), wire, topic -> partitions),
                Streams.driver(Files.createTempDirectory(directory, "state")));
        drivers.add(driver);
        return driver;
    }
}
