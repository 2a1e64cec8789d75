package dev.millrace.wire;

import dev.millrace.avro.ItemNeighboursRecord;
import dev.millrace.avro.NeighbourRecord;
import dev.millrace.neighbour.NeighbourList;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The records of the topic item-neighbours: keyed by generation, NUL, item. Safe for threads. */
public final class NeighbourRecords {

    private final AvroWire wire;

    public NeighbourRecords(AvroWire wire) {
        this.wire = wire;
    }

    /**
     * The neighbours of an item.
     *
     * @param list absent if the item has none any more
     */
    public record ItemNeighbours(String generation, String item, Optional<NeighbourList> list) {}

    /** @throws UndecodableException if the key names no generation, or the value is none */
    public ItemNeighbours decode(TopicRecord record) {
        return new ItemNeighbours(
                EmbeddingRecords.generation(record.key()),
                EmbeddingRecords.item(record.key()),
                record.value().map(value -> wire.decode(ItemNeighboursRecord.class, value, NeighbourRecords::list)));
    }

    public static byte[] key(String generation, String item) {
        return EmbeddingRecords.key(generation, item);
    }

    public byte[] encode(String topic, String generation, long step, String item, NeighbourList list) {
        List<NeighbourRecord> neighbours = new ArrayList<>(list.size());
        list.forEach((neighbour, weight) -> neighbours.add(new NeighbourRecord(neighbour, weight)));
        return wire.encode(
                topic,
                new ItemNeighboursRecord(
                        item, generation, step, Instant.ofEpochMilli(list.asOf()), list.total(), neighbours));
    }

    private static NeighbourList list(ItemNeighboursRecord record) {
        List<String> items = new ArrayList<>();
        float[] weights = new float[record.getNeighbours().size()];
        for (NeighbourRecord neighbour : record.getNeighbours()) {
            weights[items.size()] = neighbour.getWeight();
            items.add(neighbour.getItemId());
        }
        return new NeighbourList(record.getEventTime().toEpochMilli(), record.getTotal(), items, weights);
    }
}
