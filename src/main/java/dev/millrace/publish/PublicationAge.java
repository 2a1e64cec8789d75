package dev.millrace.publish;

/**
 * How old the published vectors are, as of the last publication.
 *
 * @param maxSteps of the oldest, learning steps
 * @param p99Steps exceeded by one of a hundred
 * @param meanSteps over all
 * @param maxMillis of the oldest, event time
 * @param ofBound the oldest's age over what is promised: the bound, and the time since the publication before; 1 or less is as promised
 */
public record PublicationAge(long maxSteps, long p99Steps, double meanSteps, long maxMillis, double ofBound) {

    /** Of no vectors. */
    public static final PublicationAge NONE = new PublicationAge(0, 0, 0, 0, 0);
}
