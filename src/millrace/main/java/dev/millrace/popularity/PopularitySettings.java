package dev.millrace.popularity;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.settings.SettingsReader;

/** How an item's share of the positives is estimated. */
public record PopularitySettings(Estimator estimator, double halfLife, double rate, int hashes, int buckets) {

    /** Which estimator of item popularity. */
    public enum Estimator {
        /** A decayed count. */
        DECAYED,
        /** Intervals between sightings, Yi et al. 2019. */
        INTERVALS,
        /** A count that forgets nothing. */
        RUNNING,
        /** Decayed counts in a sketch of fixed size. */
        COUNT_MIN
    }

    public static PopularitySettings read(SettingsReader reader) {
        PopularitySettings settings = new PopularitySettings(
                reader.choice(
                        "popularity.estimator: estimator of an item's share of the positives: decayed count, "
                                + "intervals between sightings (Yi et al. 2019), running count, or decayed counts in a "
                                + "sketch of fixed size",
                        Estimator.DECAYED),
                reader.number("popularity.half-life = 100000 in [1, 1.0E12]: number of positive examples after which a "
                        + "count has halved, of the estimators decayed and count-min"),
                reader.number("popularity.rate = 0.01 in [1.0E-6, 1]: alpha of the interval estimator"),
                reader.integer(
                        "popularity.hashes = 0 in [0, 16]: hash functions of the estimators intervals and count-min; "
                                + "0: one estimate for each item"),
                reader.integer("popularity.buckets = 65536 in [16, 16777216]: buckets of each hash function"));
        reader.require(
                settings.estimator != Estimator.COUNT_MIN || settings.hashes > 0,
                "popularity.hashes",
                settings.hashes,
                "must be at least 1 with popularity.estimator = count-min");
        return settings;
    }

    /** Returns true if an item's estimate depends on that item's sightings alone. */
    public boolean isByItem() {
        return switch (estimator) {
            case DECAYED, RUNNING -> true;
            case INTERVALS -> hashes == 0;
            case COUNT_MIN -> false;
        };
    }

    /** Returns the form of the estimator's state. Another estimator of the same form can continue from it. */
    public String form() {
        return switch (estimator) {
            case DECAYED, RUNNING -> "a count an item";
            case INTERVALS -> hashes == 0 ? "an interval an item" : "intervals, " + hashes + " x " + buckets;
            case COUNT_MIN -> "counts, " + hashes + " x " + buckets;
        };
    }

    /**
     * Returns an estimator that has seen nothing.
     *
     * @param prefix first byte of its keys
     * @param batchSize draws per batch
     * @param catalogue the items
     */
    public ItemPopularity estimator(char prefix, int batchSize, Catalogue catalogue) {
        return switch (estimator) {
            case DECAYED -> new ItemPopularity.Decayed(prefix, halfLife, catalogue);
            case RUNNING -> ItemPopularity.Decayed.running(prefix, catalogue);
            case INTERVALS ->
                hashes == 0
                        ? new ItemPopularity.Intervals(prefix, rate, batchSize, catalogue)
                        : new HashedIntervals(prefix, hashes, buckets, rate, batchSize, catalogue);
            case COUNT_MIN -> new CountMin(prefix, hashes, buckets, halfLife, catalogue);
        };
    }
}
