package dev.millrace.index;

import dev.millrace.catalogue.ItemAge;
import dev.millrace.popularity.FastPopularity;

/**
 * A moment of event time that items' ages and their numbers of popularity by one half-life are brought to.
 *
 * @param time of events, epoch milliseconds
 * @param which of the half-lives
 * @param halfLife milliseconds; 0 before any was published
 */
record PriorMoment(long time, int which, long halfLife) {

    /** By how much a number may have moved in the event time that the index does not follow. */
    static final double MAX_MOVE = 0.02;

    private static final double MOVE_A_HALF_LIFE = Math.log(2);
    private static final double MILLIS_AN_HOUR = 3_600_000; // in which the age of a new item moves by at most 1

    /** The moment before any vector. */
    static PriorMoment none(int which) {
        return new PriorMoment(0, which, 0);
    }

    /**
     * The moment after an embedding: this one, unless the embedding is so much later, or of another half-life, that it must move.
     *
     * @param given half-life of the embedding, milliseconds; 0 if it has none
     */
    PriorMoment after(long eventTime, long given) {
        double passed = eventTime - time;
        boolean isFollowed = passed > MAX_MOVE * MILLIS_AN_HOUR
                || (given > 0 && (given != halfLife || passed * MOVE_A_HALF_LIFE > MAX_MOVE * halfLife));
        return isFollowed ? new PriorMoment(Math.max(time, eventTime), which, given > 0 ? given : halfLife) : this;
    }

    /** Whether numbers as of this moment serve a search as of another. */
    boolean serves(PriorMoment asked) {
        return which == asked.which && halfLife == asked.halfLife && time >= asked.time;
    }

    /** A number of popularity as of this moment that was published as of an event time. */
    float popularity(double published, long eventTime) {
        return published == 0
                ? 0
                : (float) FastPopularity.later(published, (double) (time - eventTime) / Math.max(1, halfLife));
    }

    /** The age as of this moment of an item whose features hold since a time. */
    float age(long since) {
        return (float) ItemAge.number(since, time);
    }
}
