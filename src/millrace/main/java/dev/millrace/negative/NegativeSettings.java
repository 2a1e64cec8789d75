package dev.millrace.negative;

import dev.millrace.popularity.PopularitySettings;
import dev.millrace.settings.SettingsReader;

/** Which negatives a batch has beside its own positives; several kinds may be mixed. */
public record NegativeSettings(
        int uniform, int popular, double popularityExponent, Quota memory, int hardByRule, String hardRuleFeature) {

    public static NegativeSettings read(SettingsReader reader) {
        int uniform = reader.integer(
                "batch.negatives = 256 in [0, 65536]: negatives that are drawn uniformly from the catalogue for each batch");
        int popular = reader.integer(
                "negatives.popularity = " + (PopularitySettings.read(reader).isByItem() ? uniform : 0)
                        + " in [0, 65536]: negatives that are drawn for each batch by a power of their popularity; "
                        + "default: batch.negatives, or 0 for estimators in which items share an estimate");
        return new NegativeSettings(
                uniform,
                popular,
                reader.number("negatives.popularity.exponent = 0.75 in [0.01, 1]: power of the popularity for "
                        + "negatives.popularity; 0.75 as in word2vec (Mikolov et al. 2013)"),
                Quota.read(
                        reader,
                        "memory",
                        reader.integer("negatives.memory = 0 in [0, 65536]: negatives that are the items of the last "
                                + "positive examples before each batch")),
                reader.integer("negatives.hard-rule = 0 in [0, 64]: negatives per example that share the value of a "
                        + "feature with its item, and that are negatives of that example alone"),
                reader.text("negatives.hard-rule.feature = category: item feature, named as in events, whose value "
                        + "hard-rule negatives share; of a bag, the first value"));
    }

    /** Returns the most negatives that a batch of that many positives can have. */
    public long most(int size) {
        return (long) uniform + popular + memory.most() + (long) hardByRule * size;
    }

    /** Returns true if examples have, at some step, negatives beside the batch's own positives. */
    public boolean areAny() {
        return uniform + popular + memory.most() + hardByRule > 0;
    }
}
