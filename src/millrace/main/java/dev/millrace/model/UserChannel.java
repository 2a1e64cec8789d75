package dev.millrace.model;

/**
 * One channel of a user's vector.
 *
 * @param weight of its cosine in the score, from the settings
 * @param factor on its unit vector for that weight: {@code w √C / Σ w} for C channels
 */
public record UserChannel(String name, double weight, float factor) {}
