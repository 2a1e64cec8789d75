package dev.millrace.publish;

import dev.millrace.exam.RankingTotals;
import dev.millrace.settings.SettingsReader;

/** Settings of the gate that holds publication back when quality falls. */
public record GateSettings(int window, int recallAt, double maxFall, double abovePopularity) {

    static GateSettings read(SettingsReader reader) {
        int recallAt =
                reader.integer("publish.gate.recall-at = 100 in [10, 100]: k of the gate's recall: 10, 20, 50 or 100");
        reader.require(
                RankingTotals.CUTOFFS.contains(recallAt),
                "publish.gate.recall-at",
                recallAt,
                "must be one of " + RankingTotals.CUTOFFS);
        return new GateSettings(
                reader.integer(
                        "publish.gate.window = 5000 in [16, 1000000000]: scored events over which the gate takes its recall"),
                recallAt,
                reader.number(
                        "publish.gate.max-fall = 0.5 in [0.05, 1]: share by which recall over the window may fall; "
                                + "beyond it only tombstones are published until half of the fall is made good; 1: "
                                + "no gate"),
                reader.number(
                        "publish.gate.above-popularity = 2 in [0, 1000]: the gate stays open while the model's recall "
                                + "is at least so many times popularity's: then the task became harder for both; 0: "
                                + "popularity does not count"));
    }

    boolean isOn() {
        return maxFall < 1;
    }
}
