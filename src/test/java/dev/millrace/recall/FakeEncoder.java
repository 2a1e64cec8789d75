package dev.millrace.recall;

import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/** Encodes every user as the same multiple of the first unit vector, once it is ready. */
public final class FakeEncoder implements UserEncoder {

    private final float length;
    private volatile boolean isReady;

    private FakeEncoder(float length, boolean isReady) {
        this.length = length;
        this.isReady = isReady;
    }

    static FakeEncoder of(float length) {
        return new FakeEncoder(length, true);
    }

    public static FakeEncoder notReady() {
        return new FakeEncoder(1, false);
    }

    void becomeReady() {
        isReady = true;
    }

    @Override
    public boolean isReady() {
        return isReady;
    }

    @Override
    public SortedMap<String, Double> queryWeights() {
        return Collections.emptySortedMap();
    }

    @Override
    public List<String> attributes() {
        return List.of();
    }

    @Override
    public double temperature() {
        return 0.5;
    }

    @Override
    public double popularityWeight() {
        return 0;
    }

    @Override
    public boolean encode(UserFeatures user, Features context, Map<String, Double> channelWeights, float[] out) {
        Arrays.fill(out, 0);
        out[0] = length;
        return isReady;
    }
}
