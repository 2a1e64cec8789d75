package dev.millrace.publish;

import dev.millrace.exam.RankingTotals;
import dev.millrace.settings.SettingsReader;

/** Settings of the gate that holds publication back when quality falls. */
public record GateSettings(int window, int recallAt, double maxFall, double abovePopularity) {

    /** While the model's recall is so many times popularity's, a fall of both is no fault: the task became harder. */
    private static final double ABOVE_POPULARITY = 2;

    static GateSettings read(SettingsReader reader) {
        int recallAt =
                reader.integer("publish.gate.recall-at = 100 in [10, 100]: k of the gate's recall: 10, 20, 50 or 100");
        reader.require(
                RankingTotals.CUTOFFS.contains(recallAt),
                "publish.gate.recall-at: must be one of " + RankingTotals.CUTOFFS);
        return new GateSettings(
                reader.integer(
                        "publish.gate.window = 5000 in [16, 1000000000]: number of scored events over which the gate "
                                + "takes recall"),
                recallAt,
                reader.number(
                        "publish.gate.max-fall = 0.5 in [0.05, 1]: share by which recall over the window may fall; "
                                + "beyond it only deletions are published until recall has regained half of what it "
                                + "lost; 1: no gate"),
                ABOVE_POPULARITY);
    }

    boolean isOn() {
        return maxFall < 1;
    }
}
