package dev.millrace.model.network;

import dev.millrace.model.network.TowerSettings.Channel;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;

/**
 * Factors on the unit vectors of a tower's channels, [channels].
 *
 * <p>A user's are {@code w_c √C / Σ w}, an item's {@code 1 / √C}: the inner product is the mean of the channels' cosines by weight, an
 * item's vector has unit length, and a user's too where all weights are equal; the factor of a single channel is 1. Whose score is
 * asked for decides the weights: those of the settings, of a request, or, in a learning step, of what the user did.
 */
public final class ChannelScales {

    private final List<Channel> channels;
    private final float[] asSet;
    private final Map<String, float[]> byAction = new HashMap<>();

    private ChannelScales(List<Channel> channels, float[] asSet) {
        this.channels = channels;
        this.asSet = asSet;
    }

    /** Of the user tower. */
    public static ChannelScales ofUsers(TowerSettings towers) {
        List<Channel> channels = towers.channels();
        ChannelScales scales = new ChannelScales(channels, scaled(channels, Channel::weight));
        for (String action : towers.actions()) {
            scales.byAction.put(action, scaled(channels, channel -> weight(channel, action)));
        }
        return scales;
    }

    /** Of the item tower, whose vectors are the same whoever asks. */
    public static ChannelScales ofItems(TowerSettings towers) {
        float[] even = new float[towers.channels().size()];
        Arrays.fill(even, (float) (1 / Math.sqrt(even.length)));
        return new ChannelScales(towers.channels(), even);
    }

    public int count() {
        return asSet.length;
    }

    /** By the weights of the settings. */
    public float[] asSet() {
        return asSet;
    }

    /** In a step that learns from that action: a channel that names actions counts 1 for these and 0 for others. */
    public float[] of(String action) {
        return byAction.getOrDefault(action, asSet);
    }

    /**
     * @param weights by channel; those of the settings for channels that it leaves out
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
