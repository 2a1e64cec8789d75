package dev.millrace.popularity;

import dev.millrace.catalogue.ItemAge;
import dev.millrace.state.Form;
import java.util.ArrayList;
import java.util.List;

/**
 * The weights of what is known of an item beside its vector, in the score {@code cos / τ + β log p + γ g + δ min(g, 2) + ν n + ρ_k}.
 *
 * @param popularity β, of {@link FastPopularity#number}, which is log p but for what all items share
 * @param age γ, of {@code g} = {@link ItemAge#number}
 * @param newness δ, of g up to {@link ItemAge#NEW}
 * @param neighbours ν, of {@code n}, how near the item is to the user's latest clicks: a number of item and user
 * @param repeats [{@value #REPEATS}] ρ, of an item that is in the user's history, by {@link #repeat its place}; empty where no answer has such items
 * @param halfLife by which of the learner's half-lives popularity counts
 */
public record PriorWeights(
        double popularity, double age, double newness, double neighbours, List<Double> repeats, int halfLife) {

    /** Number of weights of repeats: of the places 0 to 9, of 10 to 19, and of all after these. */
    public static final int REPEATS = 12;

    private static final int SINGLE_PLACES = 10;

    /** The cosine alone. */
    public static final PriorWeights NONE = ofPopularity(0);

    public PriorWeights {
        repeats = List.copyOf(repeats);
        if (!repeats.isEmpty() && repeats.size() != REPEATS) {
            throw new IllegalArgumentException(repeats.size() + " weights of repeats: must be none or " + REPEATS);
        }
    }

    /** Weights for the first half-life, without repeats. */
    public PriorWeights(double popularity, double age, double newness, double neighbours) {
        this(popularity, age, newness, neighbours, List.of(), 0);
    }

    public static PriorWeights ofPopularity(double popularity) {
        return new PriorWeights(popularity, 0, 0, 0);
    }

    /** Writes the weights, or reads them, but for those of repeats. */
    public PriorWeights fields(Form form) {
        return new PriorWeights(
                form.number(popularity),
                form.number(age),
                form.number(newness),
                form.number(neighbours),
                repeats,
                form.integer(halfLife));
    }

    /** Returns these weights with other ones of repeats. */
    public PriorWeights withRepeats(List<Double> others) {
        return new PriorWeights(popularity, age, newness, neighbours, others, halfLife);
    }

    /** Returns which of the weights of repeats is that of a place of the history, from 0, the latest. */
    public static int ofPlace(int place) {
        return place < SINGLE_PLACES ? place : place < 2 * SINGLE_PLACES ? SINGLE_PLACES : SINGLE_PLACES + 1;
    }

    /** Returns the first place of a weight of repeats. */
    public static int firstPlace(int which) {
        return which <= SINGLE_PLACES ? which : 2 * SINGLE_PLACES;
    }

    /** Returns what a place of the history, from 0, the latest, adds to the score of the item there. */
    public double repeat(int place) {
        return repeats.isEmpty() ? 0 : repeats.get(ofPlace(place));
    }

    /** Returns true if what an item adds to its score by itself has no weight. */
    public boolean areOfNoItem() {
        return popularity == 0 && age == 0 && newness == 0;
    }

    public boolean areFinite() {
        return Double.isFinite(popularity)
                && Double.isFinite(age)
                && Double.isFinite(newness)
                && Double.isFinite(neighbours)
                && repeats.stream().allMatch(Double::isFinite);
    }

    /** Returns these weights, each times a factor. */
    public PriorWeights times(double factor) {
        List<Double> multiplied = new ArrayList<>(repeats);
        multiplied.replaceAll(weight -> weight * factor);
        return new PriorWeights(
                popularity * factor, age * factor, newness * factor, neighbours * factor, multiplied, halfLife);
    }

    /** Returns what an item's own numbers add to its score. */
    public double of(double popularityNumber, double ageNumber) {
        return popularity * popularityNumber + age * ageNumber + newness * Math.min(ageNumber, ItemAge.NEW);
    }
}
