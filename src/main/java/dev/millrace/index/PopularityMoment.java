package dev.millrace.index;

import dev.millrace.batch.FastPopularity;
import dev.millrace.publish.ItemEmbedding;

/**
 * A moment of event time that numbers of popularity are brought to.
 *
 * @param time of events, epoch milliseconds
 * @param halfLife of popularity, milliseconds; 0 before any was published
 */
record PopularityMoment(long time, long halfLife) {

    /** By how much a number of popularity may have decayed in the event time that the index does not follow. */
    static final double MAX_MOVE = 0.02;

    /** Before any popularity was published. */
    static final PopularityMoment NONE = new PopularityMoment(0, 0);

    private static final double MOVE_A_HALF_LIFE = Math.log(2);

    /** Whether an embedding is so much later, or of another half-life, that the moment must move. */
    boolean isFollowedBy(ItemEmbedding embedding) {
        long given = embedding.popularity().halfLife();
        return given > 0
                && (given != halfLife || (embedding.eventTime() - time) * MOVE_A_HALF_LIFE > MAX_MOVE * halfLife);
    }

    /** The moment that follows with an embedding. */
    PopularityMoment next(ItemEmbedding embedding) {
        return new PopularityMoment(
                Math.max(time, embedding.eventTime()), embedding.popularity().halfLife());
    }

    /** A number as of this moment that was published as of an event time. */
    float number(double published, long eventTime) {
        return published == 0
                ? 0
                : (float) FastPopularity.later(published, (double) (time - eventTime) / Math.max(1, halfLife));
    }
}
