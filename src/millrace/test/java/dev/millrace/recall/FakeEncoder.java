package dev.millrace.recall;

import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.popularity.PriorWeights;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/** Encodes every user as the same multiple of the first unit vector, once it is ready. */
public final class FakeEncoder implements UserEncoder {

    private final float length;
    private final PriorWeights prior;
    private volatile boolean isReady;

    private FakeEncoder(float length, PriorWeights prior, boolean isReady) {
        this.length = length;
        this.prior = prior;
        this.isReady = isReady;
    }

    static FakeEncoder of(float length) {
        return of(length, PriorWeights.NONE);
    }

    static FakeEncoder of(float length, PriorWeights prior) {
        return new FakeEncoder(length, prior, true);
    }

    public static FakeEncoder notReady() {
        return new FakeEncoder(1, PriorWeights.NONE, false);
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
    public PriorWeights prior() {
        return prior;
    }

    @Override
    public boolean encode(UserFeatures user, Features context, Map<String, Double> channelWeights, float[] out) {
        Arrays.fill(out, 0);
        out[0] = length;
        return isReady;
    }
}
