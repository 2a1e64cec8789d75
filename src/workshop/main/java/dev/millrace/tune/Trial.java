package dev.millrace.tune;

import dev.millrace.exam.RankingTotals;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;

/**
 * Changed settings, and what they found.
 *
 * @param number from 1 in the order of the draws; 0 for the given settings
 * @param changes the changed settings; none for the given ones
 * @param found in each round that the trial was in
 */
public record Trial(int number, SortedMap<String, String> changes, List<RankingTotals> found) {

    Trial plus(RankingTotals more) {
        List<RankingTotals> all = new ArrayList<>(found);
        all.add(more);
        return new Trial(number, changes, List.copyOf(all));
    }

    /** Returns the recall of the trial's last round. */
    double last(int cutoff) {
        return latest().recallAt(cutoff);
    }

    /** Returns what the trial found in its last round. */
    RankingTotals latest() {
        return found.get(found.size() - 1);
    }
}
