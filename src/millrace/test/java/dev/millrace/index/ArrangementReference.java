package dev.millrace.index;

import dev.millrace.event.Features;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** The slow, obvious twin of an arranged search: it scores and sorts all items, and then does one part of the arrangement after the other, as docs/api.md lists them. */
final class ArrangementReference {

    private final Map<String, Item> items = new TreeMap<>();

    private record Item(float[] vector, Features attributes) {}

    void put(String item, float[] vector, Features attributes) {
        items.put(item, new Item(vector, attributes));
    }

    void remove(String item) {
        items.remove(item);
    }

    List<ScoredItem> search(Search search) {
        Arrangement arrangement = search.arrangement();
        List<ScoredItem> all = items.entrySet().stream()
                .filter(each -> search.filter().passes(each.getValue().attributes()))
                .filter(each -> !search.excluded().test(each.getKey()))
                .map(each -> new ScoredItem(each.getKey(), score(search, each.getKey(), each.getValue())))
                .sorted(ScoredItem.BEST_FIRST)
                .toList();
        TreeMap<Integer, ScoredItem> pinned = new TreeMap<>();
        List<ScoredItem> others = new ArrayList<>();
        for (ScoredItem item : all) {
            Optional.ofNullable(arrangement.pins().get(item.item()))
                    .ifPresentOrElse(place -> pinned.put(place, item), () -> others.add(item));
        }
        List<ScoredItem> chosen = quotas(arrangement, pinned, others);
        if (arrangement.diversity().isPresent()) {
            int candidates = Math.min(1_000, 10 * search.k());
            chosen = diverse(
                    arrangement.diversity().getAsDouble(),
                    search.k(),
                    pinned,
                    chosen.subList(0, Math.min(candidates, chosen.size())));
        }
        List<ScoredItem> answer = new ArrayList<>();
        while (answer.size() < search.k() && (!pinned.isEmpty() || !chosen.isEmpty())) {
            boolean isPinned = pinned.containsKey(answer.size() + 1);
            int place = isPinned || pinned.isEmpty() ? answer.size() + 1 : pinned.firstKey();
            answer.add(isPinned || chosen.isEmpty() ? Objects.requireNonNull(pinned.remove(place)) : chosen.remove(0));
        }
        return answer;
    }

    private List<ScoredItem> quotas(Arrangement arrangement, Map<Integer, ScoredItem> pinned, List<ScoredItem> others) {
        Map<List<String>, Integer> counts = new HashMap<>();
        pinned.values()
                .forEach(item -> values(arrangement, item).forEach(value -> counts.merge(value, 1, Integer::sum)));
        List<ScoredItem> admitted = new ArrayList<>();
        for (ScoredItem item : others) {
            Set<List<String>> values = values(arrangement, item);
            if (values.stream().allMatch(value -> counts.getOrDefault(value, 0) < most(arrangement, value))) {
                values.forEach(value -> counts.merge(value, 1, Integer::sum));
                admitted.add(item);
            }
        }
        return admitted;
    }

    private static int most(Arrangement arrangement, List<String> value) {
        return arrangement.atMost().getOrDefault(value.get(0), 0);
    }

    /** Pairs of an attribute with a quota and one of the item's values. */
    private Set<List<String>> values(Arrangement arrangement, ScoredItem item) {
        Set<List<String>> values = new HashSet<>();
        for (String attribute : arrangement.atMost().keySet()) {
            attributes(item)
                    .value(attribute)
                    .ifPresent(value -> value.match(
                            category -> values.add(List.of(attribute, category.value())),
                            quantity -> values.add(List.of(attribute, Long.toString((long) quantity.value()))),
                            bag -> values.addAll(bag.values().stream()
                                    .map(one -> List.of(attribute, one))
                                    .toList()),
                            dense -> false));
        }
        return values;
    }

    private List<ScoredItem> diverse(
            double lambda, int k, Map<Integer, ScoredItem> pinned, List<ScoredItem> candidates) {
        List<ScoredItem> left = new ArrayList<>(candidates);
        List<ScoredItem> before = new ArrayList<>(pinned.values());
        List<ScoredItem> chosen = new ArrayList<>();
        while (chosen.size() < k && !left.isEmpty()) {
            ScoredItem best = left.get(0);
            for (ScoredItem item : left) {
                if (worth(lambda, item, before) > worth(lambda, best, before)) {
                    best = item;
                }
            }
            left.remove(best);
            before.add(best);
            chosen.add(best);
        }
        return chosen;
    }

    private double worth(double lambda, ScoredItem item, List<ScoredItem> before) {
        return lambda * item.score() - (1 - lambda) * nearest(item, before);
    }

    float nearest(ScoredItem item, List<ScoredItem> before) {
        return before.stream()
                .map(other -> cosine(item, other))
                .max(Float::compare)
                .orElse(0f);
    }

    /** As it is defined: of vectors that are brought to unit length in floats. */
    private float cosine(ScoredItem one, ScoredItem other) {
        float[] left = unit(item(one).vector());
        return InnerProduct.of(left, 0, unit(item(other).vector()), 0, left.length);
    }

    private static float[] unit(float[] vector) {
        float[] unit = new float[vector.length];
        double length = Math.sqrt(InnerProduct.of(vector, 0, vector, 0, vector.length));
        for (int d = 0; d < vector.length; d++) {
            unit[d] = length == 0 ? 0 : (float) (vector[d] / length);
        }
        return unit;
    }

    private static float score(Search search, String id, Item item) {
        double score = search.added().getOrDefault(id, 0f);
        for (int d = 0; d < search.query().length; d++) {
            score += (double) search.query()[d] * item.vector()[d];
        }
        for (Arrangement.Boost boost : search.arrangement().boosts()) {
            ItemFilter.Condition condition = new ItemFilter.AnyOf(boost.attribute(), Set.of(boost.value()));
            boolean holds = item.attributes()
                    .value(boost.attribute())
                    .map(condition::holds)
                    .orElse(false);
            score += holds ? boost.weight() : 0;
        }
        return (float) score;
    }

    Features attributes(ScoredItem item) {
        return item(item).attributes();
    }

    private Item item(ScoredItem item) {
        return Objects.requireNonNull(items.get(item.item()));
    }
}
