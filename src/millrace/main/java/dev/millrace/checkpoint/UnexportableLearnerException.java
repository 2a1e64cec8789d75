package dev.millrace.checkpoint;

/** Thrown when a learner in the cluster cannot become a checkpoint; names the application and why. */
public final class UnexportableLearnerException extends RuntimeException {

    UnexportableLearnerException(String application, String why) {
        super("the learner of application " + application + " cannot be exported: " + why);
    }
}
