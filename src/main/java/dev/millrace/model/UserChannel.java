package dev.millrace.model;

/**
 * One channel of a user's vector.
 *
 * @param weight of its cosine in the mean of all channels', by the settings
 * @param factor on its unit vector by that weight: {@code w √C / Σ w} for C channels
 */
public record UserChannel(String name, double weight, float factor) {}
