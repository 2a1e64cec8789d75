package dev.millrace.event;

import java.util.Optional;

/**
 * The showing of an item to a user.
 *
 * @param id unique to this exposure; a repeat within the deduplication window is a duplicate; clicks may name it
 * @param user id of the user
 * @param item id of the item
 * @param time event time by the producer's clock, epoch milliseconds
 * @param producedAt wall clock when the producer sent the event, epoch milliseconds; 0 if unknown. Freshness is
 *     measured from it
 * @param context context features: position, surface, device …
 * @param generation of the answer that was shown; absent if the producer does not say
 * @param place of an explored answer that it was shown at. Nothing is learnt from it
 */
public record Exposure(
        String id,
        String user,
        String item,
        long time,
        long producedAt,
        Features context,
        Optional<String> generation,
        Optional<AnswerPlace> place) {

    /**
     * A place of an answer.
     *
     * @param answer the id that the server gave it
     * @param place from 1
     */
    public record AnswerPlace(String answer, int place) {
        public AnswerPlace {
            Require.id(RejectReason.BAD_ANSWER, answer);
            Require.that(place >= 1, RejectReason.BAD_PLACE, place, "must be at least 1");
        }

        /**
         * A place as producers send it.
         *
         * @throws UnusableEventException if one is given without the other
         */
        public static Optional<AnswerPlace> of(Optional<String> answer, Optional<Integer> place) {
            place.ifPresent(at ->
                    Require.that(answer.isPresent(), RejectReason.BAD_PLACE, at, "must be given together with answer"));
            answer.ifPresent(id -> Require.that(
                    place.isPresent(),
                    RejectReason.BAD_ANSWER,
                    Require.printable(id),
                    "must be given together with place"));
            return answer.map(id -> new AnswerPlace(id, place.orElseThrow()));
        }
    }

    public Exposure {
        Require.id(RejectReason.BAD_ID, id);
        Require.id(RejectReason.BAD_USER, user);
        Require.id(RejectReason.BAD_ITEM, item);
        generation.ifPresent(name -> Require.id(RejectReason.BAD_GENERATION, name));
        Require.time(time);
    }

    /** Creates an exposure that does not say what was shown. */
    public Exposure(String id, String user, String item, long time, long producedAt, Features context) {
        this(id, user, item, time, producedAt, context, Optional.empty(), Optional.empty());
    }
}
