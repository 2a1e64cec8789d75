package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.serve.ChangingGenerations.Contents;
import dev.millrace.serve.ChangingGenerations.Moment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/**
 * A legal question to {@link ChangingGenerations}, and what its answer may be. Some generations do not know all that it names.
 *
 * @param generation it names; empty for the one that answers
 * @param category its filter; empty for none
 * @param excluded items to leave out
 * @param like weight of the channel like; negative if the question does not name it
 * @param isClickLeftOut true if it gives the channel click the weight 0
 */
record RandomQuestion(
        String user,
        int k,
        String generation,
        Set<String> category,
        double maxPrice,
        Set<String> excluded,
        double like,
        boolean isClickLeftOut,
        boolean isExplained) {

    private static final double[] LIKES = {0, 0.5, 1, 2, 3};
    private static final double NO_PRICE = 1e9;

    static RandomQuestion of(Random random, Moment now) {
        List<String> names = new ArrayList<>(now.contents().keySet());
        names.add("g" + random.nextInt(1_000));
        boolean isLiked = random.nextInt(3) == 0;
        double like = isLiked ? LIKES[random.nextInt(LIKES.length)] : -1;
        return new RandomQuestion(
                "u" + random.nextInt(6),
                1 + random.nextInt(70),
                random.nextBoolean() ? names.get(random.nextInt(names.size())) : "",
                some(random, random.nextInt(3), "c", 5),
                random.nextInt(4) == 0 ? random.nextInt(70) : NO_PRICE,
                some(random, random.nextInt(5), "i", ChangingGenerations.ITEMS),
                like,
                like > 0 && random.nextBoolean(),
                random.nextInt(4) == 0);
    }

    private static Set<String> some(Random random, int count, String prefix, int of) {
        Set<String> some = new LinkedHashSet<>();
        for (int at = 0; at < count; at++) {
            some.add(prefix + random.nextInt(of));
        }
        return some;
    }

    /** Whether every generation can answer it. */
    boolean isPlain() {
        return generation.isEmpty() && maxPrice == NO_PRICE && like < 0;
    }

    String query() {
        StringBuilder query = new StringBuilder("/v1/recall?exclude-seen=false&user=" + user + "&k=" + k);
        append(query, "generation", generation);
        append(query, "filter.category", String.join(",", category));
        append(query, "filter.price.max", maxPrice == NO_PRICE ? "" : "" + maxPrice);
        append(query, "exclude", String.join(",", excluded));
        append(query, "w.like", like < 0 ? "" : "" + like);
        append(query, "w.click", isClickLeftOut ? "0" : "");
        append(query, "explain", isExplained ? "true" : "");
        return query.toString();
    }

    private static void append(StringBuilder query, String name, String value) {
        if (!value.isEmpty()) {
            query.append('&').append(name).append('=').append(value);
        }
    }

    /**
     * Checks an answer with items: one generation, known vectors none of which was replaced before the question was asked, and, if nothing
     * changed meanwhile, exactly the best items.
     *
     * @return whether nothing changed meanwhile
     */
    boolean check(JsonNode answer, Moment before, ChangingGenerations generations) {
        String answering = answer.path("generation").asText();
        if (generation.isEmpty()) {
            assertThat(generations.answeredSince(before, answering))
                    .as(answering)
                    .isTrue();
        } else {
            assertThat(answering).isEqualTo(generation);
        }
        Optional<Contents> known = Optional.ofNullable(before.contents().get(answering));
        Optional<Contents> after =
                Optional.ofNullable(generations.now().contents().get(answering));
        long atLeast = known.map(Contents::newest).orElse(1L);
        long atMost = after.map(Contents::newest).orElse(Long.MAX_VALUE - 1) + 1;
        long step = answer.path("step").asLong();
        assertThat(step).as("step of " + answer).isBetween(atLeast, atMost);
        for (JsonNode found : answer.path("items")) {
            String item = found.path("item").asText();
            assertThat(isWanted(item)).as(item).isTrue();
            if (known.isPresent() && after.isPresent()) {
                long own = known.get().steps().getOrDefault(item, -1L);
                float score = (float) found.path("score").asDouble();
                boolean isKnown = own > 0 && score == score(answering, item, own);
                for (long later = known.get().newest() + 1; later <= atMost && !isKnown; later++) {
                    isKnown = score == score(answering, item, later);
                }
                assertThat(isKnown)
                        .as("a vector of %s, of step %s or after %s, in %s", item, own, known.get(), answer)
                        .isTrue();
            }
        }
        boolean isStill = known.isPresent()
                && after.isPresent()
                && known.get().equals(after.get())
                && !known.get().isChanging();
        if (isStill) {
            assertThat(step).isEqualTo(known.get().newest());
            assertThat(items(answer)).isEqualTo(best(answering, known.get()));
        }
        return isStill;
    }

    private static List<String> items(JsonNode answer) {
        List<String> items = new ArrayList<>();
        answer.path("items")
                .forEach(found -> items.add(found.path("item").asText() + " "
                        + (float) found.path("score").asDouble()));
        return items;
    }

    /** Exact search over what the generation holds. */
    private List<String> best(String answering, Contents contents) {
        return contents.steps().entrySet().stream()
                .filter(each -> isWanted(each.getKey()))
                .sorted(Comparator.comparing(
                                (Map.Entry<String, Long> each) -> -score(answering, each.getKey(), each.getValue()))
                        .thenComparing(Map.Entry::getKey))
                .limit(k)
                .map(each -> String.format(
                        Locale.ROOT, "%s %s", each.getKey(), score(answering, each.getKey(), each.getValue())))
                .toList();
    }

    private boolean isWanted(String item) {
        return !excluded.contains(item)
                && (category.isEmpty() || category.contains(ChangingGenerations.category(item)))
                && ChangingGenerations.number(item) <= maxPrice;
    }

    private float score(String answering, String item, long step) {
        return ChangingGenerations.score(answering, item, step, (float) Math.max(0, like));
    }
}
