package dev.millrace.wire;

import dev.millrace.experiment.Arm;
import dev.millrace.experiment.ArmAnswers;
import dev.millrace.experiment.Experiment;
import java.time.Instant;
import java.util.Collection;

/**
 * What a server's latest answers to the users of one arm were like.
 *
 * @param server its process
 * @param arm its label
 * @param writtenAt when, epoch milliseconds wall clock
 * @param experiment name of the experiment
 * @param salt its salt
 */
public record ServingProgress(
        String server, String arm, long writtenAt, String experiment, String salt, ArmAnswers answers) {

    /** Returns the key of its record. */
    public String key() {
        return server + '\0' + arm;
    }

    /**
     * Returns what all servers together told of an arm.
     *
     * @param latest of each key
     * @param since what was written before is left out
     */
    public static ArmAnswers sum(Experiment experiment, Arm arm, Collection<ServingProgress> latest, Instant since) {
        return latest.stream()
                .filter(one -> one.experiment().equals(experiment.name())
                        && one.salt().equals(experiment.salt())
                        && one.arm().equals(arm.label())
                        && one.writtenAt() >= since.toEpochMilli())
                .map(ServingProgress::answers)
                .reduce(new ArmAnswers(), ArmAnswers::plus);
    }
}
