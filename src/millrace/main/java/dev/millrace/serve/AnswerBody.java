package dev.millrace.serve;

import dev.millrace.index.Draw;
import dev.millrace.index.Placed;
import dev.millrace.index.ScoreParts;
import dev.millrace.index.ScoredItem;
import dev.millrace.recall.Answer;
import dev.millrace.recall.Explanation;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Items that were found, as JSON gives them.
 *
 * @param items each a {@link ScoredItem}, one that was drawn a {@link Drawn}, or with the reasons {@link Explained}
 * @param ageSeconds since the newest vector was published
 * @param coldStart whether nothing was known of the user; absent if items near an item were asked for
 * @param vector that was searched with, if asked for
 * @param hidden items that the user hid or passed by, if there are any and an explanation is asked for
 * @param next cursor of the next page, if pages are asked for and there may be one
 * @param answerId of an answer that was drawn
 * @param experiment that the user takes part in, and the user's arm
 */
record AnswerBody(
        List<?> items,
        String generation,
        long step,
        double ageSeconds,
        Optional<Boolean> coldStart,
        Optional<float[]> vector,
        Optional<List<String>> hidden,
        Optional<String> answerId,
        Optional<Arm> experiment,
        Optional<String> next) {

    private record Arm(String name, String arm) {}

    private record Explained(
            String item,
            float score,
            Optional<Double> propensity,
            ScoreParts parts,
            Optional<Placed> placed,
            List<ScoredItem> nearest) {}

    private record Drawn(String item, float score, double propensity) {}

    /** Items found for a user. */
    static AnswerBody ofUser(Answer.Found found, boolean isVectorIncluded, InstantSource clock) {
        return of(
                found,
                Optional.of(found.isColdStart()),
                isVectorIncluded ? Optional.of(found.query()) : Optional.empty(),
                clock);
    }

    /** The same answer with the cursor of the next page. */
    AnswerBody before(Optional<String> cursor) {
        return new AnswerBody(
                items, generation, step, ageSeconds, coldStart, vector, hidden, answerId, experiment, cursor);
    }

    /** Items found near an item. */
    static AnswerBody ofItem(Answer.Found found, InstantSource clock) {
        return of(found, Optional.empty(), Optional.empty(), clock);
    }

    private static AnswerBody of(
            Answer.Found found, Optional<Boolean> coldStart, Optional<float[]> vector, InstantSource clock) {
        List<?> items = found.explanations().isEmpty() && found.draw().isEmpty()
                ? found.items()
                : IntStream.range(0, found.items().size())
                        .mapToObj(at -> item(found, at))
                        .toList();
        Optional<Arm> experiment =
                found.assigned().map(one -> new Arm(one.experiment(), one.arm().label()));
        double ageSeconds = ageSeconds(found.publishedAt(), clock);
        Optional<List<String>> hidden = Optional.of(found.hidden()).filter(unwanted -> !unwanted.isEmpty());
        return new AnswerBody(
                items,
                found.generation(),
                found.step(),
                ageSeconds,
                coldStart,
                vector,
                hidden,
                found.draw().map(Draw::answerId),
                experiment,
                Optional.empty());
    }

    /** An item that was drawn, or is explained. */
    private static Object item(Answer.Found found, int at) {
        ScoredItem item = found.items().get(at);
        Optional<Double> propensity =
                found.draw().map(draw -> draw.propensities().get(at));
        if (found.explanations().isEmpty()) {
            return new Drawn(item.item(), item.score(), propensity.orElseThrow());
        }
        Explanation why = found.explanations().get(at);
        Optional<Placed> placed = Optional.of(why.placed()).filter(by -> !by.equals(Placed.BY_SCORE));
        return new Explained(item.item(), item.score(), propensity, why.parts(), placed, why.nearest());
    }

    /**
     * The age of a publication, as answers give it.
     *
     * @param publishedAt epoch milliseconds
     */
    static double ageSeconds(long publishedAt, InstantSource clock) {
        return Math.max(0, clock.millis() - publishedAt) / 1_000.0;
    }
}
