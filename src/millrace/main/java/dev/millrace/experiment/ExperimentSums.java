package dev.millrace.experiment;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ObjLongConsumer;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * What the users of an experiment did, added up by arm and stage. One thread.
 *
 * <p>With x the counted exposures of a user in a stage, and y the actions on them that are the goal, it has for each arm: the sums of x and of y by
 * stage, and for each two stages k and l the sums over users of x_k x_l, x_k y_l and y_k y_l. From these follows the variance of any ratio of sums with
 * users as clusters. Beside these it counts the users who are new to the experiment, and those of whom an exposure says which generation was shown.
 * All are whole numbers, so neither the order of events nor that of partitions changes them.
 */
public final class ExperimentSums {

    private final OfArm control = new OfArm();
    private final OfArm treatment = new OfArm();

    /** Sums of one arm, each [stages] or [stages, stages]; of the products only those with k ≤ l, but for xy, which has all. */
    private static final class OfArm {

        final long[] users = new long[Experiment.MOST_STAGES];
        final long[] newcomers = new long[Experiment.MOST_STAGES]; // of these, those who were in no stage before
        final long[] exposures = new long[Experiment.MOST_STAGES];
        final long[] goals = new long[Experiment.MOST_STAGES];
        final long[][] xx = new long[Experiment.MOST_STAGES][Experiment.MOST_STAGES];
        final long[][] xy = new long[Experiment.MOST_STAGES][Experiment.MOST_STAGES];
        final long[][] yy = new long[Experiment.MOST_STAGES][Experiment.MOST_STAGES];
        final long[] shown = new long[Experiment.MOST_STAGES]; // users with an exposure that says which generation was
        final long[] asAssigned = new long[Experiment.MOST_STAGES]; // of these, those whose first one says the arm's
        final SortedMap<String, Long> actions = new TreeMap<>(); // by stage and name
    }

    public ExperimentSums() {}

    /**
     * Restores sums.
     *
     * @param sums as {@link #byName()} gave them; a name that only another version knows is left out
     */
    public ExperimentSums(SortedMap<String, Long> sums) {
        for (Arm arm : Arm.values()) {
            OfArm own = of(arm);
            for (int k = 0; k < Experiment.MOST_STAGES; k++) {
                own.users[k] = sums.getOrDefault(name(arm, k, "users"), 0L);
                own.newcomers[k] = sums.getOrDefault(name(arm, k, "newcomers"), 0L);
                own.exposures[k] = sums.getOrDefault(name(arm, k, "exposures"), 0L);
                own.goals[k] = sums.getOrDefault(name(arm, k, "goals"), 0L);
                own.shown[k] = sums.getOrDefault(name(arm, k, "shown"), 0L);
                own.asAssigned[k] = sums.getOrDefault(name(arm, k, "as-assigned"), 0L);
                for (int l = 0; l < Experiment.MOST_STAGES; l++) {
                    own.xx[k][l] = sums.getOrDefault(name(arm, k, l, "xx"), 0L);
                    own.xy[k][l] = sums.getOrDefault(name(arm, k, l, "xy"), 0L);
                    own.yy[k][l] = sums.getOrDefault(name(arm, k, l, "yy"), 0L);
                }
            }
            String actions = arm.label() + "/action/";
            sums.tailMap(actions).forEach((name, sum) -> {
                if (name.startsWith(actions)) {
                    own.actions.put(name.substring(actions.length()), sum);
                }
            });
        }
    }

    /** Returns the sums that are not 0, by name: {@code treatment/0/exposures}, {@code control/0-1/xy}, {@code treatment/action/0/like}. */
    public SortedMap<String, Long> byName() {
        SortedMap<String, Long> sums = new TreeMap<>();
        ObjLongConsumer<String> taker = (name, sum) -> {
            if (sum != 0) {
                sums.put(name, sum);
            }
        };
        for (Arm arm : Arm.values()) {
            OfArm own = of(arm);
            for (int k = 0; k < Experiment.MOST_STAGES; k++) {
                taker.accept(name(arm, k, "users"), own.users[k]);
                taker.accept(name(arm, k, "newcomers"), own.newcomers[k]);
                taker.accept(name(arm, k, "exposures"), own.exposures[k]);
                taker.accept(name(arm, k, "goals"), own.goals[k]);
                taker.accept(name(arm, k, "shown"), own.shown[k]);
                taker.accept(name(arm, k, "as-assigned"), own.asAssigned[k]);
                for (int l = 0; l < Experiment.MOST_STAGES; l++) {
                    taker.accept(name(arm, k, l, "xx"), own.xx[k][l]);
                    taker.accept(name(arm, k, l, "xy"), own.xy[k][l]);
                    taker.accept(name(arm, k, l, "yy"), own.yy[k][l]);
                }
            }
            own.actions.forEach((action, sum) -> sums.put(arm.label() + "/action/" + action, sum));
        }
        return sums;
    }

    private static String name(Arm arm, int stage, String what) {
        return arm.label() + '/' + stage + '/' + what;
    }

    private static String name(Arm arm, int k, int l, String what) {
        return arm.label() + '/' + k + '-' + l + '/' + what;
    }

    /** Counts an exposure of a user, unless the user has too many in the stage. Returns whether it counts. */
    public boolean expose(Arm arm, int stage, UserCounts user) {
        int own = user.exposures(stage);
        if (own >= UserCounts.MOST_COUNTED) {
            return false;
        }
        OfArm sums = join(arm, stage, user);
        sums.exposures[stage]++;
        sums.xx[stage][stage] += 2L * own + 1; // (x + 1)² − x²
        sums.xy[stage][stage] += user.actions(stage);
        for (int other = 0; other < user.stages(); other++) {
            if (other != stage && user.wasIn(arm, other)) {
                sums.xx[Math.min(other, stage)][Math.max(other, stage)] += user.exposures(other);
                sums.xy[stage][other] += user.actions(other);
            }
        }
        user.expose(stage);
        return true;
    }

    /**
     * Counts that a counted exposure says which generation was shown, if it is the user's first in the stage that does.
     *
     * @param isAssigned whether it is that of the user's arm
     */
    public void show(Arm arm, int stage, UserCounts user, boolean isAssigned) {
        if (user.tell(stage)) {
            OfArm sums = of(arm);
            sums.shown[stage]++;
            sums.asAssigned[stage] += isAssigned ? 1 : 0;
        }
    }

    private OfArm join(Arm arm, int stage, UserCounts user) {
        OfArm sums = of(arm);
        sums.newcomers[stage] += user.isNew() ? 1 : 0;
        sums.users[stage] += user.join(arm, stage) ? 1 : 0;
        return sums;
    }

    /**
     * Counts an action: on an exposure that counted, or if exposures are not counted by itself. Of more goals than a user may have only the action counts.
     *
     * @param isGoal whether it is what the experiment is about
     */
    public void act(Arm arm, int stage, UserCounts user, String action, boolean isGoal) {
        OfArm sums = join(arm, stage, user);
        sums.actions.merge(stage + "/" + action, 1L, Long::sum);
        if (!isGoal || user.actions(stage) >= UserCounts.MOST_COUNTED) {
            return;
        }
        sums.goals[stage]++;
        sums.yy[stage][stage] += 2L * user.actions(stage) + 1;
        sums.xy[stage][stage] += user.exposures(stage);
        for (int other = 0; other < user.stages(); other++) {
            if (other != stage && user.wasIn(arm, other)) {
                sums.yy[Math.min(other, stage)][Math.max(other, stage)] += user.actions(other);
                sums.xy[other][stage] += user.exposures(other);
            }
        }
        user.act(stage);
    }

    /** Returns these and what another partition counted. */
    public ExperimentSums plus(ExperimentSums other) {
        SortedMap<String, Long> sums = byName();
        other.byName().forEach((name, sum) -> sums.merge(name, sum, Long::sum));
        return new ExperimentSums(sums);
    }

    /** Returns the users of whom something was counted. */
    public long users(Arm arm, int stage) {
        return of(arm).users[stage];
    }

    /** Returns those of them who were in no stage before. */
    public long newcomers(Arm arm, int stage) {
        return of(arm).newcomers[stage];
    }

    public long exposures(Arm arm, int stage) {
        return of(arm).exposures[stage];
    }

    /** Returns the actions that are the goal. */
    public long goals(Arm arm, int stage) {
        return of(arm).goals[stage];
    }

    /** Returns (Σ x)² / Σ x² over the users; 0 without an exposure. */
    double effectiveUsers(Arm arm, int stage) {
        return effective(of(arm).exposures[stage], of(arm).xx[stage][stage]);
    }

    /** Returns (Σ y)² / Σ y² over the users; 0 without a goal. */
    double effectiveActors(Arm arm, int stage) {
        return effective(of(arm).goals[stage], of(arm).yy[stage][stage]);
    }

    private static double effective(long sum, long squares) {
        return squares == 0 ? 0 : (double) sum * sum / squares;
    }

    /** Returns Σ (x − mean)² over the users. */
    double exposureSquares(Arm arm, int stage, double mean) {
        OfArm sums = of(arm);
        return sums.xx[stage][stage] - 2 * mean * sums.exposures[stage] + mean * mean * sums.users[stage];
    }

    /** Returns the share of the users shown as assigned, of those of whom an exposure says which generation was shown; absent if there are none. */
    public OptionalDouble asAssigned(Arm arm, int stage) {
        return share(of(arm).asAssigned[stage], of(arm).shown[stage]);
    }

    /** Returns what was counted by stage and arm, each row by name, for commands and pages. */
    public List<Map<String, Object>> table(Experiment experiment) {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (int stage = 0; stage <= experiment.stage(); stage++) {
            for (Arm arm : Arm.values()) {
                Map<String, Object> row = new LinkedHashMap<>();
                row.put("stage", stage + 1);
                row.put("percent", experiment.stages().get(stage).percent());
                row.put("arm", arm.label());
                row.put("generation", experiment.generation(arm));
                row.put("users", users(arm, stage));
                row.put("exposures", exposures(arm, stage));
                row.put("goals", goals(arm, stage));
                asAssigned(arm, stage).ifPresent(share -> row.put("asAssigned", share));
                row.put("rate", experiment.plan().rate(this, arm, stage));
                rows.add(row);
            }
        }
        return rows;
    }

    /**
     * Returns that share over all stages, in the arm where it is less; absent where too few users tell.
     *
     * @param least users who must tell
     * @param leastShare of an arm's users who must
     */
    OptionalDouble asAssigned(long least, double leastShare) {
        return Stream.of(control, treatment)
                .filter(one -> sum(one.shown) >= Math.max((double) least, leastShare * (double) sum(one.users)))
                .mapToDouble(one -> sum(one.asAssigned) / (double) sum(one.shown))
                .min();
    }

    private static long sum(long[] stages) {
        return LongStream.of(stages).sum();
    }

    private static OptionalDouble share(long part, long all) {
        return all == 0 ? OptionalDouble.empty() : OptionalDouble.of(part / (double) all);
    }

    /**
     * Returns the sum over the users of an arm of (y_k − θ_k x_k)(y_l − θ_l x_l).
     *
     * @param rateK θ_k
     * @param rateL θ_l
     */
    double residualProducts(Arm arm, int k, int l, double rateK, double rateL) {
        OfArm sums = of(arm);
        int low = Math.min(k, l);
        int high = Math.max(k, l);
        return sums.yy[low][high] - rateK * sums.xy[k][l] - rateL * sums.xy[l][k] + rateK * rateL * sums.xx[low][high];
    }

    private OfArm of(Arm arm) {
        return arm == Arm.CONTROL ? control : treatment;
    }
}
