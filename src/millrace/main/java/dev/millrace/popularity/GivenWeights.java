package dev.millrace.popularity;

import dev.millrace.settings.SettingsReader;
import java.util.List;
import java.util.OptionalDouble;

/**
 * Weights beside cos / τ that are given in place of the learned ones.
 *
 * @param popularity β, in [0, {@value #MOST}], of an item's recent popularity; with it, age has none. Absent for the learned weights of both
 * @param neighbours ν, in [0, {@value #MOST}], of how near an item is to the user's latest clicks; absent for the learned one
 */
public record GivenWeights(OptionalDouble popularity, OptionalDouble neighbours) {

    /** Largest weight that can be given. */
    public static final int MOST = 10;

    /** All weights as they were learned. */
    public static final GivenWeights NONE = new GivenWeights(OptionalDouble.empty(), OptionalDouble.empty());

    /** No weights: the cosine alone. */
    public static final GivenWeights OF_THE_TOWERS = new GivenWeights(OptionalDouble.of(0), OptionalDouble.of(0));

    private static final String LEARNED = "learned";

    /** @throws IllegalArgumentException if a weight is out of range */
    public GivenWeights {
        check("popularity", popularity);
        check("neighbours", neighbours);
    }

    /**
     * Reads {@code popularity-weight} and {@code neighbours-weight}.
     *
     * @param prefix of the keys
     * @param use what the score is for
     */
    public static GivenWeights read(SettingsReader reader, String prefix, String use) {
        return new GivenWeights(
                weight(
                        reader,
                        prefix + "popularity-weight",
                        "weight of recent popularity beside cos / temperature in the score " + use
                                + ": a number, which turns the age term off; or learned, together with the weight of"
                                + " age"),
                weight(
                        reader,
                        prefix + "neighbours-weight",
                        "weight of the nearness of an item to the user's latest clicks in the score " + use
                                + ": a number, or learned"));
    }

    private static OptionalDouble weight(SettingsReader reader, String key, String doc) {
        return reader.value(
                key + " = " + LEARNED + ": " + doc,
                text -> text.equals(LEARNED) ? OptionalDouble.empty() : OptionalDouble.of(number(text)),
                "must be learned, or a number from 0 to " + MOST);
    }

    private static double number(String text) {
        double weight = Double.parseDouble(text);
        check("a weight", OptionalDouble.of(weight));
        return weight;
    }

    private static void check(String name, OptionalDouble weight) {
        double given = weight.orElse(0);
        if (!(given >= 0 && given <= MOST)) {
            throw new IllegalArgumentException(name + " = " + given + ": must be from 0 to " + MOST);
        }
    }

    /** Returns these weights with another of popularity. */
    public GivenWeights withPopularity(double weight) {
        return new GivenWeights(OptionalDouble.of(weight), neighbours);
    }

    /** Returns these weights with another of neighbours. */
    public GivenWeights withNeighbours(double weight) {
        return new GivenWeights(popularity, OptionalDouble.of(weight));
    }

    /** Returns true if all weights are given. */
    public boolean areAll() {
        return popularity.isPresent() && neighbours.isPresent();
    }

    /** Returns these weights, and the learned ones where none are given. Repeats have no weight where all are. */
    public PriorWeights or(PriorWeights learned) {
        PriorWeights ofItems = popularity.isPresent() ? PriorWeights.ofPopularity(popularity.getAsDouble()) : learned;
        return new PriorWeights(
                ofItems.popularity(),
                ofItems.age(),
                ofItems.newness(),
                neighbours.orElse(learned.neighbours()),
                areAll() ? List.of() : learned.repeats(),
                areAll()
                        ? PriorWeights.Young.NONE
                        : learned.young().times(popularity.isPresent() ? 0 : 1, neighbours.isPresent() ? 0 : 1),
                learned.halfLife());
    }
}
