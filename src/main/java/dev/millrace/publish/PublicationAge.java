package dev.millrace.publish;

/**
 * The age of the published vectors as of the last publication.
 *
 * @param maxSteps age of the oldest vector, learning steps
 * @param p99Steps age that one of a hundred vectors exceeds, learning steps
 * @param meanSteps mean age, learning steps
 * @param maxMillis age of the oldest vector, event time
 * @param boundSteps bound in force on the age of the oldest vector, learning steps; 0: none
 * @param ofBound age of the oldest vector over the promised age, which is the bound plus the interval since the
 *     publication before; at most 1 if the promise is kept
 */
public record PublicationAge(
        long maxSteps, long p99Steps, double meanSteps, long maxMillis, long boundSteps, double ofBound) {

    /** The age without vectors. */
    public static final PublicationAge NONE = new PublicationAge(0, 0, 0, 0, 0, 0);
}
