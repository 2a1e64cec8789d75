package dev.millrace.publish;

import dev.millrace.exam.RankingTotals;
import dev.millrace.settings.SettingsReader;

/**
 * When a fall of quality holds publication back.
 *
 * @param window scored events over which recall is taken
 * @param recallAt k of the recall
 * @param maxFall share of its reference that recall may fall by; 1 for no gate
 */
public record GateSettings(int window, int recallAt, double maxFall) {

    static GateSettings read(SettingsReader reader) {
        int recallAt =
                reader.integer("publish.gate.recall-at", 100, 10, 100, "k of the gate's recall: 10, 20, 50 or 100");
        reader.require(
                RankingTotals.CUTOFFS.contains(recallAt),
                "publish.gate.recall-at",
                recallAt,
                "must be one of " + RankingTotals.CUTOFFS);
        return new GateSettings(
                reader.integer(
                        "publish.gate.window",
                        5000,
                        16,
                        1_000_000_000,
                        "scored events over which the recall is taken that the gate watches"),
                recallAt,
                reader.number(
                        "publish.gate.max-fall",
                        0.5,
                        0.05,
                        1,
                        "share that recall over the window may fall by before nothing but tombstones is published; it goes on when half "
                                + "of that is made good; 1: no gate"));
    }

    boolean isOn() {
        return maxFall < 1;
    }
}
