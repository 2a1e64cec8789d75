package dev.millrace.tune;

import dev.millrace.exam.RankingTotals;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Successive halving (Jamieson and Talwalkar 2016), with thirds: all candidates are tried on a small first part of the log, the best
 * third of them on three times as much, and so on. The given settings are in every round.
 *
 * <p>Then the best candidate gives back each change that it does not need, so that what is advised is as small as it can be.
 */
public final class Search {

    /**
     * How a search goes.
     *
     * @param trials candidates besides the given settings
     * @param cutoff k of the Recall@k that is maximised
     */
    public record Plan(int trials, int cutoff, long seed) {

        /** Returns the share of the searched part that each round reads. */
        public List<Double> rounds() {
            int rounds = trials >= PART * PART ? 3 : trials >= PART ? 2 : 1;
            List<Double> shares = new ArrayList<>();
            for (int before = rounds - 1; before >= 0; before--) {
                shares.add(1 / Math.pow(PART, before));
            }
            return shares;
        }

        /** Returns how much is read, in readings of the whole searched part, giving back not counted. */
        public double readings() {
            double sum = 0;
            int left = trials;
            for (double share : rounds()) {
                sum += (left + 1) * share;
                left = thirdOf(left);
            }
            return sum;
        }
    }

    /** Learns and ranks. */
    public interface Judge {

        /**
         * @param changes of the given settings
         * @param share of the searched part of the log, the first of it
         */
        RankingTotals judge(Map<String, String> changes, double share);
    }

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

    /**
     * A change that is worth keeping.
     *
     * @param gain in recall, over the same settings without it
     */
    public record Change(String key, String from, String to, double gain) {}

    /**
     * What a search found.
     *
     * @param trials all, the given settings first, then the best first
     * @param changes that are worth keeping; none if the given settings were the best
     */
    public record Finding(List<Trial> trials, List<Change> changes) {

        public SortedMap<String, String> settings() {
            SortedMap<String, String> settings = new TreeMap<>();
            changes.forEach(change -> settings.put(change.key(), change.to()));
            return settings;
        }
    }

    /** Of the candidates of a round, one in so many goes on; a round reads so many times as much as the one before. */
    private static final int PART = 3;

    /** A change is given back if less than so many standard errors of the recall are lost. */
    private static final double NEEDED = 0.5;

    private final Plan plan;
    private final SearchSpace space;
    private final Judge judge;

    public Search(Plan plan, SearchSpace space, Judge judge) {
        this.plan = plan;
        this.space = space;
        this.judge = judge;
    }

    public Finding run() {
        List<Trial> running = new ArrayList<>();
        space.candidates(plan.trials(), plan.seed())
                .forEach(changes -> running.add(new Trial(running.size() + 1, changes, List.of())));
        Trial given = new Trial(0, Collections.emptySortedMap(), List.of());
        List<Trial> out = new ArrayList<>();
        for (double share : plan.rounds()) {
            given = given.plus(judge.judge(given.changes(), share));
            running.replaceAll(trial -> trial.plus(judge.judge(trial.changes(), share)));
            running.sort(Comparator.comparingDouble((Trial trial) -> trial.last(plan.cutoff()))
                    .reversed()
                    .thenComparingInt(Trial::number));
            if (share < 1) {
                List<Trial> behind = running.subList(thirdOf(running.size()), running.size());
                out.addAll(0, behind);
                behind.clear();
            }
        }
        List<Trial> all = new ArrayList<>(List.of(given));
        all.addAll(running);
        all.addAll(out);
        boolean isBetter = !running.isEmpty() && running.get(0).last(plan.cutoff()) > given.last(plan.cutoff());
        return new Finding(all, isBetter ? needed(running.get(0), given) : List.of());
    }

    /** Returns the changes of the best candidate that it needs. */
    private List<Change> needed(Trial best, Trial given) {
        SortedMap<String, String> kept = new TreeMap<>(best.changes());
        RankingTotals found = best.latest();
        List<Change> changes = new ArrayList<>();
        for (SearchSpace.Dimension dimension : space.dimensions()) {
            String to = kept.get(dimension.key());
            if (to != null) {
                SortedMap<String, String> fewer = new TreeMap<>(kept);
                fewer.remove(dimension.key());
                // without any change it is the given settings, which were judged
                RankingTotals without = fewer.isEmpty() ? given.latest() : judge.judge(fewer, 1);
                double gain = found.recallAt(plan.cutoff()) - without.recallAt(plan.cutoff());
                if (gain < NEEDED * found.standardErrorAt(plan.cutoff())) {
                    kept = fewer;
                    found = without;
                } else {
                    changes.add(new Change(dimension.key(), dimension.given(), to, gain));
                }
            }
        }
        return changes;
    }

    private static int thirdOf(int count) {
        return (count + PART - 1) / PART;
    }
}
