package dev.millrace.popularity;

import dev.millrace.catalogue.ItemAge;
import dev.millrace.state.Form;

/**
 * The weights of what is known of an item beside its vector, in the score {@code cos / τ + β log p + γ g + δ min(g, 2) + ν n}.
 *
 * @param popularity β, of {@link FastPopularity#number}, which is log p but for what all items share
 * @param age γ, of {@code g} = {@link ItemAge#number}
 * @param newness δ, of g up to {@link ItemAge#NEW}
 * @param neighbours ν, of {@code n}, how near the item is to the user's latest clicks: a number of item and user
 * @param halfLife by which of the learner's half-lives popularity counts
 */
public record PriorWeights(double popularity, double age, double newness, double neighbours, int halfLife) {

    /** The cosine alone. */
    public static final PriorWeights NONE = ofPopularity(0);

    /** Weights for the first half-life. */
    public PriorWeights(double popularity, double age, double newness, double neighbours) {
        this(popularity, age, newness, neighbours, 0);
    }

    public static PriorWeights ofPopularity(double popularity) {
        return new PriorWeights(popularity, 0, 0, 0);
    }

    /** Writes the weights, or reads them. */
    public PriorWeights fields(Form form) {
        return new PriorWeights(
                form.number(popularity),
                form.number(age),
                form.number(newness),
                form.number(neighbours),
                form.integer(halfLife));
    }

    /** Returns true if what an item adds to its score by itself has no weight. */
    public boolean areOfNoItem() {
        return popularity == 0 && age == 0 && newness == 0;
    }

    public boolean areFinite() {
        return Double.isFinite(popularity)
                && Double.isFinite(age)
                && Double.isFinite(newness)
                && Double.isFinite(neighbours);
    }

    /** Returns these weights, each times a factor. */
    public PriorWeights times(double factor) {
        return new PriorWeights(popularity * factor, age * factor, newness * factor, neighbours * factor, halfLife);
    }

    /** Returns what an item's own numbers add to its score. */
    public double of(double popularityNumber, double ageNumber) {
        return popularity * popularityNumber + age * ageNumber + newness * Math.min(ageNumber, ItemAge.NEW);
    }
}
