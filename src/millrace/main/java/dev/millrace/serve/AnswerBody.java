package dev.millrace.serve;

import dev.millrace.index.IndexedItem;
import dev.millrace.index.ScoreParts;
import dev.millrace.index.ScoredItem;
import dev.millrace.recall.Answer;
import dev.millrace.recall.Explanation;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An answer as JSON gives it, and what of the model it was made from.
 *
 * @param members in their order
 */
record AnswerBody(Map<String, Object> members, Version version) {

    /** What of the model an answer was made from. */
    record Version(String generation, long step) {}

    /** Items found for a user. */
    static AnswerBody ofUser(Answer.Found found, boolean isVectorIncluded, InstantSource clock) {
        AnswerBody body = ofItem(found, clock);
        body.members().put("coldStart", found.isColdStart());
        if (isVectorIncluded) {
            body.members().put("vector", found.query());
        }
        return body;
    }

    /** Items found near an item. */
    static AnswerBody ofItem(Answer.Found found, InstantSource clock) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("items", items(found));
        members.put("generation", found.generation());
        members.put("step", found.step());
        members.put("ageSeconds", ageSeconds(found.publishedAt(), clock));
        return new AnswerBody(members, new Version(found.generation(), found.step()));
    }

    /** What the index of a generation has of an item. */
    static AnswerBody of(IndexedItem item, String generation, InstantSource clock) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("item", item.item());
        members.put("generation", generation);
        members.put("step", item.step());
        members.put("eventTime", item.eventTime());
        members.put("publishedAt", item.publishedAt());
        members.put("ageSeconds", ageSeconds(item.publishedAt(), clock));
        members.put("popularity", item.popularity());
        members.put("attributes", Json.features(item.attributes()));
        members.put("vector", item.vector());
        return new AnswerBody(members, new Version(generation, item.step()));
    }

    /**
     * The age of a publication, as answers give it.
     *
     * @param publishedAt epoch milliseconds
     */
    static double ageSeconds(long publishedAt, InstantSource clock) {
        return Math.max(0, clock.millis() - publishedAt) / 1_000.0;
    }

    private static List<Map<String, Object>> items(Answer.Found found) {
        List<Map<String, Object>> items = new ArrayList<>(found.items().size());
        for (int at = 0; at < found.items().size(); at++) {
            Map<String, Object> item = scored(found.items().get(at));
            if (!found.explanations().isEmpty()) {
                Explanation why = found.explanations().get(at);
                item.put("parts", parts(why.parts()));
                item.put(
                        "nearest",
                        why.nearest().stream().map(AnswerBody::scored).toList());
            }
            items.add(item);
        }
        return items;
    }

    private static Map<String, Object> parts(ScoreParts parts) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("cosine", parts.cosine());
        members.put("popularity", parts.popularity());
        members.put("age", parts.age());
        members.put("neighbours", parts.neighbours());
        return members;
    }

    private static Map<String, Object> scored(ScoredItem item) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("item", item.item());
        members.put("score", item.score());
        return members;
    }
}
