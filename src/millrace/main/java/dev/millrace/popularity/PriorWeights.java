package dev.millrace.popularity;

import dev.millrace.catalogue.ItemAge;
import dev.millrace.state.Form;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;

/**
 * The weights of what is known of an item beside its vector, in the score {@code cos / τ + β log p + γ g + δ min(g, 2) + ν n + ρ_k}, and of an item with few clicks so far {@code + b_B + ν_B n}.
 *
 * @param popularity β, of {@link FastPopularity#number}, which is log p but for what all items share
 * @param age γ, of {@code g} = {@link ItemAge#number}
 * @param newness δ, of g up to {@link ItemAge#NEW}
 * @param neighbours ν, of {@code n}, how near the item is to the user's latest clicks: a number of item and user
 * @param repeats [{@value #REPEATS}] ρ, of an item that is in the user's history, by {@link #repeat its place}; empty where no answer has such items
 * @param young of items with few clicks so far
 * @param halfLife by which of the learner's half-lives popularity counts
 */
public record PriorWeights(
        double popularity,
        double age,
        double newness,
        double neighbours,
        List<Double> repeats,
        Young young,
        int halfLife) {

    /** Number of weights of repeats: of the places 0 to 9, of 10 to 19, and of all after these. */
    public static final int REPEATS = 12;

    private static final int SINGLE_PLACES = 10;

    /**
     * The weights of items with few clicks so far, by {@link #youth}. Both are empty, or neither.
     *
     * @param biases [{@value #KINDS}] b, added to an item's score
     * @param neighbours [{@value #KINDS}] ν, added to that of all items
     */
    public record Young(List<Double> biases, List<Double> neighbours) {

        public static final Young NONE = new Young(List.of(), List.of());

        /** Number of ranges of clicks: 0, 1 and 2, 3 to 9, 10 to 29. */
        public static final int KINDS = 4;

        /** Clicks from which on an item is in none of them. */
        public static final int GROWN = 30;

        public Young {
            biases = List.copyOf(biases);
            neighbours = List.copyOf(neighbours);
            if (biases.size() != neighbours.size() || (!biases.isEmpty() && biases.size() != KINDS)) {
                throw new IllegalArgumentException(biases.size() + " biases and " + neighbours.size()
                        + " weights of neighbours: must be none or " + KINDS);
            }
        }

        /** Returns in which range a number of clicks is; {@value #KINDS} from {@value #GROWN} on, for none. */
        public static int youth(double clicks) {
            return clicks < 1 ? 0 : clicks < 3 ? 1 : clicks < 10 ? 2 : clicks < GROWN ? 3 : KINDS;
        }

        /** Returns these weights with a bonus for items with fewer than ten clicks. */
        public Young raised(double bonus) {
            List<Double> raised = new ArrayList<>();
            for (int youth = 0; youth < KINDS; youth++) {
                raised.add(of(biases, youth) + (isBeforeTen(youth) ? bonus : 0));
            }
            return new Young(raised, neighbours.isEmpty() ? Collections.nCopies(KINDS, 0.0) : neighbours);
        }

        /** Returns whether a range is below ten clicks. */
        public static boolean isBeforeTen(int youth) {
            return youth < KINDS - 1;
        }

        private static double of(List<Double> weights, int youth) {
            return youth < weights.size() ? weights.get(youth) : 0;
        }

        Young times(double bias, double neighbour) {
            return new Young(multiplied(biases, bias), multiplied(neighbours, neighbour));
        }

        private static List<Double> multiplied(List<Double> weights, double factor) {
            List<Double> multiplied = new ArrayList<>(weights);
            multiplied.replaceAll(weight -> weight * factor);
            return multiplied;
        }

        /** Writes the weights, or reads them. */
        public Young fields(Form form) {
            return new Young(form.list(biases, 0.0, Form::number), form.list(neighbours, 0.0, Form::number));
        }
    }

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
        this(popularity, age, newness, neighbours, List.of(), Young.NONE, 0);
    }

    public static PriorWeights ofPopularity(double popularity) {
        return new PriorWeights(popularity, 0, 0, 0);
    }

    /** Writes the weights, or reads them, but for those of repeats and of young items. */
    public PriorWeights fields(Form form) {
        return new PriorWeights(
                form.number(popularity),
                form.number(age),
                form.number(newness),
                form.number(neighbours),
                repeats,
                young,
                form.integer(halfLife));
    }

    /** Returns these weights with other ones of repeats. */
    public PriorWeights withRepeats(List<Double> others) {
        return new PriorWeights(popularity, age, newness, neighbours, others, young, halfLife);
    }

    /** Returns these weights with other ones of young items. */
    public PriorWeights withYoung(Young others) {
        return new PriorWeights(popularity, age, newness, neighbours, repeats, others, halfLife);
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
        return popularity == 0 && age == 0 && newness == 0 && young.biases().isEmpty();
    }

    public boolean areFinite() {
        return Double.isFinite(popularity)
                && Double.isFinite(age)
                && Double.isFinite(newness)
                && Double.isFinite(neighbours)
                && Stream.of(repeats, young.biases(), young.neighbours())
                        .flatMap(List::stream)
                        .allMatch(Double::isFinite);
    }

    /** Returns these weights, each times a factor. */
    public PriorWeights times(double factor) {
        return new PriorWeights(
                popularity * factor,
                age * factor,
                newness * factor,
                neighbours * factor,
                Young.multiplied(repeats, factor),
                young.times(factor, factor),
                halfLife);
    }

    /**
     * Returns what an item's own numbers add to its score.
     *
     * @param youth of {@link Young#youth}
     */
    public double of(double popularityNumber, double ageNumber, int youth) {
        return popularity * popularityNumber
                + age * ageNumber
                + newness * Math.min(ageNumber, ItemAge.NEW)
                + bias(youth);
    }

    /** Returns what is added to the score of an item of that {@link Young#youth}. */
    public double bias(int youth) {
        return Young.of(young.biases(), youth);
    }

    /** Returns the weight of neighbours for an item of that {@link Young#youth}. */
    public double neighbours(int youth) {
        return neighbours + Young.of(young.neighbours(), youth);
    }
}
