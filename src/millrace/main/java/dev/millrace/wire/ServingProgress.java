package dev.millrace.wire;

import dev.millrace.experiment.AnswerHistory;
import dev.millrace.experiment.AnswerWindow;
import dev.millrace.experiment.Arm;
import dev.millrace.experiment.ArmAnswers;
import dev.millrace.experiment.Experiment;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a server's answers to the users of one arm were like in one window.
 *
 * @param server its process
 * @param arm its label
 * @param window its number, one more than that of the window before
 * @param beganAt when the window's first answer was given, epoch milliseconds wall clock
 * @param writtenAt when, epoch milliseconds wall clock; when the window ended, if it is full
 * @param experiment name of the experiment
 * @param salt its salt
 */
public record ServingProgress(
        String server,
        String arm,
        long window,
        long beganAt,
        long writtenAt,
        String experiment,
        String salt,
        ArmAnswers answers) {

    /** How long it is worth keeping. */
    public static final Duration KEPT = Duration.ofDays(1);

    /** Returns the key of its record. */
    public String key() {
        return server + '\0' + arm + '\0' + window % AnswerWindow.MOST_KEPT;
    }

    /**
     * Returns what the servers told of an experiment.
     *
     * @param latest of each key
     * @param since servers that wrote nothing afterwards are left out
     */
    public static AnswerHistory history(Experiment experiment, Collection<ServingProgress> latest, Instant since) {
        Map<String, TreeMap<Long, AnswerWindow>> servers = new HashMap<>();
        for (ServingProgress one : latest) {
            if (one.experiment().equals(experiment.name()) && one.salt().equals(experiment.salt())) {
                AnswerWindow ofArm = AnswerWindow.of(
                        one.arm().equals(Arm.CONTROL.label()) ? Arm.CONTROL : Arm.TREATMENT,
                        one.beganAt(),
                        one.writtenAt(),
                        one.answers());
                servers.computeIfAbsent(one.server(), server -> new TreeMap<>())
                        .merge(one.window(), ofArm, AnswerWindow::plus);
            }
        }
        servers.values().removeIf(windows -> windows.lastEntry().getValue().to() < since.toEpochMilli());
        return AnswerHistory.of(
                servers.values().stream()
                        .map(windows -> windows.lastEntry().getValue())
                        .toList(),
                servers.values().stream()
                        .flatMap(windows -> windows.values().stream())
                        .toList());
    }
}
