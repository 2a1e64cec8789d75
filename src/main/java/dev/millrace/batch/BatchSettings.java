package dev.millrace.batch;

import dev.millrace.settings.SettingsReader;
import java.time.Duration;

/**
 * How examples become mini-batches.
 *
 * @param size positives of a full batch
 * @param negatives items drawn uniformly from the catalogue for each batch
 * @param maxChanges catalogue changes and removed users after which a batch is full whatever its examples
 * @param maxBytes estimated size after which a batch is full, below the broker's message limit
 * @param seed of the draws
 * @param estimator of item popularity
 * @param halfLife positives after which a decayed count has halved
 * @param rate α of the interval estimator
 * @param removalMemory event time for which a removed item's id is remembered
 * @param unannounced how long items stay that only examples named
 */
public record BatchSettings(
        int size,
        int negatives,
        int maxChanges,
        int maxBytes,
        long seed,
        Estimator estimator,
        double halfLife,
        double rate,
        Duration removalMemory,
        Unannounced unannounced) {

    /**
     * How long items stay in the catalogue that only examples named.
     *
     * @param expireAfter event time after the last example of it; 0 for ever
     * @param max of them in the catalogue, beyond which the one named longest ago goes
     */
    public record Unannounced(Duration expireAfter, int max) {}

    /** Which estimator of item popularity. */
    public enum Estimator {
        /** A decayed count. */
        DECAYED,
        /** Intervals between sightings, Yi et al. 2019. */
        INTERVALS
    }

    public static BatchSettings read(SettingsReader reader) {
        return new BatchSettings(
                reader.integer("batch.size", 128, 2, 8192, "positives of a full batch"),
                reader.integer(
                        "batch.negatives", 512, 0, 65_536, "items drawn uniformly from the catalogue for each batch"),
                reader.integer(
                        "batch.max-changes",
                        500,
                        1,
                        100_000,
                        "catalogue changes and removed users that fill a batch on their own"),
                reader.integer(
                        "batch.max-bytes",
                        400_000,
                        10_000,
                        4_000_000,
                        "estimated bytes that fill a batch; the topic's message limit is 8 MiB"),
                reader.longInteger(
                        "model.seed", 1, Long.MIN_VALUE, Long.MAX_VALUE, "of every initial weight and every draw"),
                reader.choice(
                        "popularity.estimator",
                        Estimator.DECAYED,
                        "of an item's share of the positives: decayed count, or intervals between sightings (Yi et al. 2019)"),
                reader.number(
                        "popularity.half-life",
                        100_000,
                        1,
                        1e12,
                        "positives after which a count of the decayed estimator has halved"),
                reader.number("popularity.rate", 0.01, 1e-6, 1, "alpha of the interval estimator"),
                reader.duration(
                        "catalogue.removal-memory",
                        Duration.ofDays(2),
                        Duration.ofMillis(1),
                        Duration.ofDays(3650),
                        "event time for which a removed item's id is remembered, so that a late click does not bring it back;"
                                + " should be at least attribution.window + attribution.deduplication-window"),
                new Unannounced(
                        reader.duration(
                                "catalogue.expire-after",
                                Duration.ofDays(365),
                                Duration.ZERO,
                                Duration.ofDays(36_500),
                                "event time after which an item that only examples named, and none names any more, goes; 0s: never"),
                        reader.integer(
                                "catalogue.max-unannounced",
                                500_000,
                                1,
                                100_000_000,
                                "items in the catalogue that only examples named; beyond it the one named longest ago goes")));
    }

    ItemPopularity popularity(char prefix) {
        return switch (estimator) {
            case DECAYED -> new ItemPopularity.Decayed(prefix, halfLife);
            case INTERVALS -> new ItemPopularity.Intervals(prefix, rate, size);
        };
    }
}
