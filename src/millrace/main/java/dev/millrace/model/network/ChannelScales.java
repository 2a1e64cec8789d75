package dev.millrace.model.network;

import dev.millrace.model.network.TowerSettings.Channel;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * [channels] Factors on the unit vectors of a tower's channels.
 *
 * <p>A user's factors are {@code w_c √C / Σ w}, an item's are {@code 1 / √C}. So the inner product is the weighted mean of
 * the channels' cosines. An item's vector has unit length; a user's has it if all weights are equal. The factor of a single
 * channel is 1.
 *
 * <p>The weights come from the settings, from a request, or, in a learning step, from the example's action.
 */
public final class ChannelScales {

    private final List<Channel> channels;
    private final float[] asSet;
    private final Map<String, float[]> byAction = new HashMap<>();

    private ChannelScales(List<Channel> channels, float[] asSet) {
        this.channels = channels;
        this.asSet = asSet;
    }

    /** Returns the factors of the user tower. */
    public static ChannelScales ofUsers(TowerSettings towers) {
        List<Channel> channels = towers.channels();
        ChannelScales scales = new ChannelScales(channels, scaled(channels, Channel::weight));
        for (String action : towers.actions()) {
            scales.byAction.put(action, scaled(channels, channel -> weight(channel, action)));
        }
        return scales;
    }

    /** Returns the factors of the item tower, which are the same for every request and action. */
    public static ChannelScales ofItems(TowerSettings towers) {
        float[] even = new float[towers.channels().size()];
        Arrays.fill(even, (float) (1 / Math.sqrt(even.length)));
        return new ChannelScales(towers.channels(), even);
    }

    public int count() {
        return asSet.length;
    }

    /** [channels] Returns the factors by the weights of the settings. */
    public float[] asSet() {
        return asSet;
    }

    /**
     * [channels] Returns the factors in a step that learns from an action. A channel that names actions weighs 1 for these
     * and 0 for others. An action that no channel names has the factors of the settings.
     */
    public float[] of(String action) {
        return byAction.getOrDefault(action, asSet);
    }

    /**
     * [channels] Returns the factors by the weights of a request.
     *
     * @param weights by channel; a channel that it leaves out has the weight of the settings
     * @throws IllegalArgumentException if none is above 0
     */
    public float[] of(Map<String, Double> weights) {
        return weights.isEmpty()
                ? asSet
                : scaled(channels, channel -> weights.getOrDefault(channel.name(), channel.weight()));
    }

    private static double weight(Channel channel, String action) {
        if (channel.actions().isEmpty()) {
            return channel.weight();
        }
        return channel.actions().contains(action) ? 1 : 0;
    }

    private static float[] scaled(List<Channel> channels, ToDoubleFunction<Channel> weight) {
        double sum = channels.stream().mapToDouble(weight).sum();
        if (!(sum > 0)) {
            throw new IllegalArgumentException("the weights of the channels add up to " + sum + ": must be above 0");
        }
        float[] scales = new float[channels.size()];
        for (int c = 0; c < scales.length; c++) {
            scales[c] = (float) (weight.applyAsDouble(channels.get(c)) * Math.sqrt(scales.length) / sum);
        }
        return scales;
    }
}
