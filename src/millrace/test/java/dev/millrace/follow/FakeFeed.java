package dev.millrace.follow;

import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.neighbour.Nearness;
import dev.millrace.neighbour.NeighbourList;
import dev.millrace.neighbour.NeighbourSettings;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.recall.UserEncoder;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/** An encoder that is ready once it has an entry, and gives every user the vector (1, weight of the channel like). */
public final class FakeFeed implements EncoderFeed {

    private static final NeighbourSettings SETTINGS = new NeighbourSettings(10, Duration.ofDays(7));

    private final Map<String, NeighbourList> lists = new ConcurrentHashMap<>();
    private boolean hasEntry;
    private volatile boolean isReady;
    private volatile boolean isBroken;
    private volatile CountDownLatch held = new CountDownLatch(0);

    /** From now on it fails with every user. */
    public void breakDown() {
        isBroken = true;
    }

    /** From now on it encodes nobody until {@link #release}. */
    public void hold() {
        held = new CountDownLatch(1);
    }

    public void release() {
        held.countDown();
    }

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
    public void neighbours(String generation, String item, Optional<NeighbourList> list) {
        list.ifPresentOrElse(present -> lists.put(item, present), () -> lists.remove(item));
    }

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
            public Map<String, Double> near(List<String> history, long time) {
                Map<String, Double> near = new HashMap<>();
                Nearness.forEach(
                        history,
                        item -> Optional.ofNullable(lists.get(item)),
                        SETTINGS,
                        time,
                        (item, part) -> near.merge(item, part, Double::sum));
                return near;
            }

            @Override
            public boolean encode(
                    UserFeatures user, Features context, Map<String, Double> channelWeights, float[] out) {
                try {
                    held.await();
                } catch (InterruptedException interrupted) {
                    throw new IllegalStateException(interrupted);
                }
                if (isBroken) {
                    throw new IllegalStateException("the encoder is broken");
                }
                out[0] = 1;
                out[1] = channelWeights.getOrDefault("like", 0.0).floatValue();
                return isReady;
            }
        };
    }
}
