package dev.millrace.batch;

import dev.millrace.catalogue.Catalogue;
import dev.millrace.negative.NegativeSettings;
import dev.millrace.popularity.PopularitySettings;
import dev.millrace.settings.SettingsReader;
import java.time.Duration;

/**
 * How examples become mini-batches.
 *
 * @param size positive examples in a full batch
 * @param maxSize the same of a learner that is behind; at least {@code size}
 */
public record BatchSettings(
        int size,
        int maxSize,
        int maxChanges,
        int maxBytes,
        long seed,
        PopularitySettings popularity,
        NegativeSettings negatives,
        Duration removalMemory,
        Catalogue.Unannounced unannounced,
        Rehearsal rehearsal) {

    /** How many old examples a batch learns again. */
    public record Rehearsal(int examples, int batches) {

        static Rehearsal read(SettingsReader reader) {
            return new Rehearsal(
                    reader.integer(
                            "rehearsal.examples = 0 in [0, 8192]: number of old examples that each batch learns again "
                                    + "beside its own; 0: none"),
                    reader.integer(
                            "rehearsal.batches = 256 in [1, 100000]: number of last batches that old examples are "
                                    + "drawn from; all their examples are kept on the heap and in the state, about 1 "
                                    + "KB each"));
        }
    }

    /** Reads the number of positive examples in a full batch. */
    public static int size(SettingsReader reader) {
        return reader.integer("batch.size = 64 in [2, 8192]: positive examples in a full batch");
    }

    /** Returns these settings with a catalogue that keeps every item. */
    public BatchSettings keepingItems() {
        return new BatchSettings(
                size,
                maxSize,
                maxChanges,
                maxBytes,
                seed,
                popularity,
                negatives,
                removalMemory,
                new Catalogue.Unannounced(Duration.ZERO, Integer.MAX_VALUE),
                rehearsal);
    }

    public static BatchSettings read(SettingsReader reader) {
        PopularitySettings popularity = PopularitySettings.read(reader);
        NegativeSettings negatives = NegativeSettings.read(reader);
        reader.require(
                negatives.popular() == 0 || popularity.isByItem(),
                "negatives.popularity",
                negatives.popular(),
                "must be 0 where items share an estimate of their popularity (popularity.hashes)");
        int size = size(reader);
        int behind = reader.free(free -> free.integer(
                "batch.max-size = 256 in [0, 8192]: positive examples in a full batch while most clicks come 2 s late or "
                        + "more, if that is more than batch.size; not with popularity.estimator = intervals, which counts "
                        + "batches of one size"));
        boolean isOfOneSize = popularity.estimator() == PopularitySettings.Estimator.INTERVALS;
        return new BatchSettings(
                size,
                isOfOneSize ? size : Math.max(size, behind),
                reader.integer(
                        "batch.max-changes = 500 in [1, 100000]: catalogue changes and removed users that fill a "
                                + "batch without examples"),
                reader.integer(
                        "batch.max-bytes = 400000 in [10000, 4000000]: estimated bytes that fill a batch; the topic's "
                                + "message limit is 8 MiB"),
                reader.longInteger(
                        "model.seed = 1 in [-9223372036854775808, 9223372036854775807]: of every initial weight and every draw"),
                popularity,
                negatives,
                reader.duration(
                        "catalogue.removal-memory = 2d in [1ms, 3650d]: event time for which a removed item's id is "
                                + "remembered, so that a late click does not bring it back; should be at least "
                                + "attribution.window + attribution.deduplication-window"),
                new Catalogue.Unannounced(
                        reader.duration(
                                "catalogue.expire-after = 365d in [0s, 36500d]: event time after which an unannounced "
                                        + "item that no example names leaves the catalogue; 0s: never"),
                        reader.integer(
                                "catalogue.max-unannounced = 500000 in [1, 100000000]: maximum number of unannounced "
                                        + "items (items that only examples have named) in the catalogue; beyond it, "
                                        + "the one named longest ago is removed")),
                reader.free(Rehearsal::read));
    }
}
