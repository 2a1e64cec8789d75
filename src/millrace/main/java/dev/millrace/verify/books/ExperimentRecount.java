package dev.millrace.verify.books;

import dev.millrace.experiment.Arm;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.UserCounts;
import dev.millrace.verify.books.UserPartition.LoggedClick;
import dev.millrace.verify.books.UserPartition.LoggedEvent;
import dev.millrace.verify.books.UserPartition.LoggedExposure;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The sums of the latest experiment in one user partition, counted again from its topics.
 *
 * <p>An exposure counts by the state that stands ahead of it, a click by that of the exposure that it answered; without exposures by its own. What an event of a
 * user who was removed counted for, or one whose outcome depends on the order of reading, cannot be told. It is only counted how many such events there are.
 */
final class ExperimentRecount {

    private final UserPartition partition;
    private final Map<IdHash, Counted> users = new HashMap<>();
    private final SortedMap<String, Long> additions = new TreeMap<>(); // sums that are none of products
    private final Set<LoggedExposure> beyond = Collections.newSetFromMap(new IdentityHashMap<>());
    private long untold;

    /** What one user did by stage. */
    private static final class Counted {
        final Arm[] arms = new Arm[Experiment.MOST_STAGES];
        final long[] exposures = new long[Experiment.MOST_STAGES];
        final long[] goals = new long[Experiment.MOST_STAGES];
        final boolean[] told = new boolean[Experiment.MOST_STAGES]; // which generation was shown
    }

    ExperimentRecount(UserPartition partition) {
        this.partition = partition;
    }

    /** Returns the number of events of which it cannot be told whether or where they count. */
    long untold() {
        return untold;
    }

    /** Takes the next exposure of the partition, in the order of offsets. */
    void expose(LoggedExposure exposure, boolean isCertain) {
        place(exposure, Experiment.Per.EXPOSURE).ifPresent(state -> {
            if (!isCertain || partition.isForgotten(exposure.user())) {
                untold++;
                return;
            }
            Counted user = join(exposure, state);
            if (user.exposures[state.stage()] < UserCounts.MOST_COUNTED) {
                user.exposures[state.stage()]++;
                exposure.shown().ifPresent(generation -> show(user, arm(exposure, state), state, generation));
            } else {
                beyond.add(exposure);
            }
        });
    }

    private void show(Counted user, Arm arm, Experiment state, String generation) {
        if (user.told[state.stage()]) {
            return;
        }
        user.told[state.stage()] = true;
        String stage = arm.label() + "/" + state.stage();
        additions.merge(stage + "/shown", 1L, Long::sum);
        additions.merge(stage + "/as-assigned", generation.equals(state.generation(arm)) ? 1L : 0L, Long::sum);
    }

    /**
     * Takes a click that became an example.
     *
     * @param answered the exposures of which it answered one
     */
    void act(LoggedClick click, Collection<LoggedExposure> answered, boolean isCertain) {
        place(click, Experiment.Per.USER).ifPresent(state -> act(click, state, isCertain));
        long places = answered.stream()
                .map(exposure -> place(exposure, Experiment.Per.EXPOSURE))
                .distinct()
                .count();
        answered.stream()
                .filter(exposure -> !beyond.contains(exposure))
                .flatMap(exposure -> place(exposure, Experiment.Per.EXPOSURE).stream())
                .findFirst()
                .ifPresent(state -> act(click, state, isCertain && places == 1));
    }

    private void act(LoggedClick click, Experiment state, boolean isCertain) {
        if (!isCertain || partition.isForgotten(click.user())) {
            untold++;
            return;
        }
        Counted user = join(click, state);
        int stage = state.stage();
        additions.merge(arm(click, state).label() + "/action/" + stage + "/" + click.action(), 1L, Long::sum);
        if (click.action().equals(state.plan().action()) && user.goals[stage] < UserCounts.MOST_COUNTED) {
            user.goals[stage]++;
        }
    }

    private Counted join(LoggedEvent event, Experiment state) {
        Counted user = users.computeIfAbsent(event.user(), none -> new Counted());
        user.arms[state.stage()] = arm(event, state);
        return user;
    }

    private Arm arm(LoggedEvent event, Experiment state) {
        return state.arm(partition.name(event.user()));
    }

    /** Returns the state that an event counts in; absent if it counts nowhere, or only with something else. */
    private Optional<Experiment> place(LoggedEvent event, Experiment.Per per) {
        return partition
                .stateAt(event)
                .filter(state -> state.isRunning()
                        && state.plan().per() == per
                        && partition.latestExperiment().filter(state::isSameAs).isPresent());
    }

    /** Returns the sums that are not 0, by the names that the topic of progress has. */
    SortedMap<String, Long> sums() {
        SortedMap<String, Long> sums = new TreeMap<>(additions);
        for (Counted user : users.values()) {
            boolean isNew = true;
            for (int k = 0; k < Experiment.MOST_STAGES; k++) {
                if (user.arms[k] == null) {
                    continue;
                }
                String arm = user.arms[k].label() + "/";
                sums.merge(arm + k + "/users", 1L, Long::sum);
                sums.merge(arm + k + "/newcomers", isNew ? 1L : 0L, Long::sum);
                isNew = false;
                sums.merge(arm + k + "/exposures", user.exposures[k], Long::sum);
                sums.merge(arm + k + "/goals", user.goals[k], Long::sum);
                for (int l = 0; l < Experiment.MOST_STAGES; l++) {
                    if (user.arms[l] != user.arms[k]) {
                        continue;
                    }
                    String stages = arm + k + "-" + l;
                    sums.merge(stages + "/xy", user.exposures[k] * user.goals[l], Long::sum);
                    if (k <= l) {
                        sums.merge(stages + "/xx", user.exposures[k] * user.exposures[l], Long::sum);
                        sums.merge(stages + "/yy", user.goals[k] * user.goals[l], Long::sum);
                    }
                }
            }
        }
        sums.values().removeIf(sum -> sum == 0);
        return sums;
    }
}
