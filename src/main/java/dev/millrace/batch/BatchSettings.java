package dev.millrace.batch;

import dev.millrace.settings.SettingsReader;
import java.time.Duration;

/**
 * How examples become mini-batches.
 *
 * @param size number of positives of a full batch
 * @param maxChanges number of catalogue changes and removed users that make a batch full on their own
 * @param maxBytes estimated bytes that make a batch full; below the broker's message limit
 * @param seed seed of the draws
 * @param popularity how an item's share of the positives is estimated
 * @param negatives which negatives a batch has beside its positives
 * @param removalMemory event time for which a removed item's id is remembered
 * @param unannounced how long unannounced items stay
 * @param rehearsal how many old examples are learnt again
 */
public record BatchSettings(
        int size,
        int maxChanges,
        int maxBytes,
        long seed,
        PopularitySettings popularity,
        NegativeSettings negatives,
        Duration removalMemory,
        Unannounced unannounced,
        RehearsalSettings rehearsal) {

    /**
     * How long unannounced items stay in the catalogue. An item is unannounced if only examples named it.
     *
     * @param expireAfter event time from its last example to its removal; 0: never
     * @param max most unannounced items in the catalogue; beyond it, the one named longest ago is removed
     */
    public record Unannounced(Duration expireAfter, int max) {}

    /** Reads the number of positives of a full batch. */
    public static int size(SettingsReader reader) {
        return reader.integer("batch.size", 64, 2, 8192, "positives of a full batch");
    }

    public static BatchSettings read(SettingsReader reader) {
        PopularitySettings popularity = PopularitySettings.read(reader);
        NegativeSettings negatives = NegativeSettings.read(reader);
        reader.require(
                negatives.popular().most() == 0 || popularity.isByItem(),
                "negatives.popularity",
                negatives.popular().most(),
                "must be 0 where items share an estimate of their popularity (popularity.hashes)");
        return new BatchSettings(
                size(reader),
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
                popularity,
                negatives,
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
                                "event time without an example after which an unannounced item leaves the catalogue; 0s: never"),
                        reader.integer(
                                "catalogue.max-unannounced",
                                500_000,
                                1,
                                100_000_000,
                                "unannounced items in the catalogue, which only examples named; beyond "
                                        + "it the one named longest ago leaves")),
                reader.free(RehearsalSettings::read));
    }
}
