package dev.millrace.model.loss;

import dev.millrace.negative.Quota;
import dev.millrace.settings.SettingsReader;

/** Which candidates of a batch are negatives of an example, and which negatives the model adds. */
public record NegativeRules(
        boolean areInBatch,
        Quota hardestInBatch,
        HardByModel hardByModel,
        double exposedWeight,
        boolean isSameUserMasked) {

    /** Items that the model itself ranks high for an example. */
    public record HardByModel(Quota quota, int firstRank, int lastRank, int sample) {}

    /** All in-batch negatives, and none that the model adds. */
    public static final NegativeRules ALL_IN_BATCH =
            new NegativeRules(true, new Quota(0), new HardByModel(new Quota(0), 1, 100, 2000), 0, false);

    public static NegativeRules read(SettingsReader reader) {
        HardByModel hard = new HardByModel(
                Quota.read(
                        reader,
                        "hard-model",
                        reader.integer(
                                "negatives.hard-model = 0 in [0, 64]: negatives per example among the items that the "
                                        + "model ranks high for it; they are negatives of that example only")),
                reader.integer("negatives.hard-model.first-rank = " + ALL_IN_BATCH.hardByModel.firstRank
                        + " in [1, 1000000]: best rank of these negatives among the ranked items"),
                reader.integer("negatives.hard-model.last-rank = " + ALL_IN_BATCH.hardByModel.lastRank
                        + " in [1, 1000000]: worst rank of these negatives"),
                reader.integer("negatives.hard-model.sample = " + ALL_IN_BATCH.hardByModel.sample
                        + " in [0, 1000000]: items sampled from the catalogue and ranked for each batch; 0:"
                        + " all of it"));
        reader.require(
                hard.firstRank <= hard.lastRank,
                "negatives.hard-model.first-rank: must not exceed negatives.hard-model.last-rank");
        return new NegativeRules(
                reader.flag("negatives.in-batch = true: the items of the other examples in the batch are negatives"),
                new Quota(reader.integer(
                        "negatives.hard-in-batch = 0 in [0, 8192]: number of the other examples' items, those "
                                + "with the highest scores, that are negatives; 0: all")),
                hard,
                reader.number("negatives.exposed = 0 in [0, 100]: weight of an exposure without a click as a "
                        + "negative example; 0: such exposures do not become examples"),
                reader.flag("loss.mask-same-user = false: do not use the items of a user's other examples in the batch "
                        + "as negatives"));
    }
}
