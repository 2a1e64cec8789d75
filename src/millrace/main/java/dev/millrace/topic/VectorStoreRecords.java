package dev.millrace.topic;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import dev.millrace.event.FeatureValue;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.state.Utf8;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.UUID;

/**
 * Item embeddings as JSON, as the sinks of Kafka Connect take them to vector stores: docs/topics.md, and config/connect for the
 * transforms.
 */
public final class VectorStoreRecords {

    /** Of the ids that {@link #uuid} makes: the URL namespace of RFC 9562, appendix A. */
    private static final UUID NAMESPACE = UUID.fromString("6ba7b811-9dad-11d1-80b4-00c04fd430c8");

    private static final String NAME = "urn:millrace:item:";

    private final ObjectMapper mapper = new ObjectMapper();
    private final TopicNames.VectorStore store;

    public VectorStoreRecords(TopicNames.VectorStore store) {
        this.store = store;
    }

    public byte[] key(String item) {
        return Utf8.bytes(id(item));
    }

    /** @param vector [dim] of the embedding, which is present: a tombstone has no value */
    public byte[] value(ItemEmbedding embedding, float[] vector) {
        ObjectNode value = mapper.createObjectNode()
                .put("collection_name", store.collection())
                .put("id", id(embedding.item()))
                .put("item_id", embedding.item());
        ArrayNode components = value.putArray("vector");
        for (float component : vector) {
            components.add(component);
        }
        embedding.popularity().dimensions().forEach(components::add);
        value.put("generation", embedding.generation())
                .put("step", embedding.step())
                .put("event_time", embedding.eventTime());
        ArrayNode numbers = value.putArray("log_popularities");
        embedding.popularity().numbers().forEach(numbers::add);
        ObjectNode payload = value.putObject("payload").put("item_id", embedding.item());
        embedding.attributes().values().forEach((name, attribute) -> payload.set(name, json(attribute)));
        try {
            return mapper.writeValueAsBytes(value);
        } catch (JsonProcessingException notWritten) {
            throw new IllegalStateException("numbers and strings are always JSON", notWritten);
        }
    }

    private String id(String item) {
        return store.id() == TopicNames.VectorStore.Id.UUID ? uuid(item).toString() : item;
    }

    /** The name-based UUID (RFC 9562, version 5) of {@code urn:millrace:item:} and the id. */
    static UUID uuid(String item) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-1");
            digest.update(ByteBuffer.allocate(2 * Long.BYTES)
                    .putLong(NAMESPACE.getMostSignificantBits())
                    .putLong(NAMESPACE.getLeastSignificantBits())
                    .array());
            ByteBuffer hash = ByteBuffer.wrap(digest.digest(Utf8.bytes(NAME + item)));
            long most = (hash.getLong() & 0xffff_ffff_ffff_0fffL) | 0x5000L;
            long least = (hash.getLong() & 0x3fff_ffff_ffff_ffffL) | 0x8000_0000_0000_0000L;
            return new UUID(most, least);
        } catch (NoSuchAlgorithmException absent) {
            throw new IllegalStateException("every Java platform has SHA-1", absent);
        }
    }

    private JsonNode json(FeatureValue attribute) {
        return attribute.<JsonNode>match(
                category -> TextNode.valueOf(category.value()),
                quantity -> DoubleNode.valueOf(quantity.value()),
                bag -> mapper.<JsonNode>valueToTree(bag.values()),
                dense -> mapper.<JsonNode>valueToTree(dense.values()));
    }
}
