package dev.millrace.experiment;

import dev.millrace.state.Form;
import java.util.Optional;

/** What one user did in one experiment, by stage. One thread. */
public final class UserCounts {

    /** Exposures of one user that count in one stage, and goals. Those behind them count for nothing. */
    public static final int MOST_COUNTED = 1000;

    private static final int BYTES_A_STAGE = 3 * Integer.BYTES;

    private String experiment;
    private final int[] arms = new int[Experiment.MOST_STAGES]; // codes; 0: none yet
    private final int[] exposures = new int[Experiment.MOST_STAGES];
    private final int[] actions = new int[Experiment.MOST_STAGES];
    private int stages;

    /** @param experiment that it is of */
    public UserCounts(Experiment experiment) {
        this(identity(experiment));
    }

    private UserCounts(String experiment) {
        this.experiment = experiment;
    }

    private static String identity(Experiment experiment) {
        return experiment.name() + '\0' + experiment.salt();
    }

    /** Returns whether these are counts of that experiment. */
    public boolean isOf(Experiment other) {
        return experiment.equals(identity(other));
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

    void expose(int stage) {
        exposures[stage]++;
    }

    void act(int stage) {
        actions[stage]++;
    }

    public int bytes() {
        return experiment.length() + 2 * Integer.BYTES + stages * BYTES_A_STAGE;
    }

    public static UserCounts decoded(byte[] value) {
        return Form.read(value, form -> {
            UserCounts counts = new UserCounts("");
            counts.fields(form);
            return counts;
        });
    }

    public void fields(Form form) {
        experiment = form.text(experiment);
        stages = form.count(stages);
        for (int stage = 0; stage < stages; stage++) {
            arms[stage] = form.integer(arms[stage]);
            exposures[stage] = form.integer(exposures[stage]);
            actions[stage] = form.integer(actions[stage]);
        }
    }
}
