package dev.millrace.index;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;

/**
 * An answer that was drawn without replacement by Plackett–Luce: for each place an item i of those that are left and that the quotas still admit, with
 * probability exp(s_i / T) / Σ exp(s_j / T) over them.
 *
 * <p>Items are taken in the order of s_i / T and a Gumbel number each, which has these probabilities (Yellott 1977). Whom a quota leaves out never comes back, so
 * they hold with quotas, too: of those left, each place has the largest of numbers of which it is only known that they are below the one before.
 *
 * <p>It follows from its arguments to the last bit, on each machine.
 *
 * @param answerId of the answer
 * @param candidates what it was drawn from: pinned items, and the best of the others
 * @param items in their places
 * @param propensities [items] the probability of the item at its place, given the pinned ones and the places above; 1 if it is pinned
 */
public record Draw(String answerId, List<Candidate> candidates, List<ScoredItem> items, List<Double> propensities) {

    /**
     * An item that may be drawn.
     *
     * @param values that it has of the attributes with a quota
     */
    public record Candidate(String item, float score, SortedMap<String, List<String>> values) {

        public Candidate {
            values = values.isEmpty() ? Collections.emptySortedMap() : values; // many are kept
        }

        private ScoredItem scored() {
            return new ScoredItem(item, score);
        }

        private Features counted() {
            Map<String, FeatureValue> bags = new HashMap<>();
            values.forEach((attribute, texts) -> bags.put(attribute, new FeatureValue.Bag(texts)));
            return Features.of(bags);
        }
    }

    /** A candidate, as far as the quotas and the noise know it. */
    private record Drawable(Candidate candidate, double logit, double key, Features counted) {

        private static final Comparator<Drawable> LARGEST_FIRST = Comparator.comparingDouble(Drawable::key)
                .reversed()
                .thenComparing(one -> one.candidate().item());
    }

    public Draw {
        candidates = List.copyOf(candidates);
        items = List.copyOf(items);
        propensities = List.copyOf(propensities);
    }

    /**
     * Draws an answer.
     *
     * @param arrangement that has an exploration; its boosts are part of the scores
     * @param k places
     * @param candidates with those that are pinned
     */
    public static Draw of(Arrangement arrangement, int k, List<Candidate> candidates) {
        Exploration exploration = arrangement.exploration().orElseThrow();
        ToDoubleFunction<String> noise = exploration.noise();
        Quotas quotas = new Quotas(arrangement.atMost(), new AttributeColumns.Names());
        SortedMap<Integer, ScoredItem> pinned = new TreeMap<>();
        List<Drawable> left = new ArrayList<>();
        for (Candidate each : candidates) {
            Features counted = each.counted();
            if (arrangement.pins().containsKey(each.item())) {
                pinned.put(arrangement.pins().get(each.item()), each.scored());
                quotas.take(counted);
            } else {
                double logit = each.score() / exploration.temperature();
                left.add(new Drawable(each, logit, logit + noise.applyAsDouble(each.item()), counted));
            }
        }
        left.sort(Drawable.LARGEST_FIRST);
        Map<String, Double> propensities = new HashMap<>();
        List<ScoredItem> drawn = new ArrayList<>();
        while (drawn.size() < k - pinned.size()) {
            left.removeIf(one -> !quotas.admits(one.counted()));
            if (left.isEmpty()) {
                break;
            }
            propensities.put(left.get(0).candidate().item(), propensityOfFirst(left));
            drawn.add(left.get(0).candidate().scored());
            quotas.take(left.remove(0).counted());
        }
        List<ScoredItem> items = ItemIndex.placed(pinned, drawn);
        return new Draw(
                exploration.answerId(),
                candidates,
                items,
                items.stream()
                        .map(each -> propensities.getOrDefault(each.item(), 1.0))
                        .toList());
    }

    private static double propensityOfFirst(List<Drawable> left) {
        double first = left.get(0).logit();
        double odds = 0; // of all, as multiples of the first one's
        for (Drawable each : left) {
            odds += StrictMath.exp(each.logit() - first);
        }
        return 1 / odds;
    }
}
