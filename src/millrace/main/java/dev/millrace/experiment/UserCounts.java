package dev.millrace.experiment;

import dev.millrace.state.Form;
import java.util.Optional;

/** What one user did in one experiment, by stage. One thread. */
public final class UserCounts {

    /** Exposures of one user that count in one stage, and goals: one or two pages. Those behind them count for nothing. */
    public static final int MOST_COUNTED = 40;

    private static final int BYTES_A_STAGE = 3 * Integer.BYTES + 1;

    private int experiment;
    private final int[] arms = new int[Experiment.MOST_STAGES]; // codes; 0: none yet
    private final int[] exposures = new int[Experiment.MOST_STAGES];
    private final int[] actions = new int[Experiment.MOST_STAGES];
    private final boolean[] told = new boolean[Experiment.MOST_STAGES]; // which generation was shown
    private int stages;

    /** @param experiment number of the experiment that it is of */
    public UserCounts(int experiment) {
        this.experiment = experiment;
    }

    /** Returns whether these are counts of that experiment. */
    public boolean isOf(int other) {
        return experiment == other;
    }

    int exposures(int stage) {
        return exposures[stage];
    }

    int actions(int stage) {
        return actions[stage];
    }

    int stages() {
        return stages;
    }

    /** Returns the arm that the user was in; absent if nothing of the stage was counted. */
    public Optional<Arm> arm(int stage) {
        return Arm.of(arms[stage]);
    }

    boolean wasIn(Arm arm, int stage) {
        return arms[stage] == arm.code();
    }

    /** Notes the arm that the user is in. Returns whether the user is new to the stage. */
    boolean join(Arm arm, int stage) {
        boolean isNew = arms[stage] == 0;
        stages = Math.max(stages, stage + 1);
        arms[stage] = arm.code();
        return isNew;
    }

    /** Returns whether the user was in no stage yet. */
    boolean isNew() {
        return stages == 0;
    }

    /** Notes that an exposure of the stage says which generation was shown. Returns whether it is the first one. */
    boolean tell(int stage) {
        boolean isFirst = !told[stage];
        told[stage] = true;
        return isFirst;
    }

    void expose(int stage) {
        exposures[stage]++;
    }

    void act(int stage) {
        actions[stage]++;
    }

    public int bytes() {
        return 2 * Integer.BYTES + stages * BYTES_A_STAGE;
    }

    public static UserCounts decoded(byte[] value) {
        return Form.read(value, form -> {
            UserCounts counts = new UserCounts(0);
            counts.fields(form);
            return counts;
        });
    }

    public void fields(Form form) {
        experiment = (int) form.shortInteger(experiment);
        stages = (int) form.shortInteger(stages);
        for (int stage = 0; stage < stages; stage++) {
            arms[stage] = (int) form.shortInteger(arms[stage]);
            exposures[stage] = (int) form.shortInteger(exposures[stage]);
            actions[stage] = (int) form.shortInteger(actions[stage]);
            told[stage] = form.shortInteger(told[stage] ? 1 : 0) == 1;
        }
    }
}
