package dev.millrace.topic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.PublishedPopularity;
import dev.millrace.settings.SettingsReader;
import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.kafka.connect.data.Struct;
import org.apache.kafka.connect.json.JsonConverter;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.storage.Converter;
import org.apache.kafka.connect.storage.StringConverter;
import org.apache.kafka.connect.transforms.Transformation;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** The ready sink configurations: our records through Connect's own converters and transforms, to what each sink takes. */
class ConnectSinksTest {

    private static final String ITEM = "film/7";
    private static final ItemEmbedding EMBEDDING = new ItemEmbedding(
            ITEM,
            Optional.of(new float[] {0.6f, -0.8f}),
            "g1-12ab",
            42,
            1_700_000_000_000L,
            0,
            new PublishedPopularity(1.5, 21_600_000, false),
            0,
            Features.of(Map.of(
                    "category", new FeatureValue.Category("drama"),
                    "price", new FeatureValue.Quantity(3.5),
                    "tags", new FeatureValue.Bag(List.of("a", "b")))));

    /** Id: a UUID or a non-negative integer; a value with collection_name, id, vector, payload; a tombstone's key is an object with the id. */
    @Test
    void qdrantGetsPointsByUuid() throws Exception {
        SinkRecord record = through("qdrant", "topic.vector-store.id", "uuid");
        SinkRecord tombstone = tombstoneThrough("qdrant", "topic.vector-store.id", "uuid");

        Map<String, Object> value = fields(record);
        String id = VectorStoreRecords.uuid(ITEM).toString();
        assertThat(UUID.fromString(id).version()).isEqualTo(5);
        assertThat(value).hasSize(4).containsEntry("collection_name", "items").containsEntry("id", id);
        assertThat(doubles(value.get("vector"))).containsExactly(0.6, -0.8);
        assertThat(value.get("payload"))
                .isEqualTo(Map.of("item_id", ITEM, "category", "drama", "price", 3.5, "tags", List.of("a", "b")));
        assertThat(tombstone.value()).isNull();
        assertThat(((Struct) tombstone.key()).getString("id")).isEqualTo(id);
    }

    /** A flat object with exactly the collection's fields. */
    @Test
    void milvusGetsFlatRows() throws Exception {
        Map<String, Object> value = fields(through("milvus"));

        assertThat(value).hasSize(2).containsEntry("item_id", ITEM);
        assertThat(doubles(value.get("vector"))).containsExactly(0.6, -0.8);
    }

    /** The key is a string, the value the fields of the document, a tombstone removes it. */
    @Test
    void vespaGetsFieldsOfADocument() throws Exception {
        SinkRecord record = through("vespa");

        Map<String, Object> value = fields(record);
        assertThat(record.key()).isEqualTo(ITEM);
        assertThat(value.keySet())
                .containsExactlyInAnyOrder(
                        "item_id",
                        "vector",
                        "generation",
                        "step",
                        "log_popularities",
                        "payload_item_id",
                        "payload_category",
                        "payload_price",
                        "payload_tags");
        assertThat(value.values()).noneMatch(Map.class::isInstance);
        assertThat(tombstoneThrough("vespa").value()).isNull();
        assertThat(tombstoneThrough("vespa").key()).isEqualTo(ITEM);
    }

    /** A key that is a string, any object, a vector that is an array of numbers; a tombstone deletes. */
    @Test
    void openSearchGetsADocument() throws Exception {
        SinkRecord record = through("opensearch");

        Map<String, Object> value = fields(record);
        assertThat(record.key()).isEqualTo(ITEM);
        assertThat(doubles(value.get("vector"))).containsExactly(0.6, -0.8);
        assertThat(value.get("generation")).isEqualTo("g1-12ab");
        assertThat(value.get("step")).isEqualTo(42L);
        assertThat(tombstoneThrough("opensearch").value()).isNull();
    }

    @Test
    void sinksReadOnlyWhatIsCommitted() throws Exception {
        for (String sink : List.of("qdrant", "milvus", "vespa", "opensearch")) {
            assertThat(properties(sink)).containsEntry("consumer.override.isolation.level", "read_committed");
        }
    }

    @Test
    void idsAreNameBasedUuids() {
        // python3 -c "import uuid; print(uuid.uuid5(uuid.NAMESPACE_URL, 'urn:millrace:item:film/7'))"
        assertThat(VectorStoreRecords.uuid(ITEM)).isEqualTo(UUID.fromString("23ddbd2f-45e7-5f6e-aaaa-8a6a3008e7de"));
    }

    private static SinkRecord through(String sink, String... settings) throws Exception {
        VectorStoreRecords records = new VectorStoreRecords(store(settings));
        return transformed(
                sink,
                records.key(ITEM),
                Optional.of(records.value(EMBEDDING, EMBEDDING.vector().orElseThrow())));
    }

    private static SinkRecord tombstoneThrough(String sink, String... settings) throws Exception {
        return transformed(sink, new VectorStoreRecords(store(settings)).key(ITEM), Optional.empty());
    }

    private static TopicNames.VectorStore store(String... settings) {
        Map<String, String> given = new TreeMap<>(Map.of("topic.vector-store.name", "item-vectors"));
        for (int at = 0; at < settings.length; at += 2) {
            given.put(settings[at], settings[at + 1]);
        }
        return TopicNames.read(new SettingsReader(given)).vectorStore().orElseThrow();
    }

    /** As Connect does it: converters, then the transforms in their order, each configured by its own properties. */
    private static SinkRecord transformed(String sink, byte[] key, Optional<byte[]> value) throws Exception {
        Map<String, String> properties = properties(sink);
        assertThat(properties).containsEntry("topics", "item-vectors");
        Converter keys = new StringConverter();
        keys.configure(Map.of(), true);
        Converter values = new JsonConverter();
        values.configure(
                Map.of("schemas.enable", properties.getOrDefault("value.converter.schemas.enable", "")), false);
        assertThat(properties)
                .containsEntry("key.converter", StringConverter.class.getName())
                .containsEntry("value.converter", JsonConverter.class.getName());
        var theKey = keys.toConnectData("item-vectors", key);
        var theValue = values.toConnectData("item-vectors", value.orElse(null));
        SinkRecord record = new SinkRecord(
                "item-vectors", 0, theKey.schema(), theKey.value(), theValue.schema(), theValue.value(), 0);
        for (String name : properties.getOrDefault("transforms", "").split("\\s*,\\s*")) {
            String prefix = "transforms." + name + ".";
            Map<String, String> own = new TreeMap<>();
            properties.forEach((property, set) -> {
                if (property.startsWith(prefix)) {
                    own.put(property.substring(prefix.length()), set);
                }
            });
            @SuppressWarnings("unchecked")
            Transformation<SinkRecord> transformation = Class.forName(own.remove("type"))
                    .asSubclass(Transformation.class)
                    .getDeclaredConstructor()
                    .newInstance();
            transformation.configure(own);
            record = transformation.apply(record);
        }
        return record;
    }

    private static Map<String, String> properties(String sink) throws IOException {
        Properties properties = new Properties();
        try (Reader reader =
                Files.newBufferedReader(Path.of("config/connect", sink + ".properties"), StandardCharsets.UTF_8)) {
            properties.load(reader);
        }
        Map<String, String> all = new TreeMap<>();
        properties.stringPropertyNames().forEach(name -> all.put(name, properties.getProperty(name)));
        return all;
    }

    private static Map<String, Object> fields(SinkRecord record) {
        Map<String, Object> fields = new TreeMap<>();
        ((Map<?, ?>) record.value()).forEach((name, value) -> fields.put(String.valueOf(name), value));
        return fields;
    }

    private static List<Double> doubles(@Nullable Object array) {
        List<Double> numbers = new ArrayList<>();
        ((List<?>) Objects.requireNonNull(array))
                .forEach(number -> numbers.add((double) ((Number) number).floatValue()));
        return numbers.stream().map(number -> Math.round(number * 1e6) / 1e6).toList();
    }
}
