package dev.millrace.follow;

import dev.millrace.neighbour.NeighbourList;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.recall.FakeEncoder;
import dev.millrace.recall.UserEncoder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** Makes the encoder of a generation when its first entry comes; it is ready after a refresh. */
public final class FakeFeed implements EncoderFeed {

    private final Function<String, FakeEncoder> encoders;
    private final Map<String, FakeEncoder> made = new ConcurrentHashMap<>();

    /** @param encoders by generation */
    public FakeFeed(Function<String, FakeEncoder> encoders) {
        this.encoders = encoders;
    }

    /** Encoders of two channels and three attributes, which first do something, and give every user the vector (1, weight of the channel like). */
    public static FakeFeed after(Runnable before) {
        return new FakeFeed(generation -> new FakeEncoder(
                Map.of("click", 1.0, "like", 0.0),
                List.of("category", "price", "tags"),
                PriorWeights.NONE,
                (weights, out) -> {
                    before.run();
                    out[0] = 1;
                    out[1] = weights.getOrDefault("like", 0.0).floatValue();
                }));
    }

    @Override
    public int describe(String generation, SortedMap<String, String> settings) {
        return 0;
    }

    @Override
    public void update(String generation, byte[] key, byte[] value) {
        made.computeIfAbsent(generation, encoders);
    }

    @Override
    public void remove(String generation, byte[] key) {}

    @Override
    public void neighbours(String generation, String item, Optional<NeighbourList> list) {
        Optional.ofNullable(made.get(generation)).ifPresent(encoder -> encoder.neighbours(item, list));
    }

    @Override
    public void drop(String generation) {
        Optional.ofNullable(made.remove(generation)).ifPresent(encoder -> encoder.ready(false));
    }

    @Override
    public void refresh(String generation) {
        Optional.ofNullable(made.get(generation)).ifPresent(encoder -> encoder.ready(true));
    }

    @Override
    public void refreshAll() {
        made.keySet().forEach(this::refresh);
    }

    @Override
    public Optional<UserEncoder> of(String generation) {
        return Optional.ofNullable(made.get(generation));
    }
}
