package dev.millrace.topic;

/**
 * What the cluster did not answer.
 *
 * @param why there is no answer
 * @param isRefused whether a right is missing: {@code why} names it
 */
public record OpenQuestion(Subject subject, String why, boolean isRefused) {

    /** What was asked for. */
    public enum Subject {
        PARTITIONS,
        VERSIONS,
        TOPICS,
        DISKS,
        CLOCK,
        TRANSACTIONS,
        PROGRESS
    }
}
