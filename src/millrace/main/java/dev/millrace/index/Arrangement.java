package dev.millrace.index;

import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * How a shop arranges what a search finds. docs/api.md says in which order its parts act.
 *
 * @param boosts in the order of their attributes and values, each value once
 * @param atMost how many items of one value an answer may have, by attribute; each at least 1. An item with several values counts for each, one without the attribute for none
 * @param diversity λ of {@link MarginalRelevance}, in [0, 1]; absent for the order of the scores
 * @param pins places of items that stand there whatever their scores, counted from 1; no place twice
 * @param exploration absent for an answer that is not drawn; without a diversity
 */
public record Arrangement(
        List<Boost> boosts,
        Map<String, Integer> atMost,
        OptionalDouble diversity,
        Map<String, Integer> pins,
        Optional<Exploration> exploration) {

    /** The order of the scores alone. */
    public static final Arrangement NONE = new Arrangement(List.of(), Map.of(), OptionalDouble.empty(), Map.of());

    /** Without an exploration. */
    public Arrangement(
            List<Boost> boosts, Map<String, Integer> atMost, OptionalDouble diversity, Map<String, Integer> pins) {
        this(boosts, atMost, diversity, pins, Optional.empty());
    }

    /**
     * A number that is added to the scores of items with a value.
     *
     * @param value as {@link ItemFilter.AnyOf} has it
     * @param weight from -1e30 to 1e30, so that floats hold sums; of a question beside cos / τ, of a search beside the inner product
     */
    public record Boost(String attribute, String value, double weight) {

        private static final double MOST = 1e30;
        private static final Comparator<Boost> IN_ORDER =
                Comparator.comparing(Boost::attribute).thenComparing(Boost::value);

        public Boost {
            if (!(Math.abs(weight) <= MOST)) {
                throw new IllegalArgumentException("boost = " + weight + ": must be from -1e30 to 1e30");
            }
        }
    }

    public Arrangement {
        boosts = boosts.stream().sorted(Boost.IN_ORDER).toList();
        atMost = Map.copyOf(atMost);
        pins = Map.copyOf(pins);
        if (atMost.values().stream().anyMatch(most -> most < 1)) {
            throw new IllegalArgumentException("at-most = " + atMost + ": must be at least 1");
        }
        if (!(diversity.orElse(0) >= 0 && diversity.orElse(0) <= 1)) {
            throw new IllegalArgumentException("diversity = " + diversity + ": must be from 0 to 1");
        }
        if (new HashSet<>(pins.values()).size() < pins.size()
                || pins.values().stream().anyMatch(place -> place < 1)) {
            throw new IllegalArgumentException("pins = " + pins + ": each needs a place of its own, from 1 on");
        }
        if (exploration.isPresent() && diversity.isPresent()) {
            throw new IllegalArgumentException("diversity = " + diversity + ": must be absent with explore");
        }
    }

    /** The same with each boost multiplied. */
    public Arrangement times(double factor) {
        return boosts.isEmpty()
                ? this
                : new Arrangement(
                        boosts.stream()
                                .map(boost -> new Boost(boost.attribute(), boost.value(), factor * boost.weight()))
                                .toList(),
                        atMost,
                        diversity,
                        pins,
                        exploration);
    }

    /** Whether the best by score, boosts included, are the answer. */
    boolean isByScore() {
        return atMost.isEmpty() && diversity.isEmpty() && pins.isEmpty() && exploration.isEmpty();
    }

    /** The boosts alone. */
    Arrangement boostsOnly() {
        return isByScore() ? this : new Arrangement(boosts, Map.of(), OptionalDouble.empty(), Map.of());
    }
}
