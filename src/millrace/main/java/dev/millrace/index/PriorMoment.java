package dev.millrace.index;

import dev.millrace.catalogue.ItemAge;
import dev.millrace.popularity.FastPopularity;
import dev.millrace.publish.ItemEmbedding;

/**
 * A moment of event time that items' numbers of popularity and age are brought to.
 *
 * @param time of events, epoch milliseconds
 * @param halfLife of popularity, milliseconds; 0 before any was published
 */
record PriorMoment(long time, long halfLife) {

    /** By how much a number may have moved in the event time that the index does not follow. */
    static final double MAX_MOVE = 0.02;

    /** Before any vector. */
    static final PriorMoment NONE = new PriorMoment(0, 0);

    private static final double MOVE_A_HALF_LIFE = Math.log(2);
    private static final double MILLIS_AN_HOUR = 3_600_000; // in which the age of a new item moves by at most 1

    /** Whether an embedding is so much later, or of another half-life, that the moment must move. */
    boolean isFollowedBy(ItemEmbedding embedding) {
        long given = embedding.popularity().halfLife();
        double passed = embedding.eventTime() - time;
        return passed > MAX_MOVE * MILLIS_AN_HOUR
                || (given > 0 && (given != halfLife || passed * MOVE_A_HALF_LIFE > MAX_MOVE * halfLife));
    }

    /** The moment that follows with an embedding. */
    PriorMoment next(ItemEmbedding embedding) {
        long given = embedding.popularity().halfLife();
        return new PriorMoment(Math.max(time, embedding.eventTime()), given > 0 ? given : halfLife);
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
