package dev.millrace.wire;

import static dev.millrace.wire.RecordForm.TEXT;
import static dev.millrace.wire.RecordForm.constant;

import dev.millrace.generation.GenerationFact;
import dev.millrace.neighbour.NeighbourList;
import dev.millrace.operation.Operator;
import dev.millrace.operation.OperatorAction;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.publish.PublishedPopularity;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;

/** The records of embeddings, neighbours, generations and actions, in the order of their schemas. */
final class OutputCodec {

    private static final int LOG_PARTITION = 0; // the log has one

    private OutputCodec() {}

    /**
     * Writes an embedding in the order of its schema.
     *
     * @param vector [dim] of the embedding, which is present: a tombstone has no value
     */
    static void write(RecordEncoder fields, ItemEmbedding embedding, float[] vector, String logTopic) {
        PublishedPopularity popularity = embedding.popularity();
        List<Float> more = popularity.dimensions();
        float[] components = Arrays.copyOf(vector, vector.length + more.size());
        for (int at = 0; at < more.size(); at++) {
            components[vector.length + at] = more.get(at);
        }
        fields.text(embedding.item())
                .smallNumbers(components)
                .text(embedding.generation())
                .longInteger(embedding.step())
                .text(logTopic)
                .longInteger(LOG_PARTITION)
                .longInteger(embedding.eventTime())
                .longInteger(embedding.producedAt())
                .all(popularity.numbers(), fields::smallNumber)
                .all(popularity.halfLives(), fields::longInteger)
                .longInteger(more.size())
                .longInteger(embedding.itemTime());
        FeatureCodec.write(fields, embedding.attributes());
    }

    /** Reads what {@link #write} has written. */
    static ItemEmbedding embedding(RecordDecoder from) throws IOException {
        String item = from.readString();
        float[] components = from.readFloats();
        String generation = from.readString();
        long step = from.readLong();
        from.skipString(); // the log's topic
        from.readInt(); // and partition
        long eventTime = from.readLong();
        long producedAt = from.readLong();
        List<Float> numbers = FeatureCodec.list(from, from::readFloat);
        List<Long> halfLives = FeatureCodec.list(from, from::readLong);
        int extra = from.readInt();
        int dim = components.length - Objects.checkIndex(extra, components.length + 1);
        return new ItemEmbedding(
                item,
                Optional.of(Arrays.copyOf(components, dim)),
                generation,
                step,
                eventTime,
                producedAt,
                new PublishedPopularity(numbers, halfLives, extra > 0),
                from.readLong(),
                FeatureCodec.read(from));
    }

    static void write(RecordEncoder fields, Topic.ItemNeighbours of, NeighbourList list) {
        Map<String, Float> weights = new LinkedHashMap<>();
        list.forEach(weights::put);
        fields.text(of.item())
                .text(of.generation())
                .longInteger(of.step())
                .longInteger(list.asOf())
                .number(list.total())
                .all(weights.entrySet(), each -> fields.text(each.getKey()).smallNumber(each.getValue()));
    }

    static Topic.ItemNeighbours neighbours(String generation, String item, RecordDecoder from) throws IOException {
        from.skipString(); // item and generation are in the key too
        from.skipString();
        long step = from.readLong();
        long asOf = from.readLong();
        double total = from.readDouble();
        List<String> items = new ArrayList<>();
        List<Float> weights = FeatureCodec.list(from, () -> {
            items.add(from.readString());
            return from.readFloat();
        });
        float[] all = new float[weights.size()];
        for (int at = 0; at < all.length; at++) {
            all[at] = weights.get(at);
        }
        return new Topic.ItemNeighbours(
                generation, step, item, Optional.of(new NeighbourList(asOf, total, items, all)));
    }

    /** Absent if only another version knows its kind. */
    static Optional<GenerationFact> fact(RecordForm<GenerationFact> form) {
        String generation = form.text(GenerationFact::generation);
        String name = form.text(fact -> fact.kind().name());
        long at = form.longInteger(GenerationFact::at);
        long step = form.longInteger(GenerationFact::step);
        int items = form.integer(GenerationFact::items);
        String by = form.text(GenerationFact::by);
        SortedMap<String, String> settings = form.map(GenerationFact::settings, TEXT);
        return constant(GenerationFact.Kind.values(), Enum::name, name)
                .map(kind -> new GenerationFact(generation, kind, at, step, items, by, settings));
    }

    /** Absent if only another version knows its kind or result. */
    static Optional<OperatorAction> action(RecordForm<OperatorAction> form) {
        String name = form.text(action -> action.kind().name());
        String target = form.text(OperatorAction::target);
        String ended = form.text(action -> action.result().name());
        String detail = form.text(OperatorAction::detail);
        long at = form.longInteger(OperatorAction::at);
        Operator by = form.part(
                OperatorAction::by,
                operator -> new Operator(
                        operator.text(Operator::name),
                        operator.text(Operator::means),
                        operator.text(Operator::address),
                        operator.text(Operator::clientId)));
        return constant(OperatorAction.Kind.values(), Enum::name, name)
                .flatMap(kind -> constant(OperatorAction.Result.values(), Enum::name, ended)
                        .map(result -> new OperatorAction(kind, target, result, detail, at, by)));
    }
}
