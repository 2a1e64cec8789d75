package dev.millrace.follow;

import dev.millrace.batch.PriorWeights;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.neighbour.NeighbourList;
import dev.millrace.recall.UserEncoder;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** An encoder that is ready once it has an entry, and gives every user the vector (1, weight of the channel like). */
public final class FakeFeed implements EncoderFeed {

    private boolean hasEntry;
    private volatile boolean isReady;

    @Override
    public void describe(String generation, SortedMap<String, String> settings) {}

    @Override
    public void drop(String generation) {}

    @Override
    public void update(String generation, byte[] key, byte[] value) {
        hasEntry = true;
    }

    @Override
    public void remove(String generation, byte[] key) {
        hasEntry = false;
    }

    @Override
    public void refresh(String generation) {
        refreshAll();
    }

    @Override
    public void neighbours(String generation, String item, Optional<NeighbourList> list) {}

    @Override
    public void refreshAll() {
        isReady = hasEntry;
    }

    @Override
    public UserEncoder of(String generation) {
        return new UserEncoder() {
            @Override
            public boolean isReady() {
                return isReady;
            }

            @Override
            public SortedMap<String, Double> queryWeights() {
                return new TreeMap<>(Map.of("click", 1.0, "like", 0.0));
            }

            @Override
            public List<String> attributes() {
                return List.of("category", "price", "tags");
            }

            @Override
            public double temperature() {
                return 0.5;
            }

            @Override
            public PriorWeights prior() {
                return PriorWeights.NONE;
            }

            @Override
            public boolean encode(
                    UserFeatures user, Features context, Map<String, Double> channelWeights, float[] out) {
                out[0] = 1;
                out[1] = channelWeights.getOrDefault("like", 0.0).floatValue();
                return isReady;
            }
        };
    }
}
