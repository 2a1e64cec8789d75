package dev.millrace.recall;

import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.neighbour.Nearness;
import dev.millrace.neighbour.NeighbourList;
import dev.millrace.neighbour.NeighbourSettings;
import dev.millrace.popularity.PriorWeights;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** Encodes every user as a test says, once it is ready. Its temperature is .5. */
public final class FakeEncoder implements UserEncoder {

    private static final NeighbourSettings SETTINGS = new NeighbourSettings(10, Duration.ofDays(7));

    private final SortedMap<String, Double> queryWeights;
    private final List<String> attributes;
    private final PriorWeights prior;
    private final Encoding encoding;
    private final Map<String, NeighbourList> lists = new ConcurrentHashMap<>();
    private volatile boolean isReady;
    private volatile boolean isHistoryAnswered;

    /** Fills a vector of zeros, given the weights of the channels. */
    public interface Encoding {
        void encode(Map<String, Double> channelWeights, float[] out);
    }

    public FakeEncoder(
            Map<String, Double> queryWeights, List<String> attributes, PriorWeights prior, Encoding encoding) {
        this.queryWeights = new TreeMap<>(queryWeights);
        this.attributes = attributes;
        this.prior = prior;
        this.encoding = encoding;
    }

    /** Encodes every user as a multiple of the first unit vector, and is ready. */
    static FakeEncoder of(float length, PriorWeights prior) {
        return new FakeEncoder(Map.of(), List.of(), prior, (weights, out) -> out[0] = length).ready(true);
    }

    public FakeEncoder ready(boolean now) {
        isReady = now;
        return this;
    }

    public FakeEncoder answeringHistory() {
        isHistoryAnswered = true;
        return this;
    }

    public void neighbours(String item, Optional<NeighbourList> list) {
        list.ifPresentOrElse(present -> lists.put(item, present), () -> lists.remove(item));
    }

    @Override
    public boolean isReady() {
        return isReady;
    }

    @Override
    public SortedMap<String, Double> queryWeights() {
        return queryWeights;
    }

    @Override
    public List<String> attributes() {
        return attributes;
    }

    @Override
    public double temperature() {
        return 0.5;
    }

    @Override
    public PriorWeights prior() {
        return prior;
    }

    @Override
    public boolean isHistoryAnswered() {
        return isHistoryAnswered;
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
    public boolean encode(UserFeatures user, Features context, Map<String, Double> channelWeights, float[] out) {
        Arrays.fill(out, 0);
        encoding.encode(channelWeights, out);
        return isReady;
    }
}
