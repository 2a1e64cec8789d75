package dev.millrace.index;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.popularity.PriorWeights.Young;
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
 * <p>A slot takes one of the newcomers that are left, in proportion to an optimistic estimate of the odds, by Gumbel numbers of its own: what a slot's draw says of
 * these, others do not depend on. If none is left, it is drawn as other places are.
 *
 * <p>It follows from its arguments to the last bit, on each machine.
 *
 * @param answerId of the answer
 * @param candidates what it was drawn from: pinned items, and the best of the others
 * @param newcomers what its slots were drawn from; candidates may be among them
 * @param items in their places
 * @param propensities [items] the probability of the item at its place, given the pinned ones and the places above; 1 if it is pinned
 */
public record Draw(
        String answerId,
        List<Candidate> candidates,
        List<Newcomer> newcomers,
        List<ScoredItem> items,
        List<Double> propensities) {

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

    /**
     * A candidate with fewer than ten clicks.
     *
     * @param clicks so far
     */
    public record Newcomer(Candidate candidate, int clicks) {

        /** Whether an item with so many clicks is one. */
        static boolean is(int clicks) {
            return Young.isBeforeTen(Young.youth(clicks));
        }

        /**
         * An upper bound of the logarithm of the odds, as Auer, Cesa-Bianchi and Fischer 2002 draw by the one of a mean: it is one standard error above. That of the
         * logarithm of a small rate is 1 / √clicks; here one more is counted, so that it is finite without any.
         */
        private double optimisticLogit(double temperature) {
            return candidate.score() / temperature + 1 / Math.sqrt(clicks + 1.0);
        }
    }

    /** A candidate, as far as the quotas and the noise know it. */
    private record Drawable(Candidate candidate, double logit, double key, Features counted) {

        private static final Comparator<Drawable> LARGEST_FIRST = Comparator.comparingDouble(Drawable::key)
                .reversed()
                .thenComparing(one -> one.candidate().item());

        private Drawable(Candidate candidate, double logit, Keys keys) {
            this(candidate, logit, keys.key(candidate.item(), logit), candidate.counted());
        }
    }

    /** What says which item comes first: the one with the largest key. */
    private interface Keys {
        double key(String item, double logit);

        static Keys noisy(ToDoubleFunction<String> noise) {
            return (item, logit) -> logit + noise.applyAsDouble(item);
        }
    }

    public Draw {
        candidates = List.copyOf(candidates);
        newcomers = List.copyOf(newcomers);
        items = List.copyOf(items);
        propensities = List.copyOf(propensities);
    }

    /**
     * Draws an answer.
     *
     * @param arrangement that has an exploration; its boosts are part of the scores
     * @param k places
     * @param candidates with those that are pinned
     * @param newcomers for the slots, none of them pinned
     */
    public static Draw of(Arrangement arrangement, int k, List<Candidate> candidates, List<Newcomer> newcomers) {
        Exploration exploration = arrangement.exploration().orElseThrow();
        return of(
                arrangement,
                exploration.temperature(),
                k,
                candidates,
                newcomers,
                Keys.noisy(exploration.noise(0)),
                Keys.noisy(exploration.noise(1)));
    }

    /**
     * Returns the same items with the propensities that they would have had at another temperature, each given the same places above. If other items come of it,
     * these do not follow from the candidates.
     *
     * @param arrangement that they were drawn by
     * @param k places that were asked for
     */
    public Draw at(double temperature, Arrangement arrangement, int k) {
        Map<String, Integer> order = new HashMap<>();
        items.forEach(each -> order.put(each.item(), order.size()));
        Keys inOrder = (item, logit) -> -order.getOrDefault(item, Integer.MAX_VALUE);
        return of(arrangement, temperature, k, candidates, newcomers, inOrder, inOrder);
    }

    private static Draw of(
            Arrangement arrangement,
            double temperature,
            int k,
            List<Candidate> candidates,
            List<Newcomer> newcomers,
            Keys keys,
            Keys keysOfSlots) {
        Exploration exploration = arrangement.exploration().orElseThrow();
        Quotas quotas = new Quotas(arrangement.atMost(), new AttributeColumns.Names());
        SortedMap<Integer, ScoredItem> pinned = new TreeMap<>();
        List<Drawable> best = new ArrayList<>();
        for (Candidate each : candidates) {
            if (arrangement.pins().containsKey(each.item())) {
                pinned.put(arrangement.pins().get(each.item()), each.scored());
                quotas.take(each.counted());
            } else {
                best.add(new Drawable(each, each.score() / temperature, keys));
            }
        }
        best.sort(Drawable.LARGEST_FIRST);
        List<Drawable> ofSlots = new ArrayList<>();
        newcomers.forEach(
                each -> ofSlots.add(new Drawable(each.candidate(), each.optimisticLogit(temperature), keysOfSlots)));
        ofSlots.sort(Drawable.LARGEST_FIRST);
        Map<String, Double> propensities = new HashMap<>();
        List<ScoredItem> drawn = new ArrayList<>();
        int places = k - pinned.size();
        for (int place = 1; place <= places; place++) {
            best.removeIf(one -> !quotas.admits(one.counted()));
            ofSlots.removeIf(one -> !quotas.admits(one.counted()));
            List<Drawable> left = exploration.isSlot(place, places) && !ofSlots.isEmpty() ? ofSlots : best;
            if (!left.isEmpty()) {
                Candidate first = left.get(0).candidate();
                propensities.put(first.item(), propensityOfFirst(left));
                drawn.add(first.scored());
                quotas.take(left.get(0).counted());
                best.removeIf(one -> one.candidate().item().equals(first.item()));
                ofSlots.removeIf(one -> one.candidate().item().equals(first.item()));
            }
        }
        List<ScoredItem> items = ItemIndex.placed(pinned, drawn);
        return new Draw(
                exploration.answerId(),
                candidates,
                newcomers,
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
