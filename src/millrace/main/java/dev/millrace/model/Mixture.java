package dev.millrace.model;

import dev.millrace.model.loss.LearnedNumber;
import dev.millrace.popularity.GivenWeights;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Form;
import dev.millrace.state.StoredFields;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The learned weights of the parts of an item's score, {@code a cos / τ + β log p + γ g + δ min(g, 2) + ν n + ρ_k}, and of young items {@code + b_B + ν_B n}: a of the towers, and
 * the {@link PriorWeights} of recent popularity, of age, of neighbours and of the places of the history. One set for each half-life of popularity, and a plain one of towers
 * and neighbours alone. One of them leads: that which ranked best of late. One thread.
 *
 * <p>They go up the likelihood of each example's item among the whole catalogue, before the towers learn the example. The towers do not
 * know of them: towers that did would grow with what they are mixed with. Adagrad (Duchi et al. 2011) moves them, from equal weights of
 * towers and popularity. So a model that knows nothing yet answers by popularity.
 *
 * <p>Where answers may have items of the history, ρ learns from the examples' ranks. Likelihood would teach it to explain clicks on items that no
 * answer would have had. Elsewhere it stays 0 and is not stored.
 *
 * <p>Sets are chosen and not added: a sum of two half-lives finds less than the better alone, and where popularity raises the likelihood of
 * clicks that no answer would have had, the plain set finds more. That is a choice among experts by their past gain
 * (Cesa-Bianchi and Lugosi 2006), and the gain is that of the head of an answer: by likelihood, clicks that no answer would have had decide. Another one
 * leads when it is ahead by a margin.
 *
 * <p>With a budget, items with fewer than ten clicks get a bonus κ in the leader's score: the largest of {@link #BONUSES} whose merit is within the budget of
 * the best one's.
 */
public final class Mixture {

    /** Largest size of any weight. */
    private static final double LARGEST = 10;

    private static final double LEAST = 0.01; // of a, which divides
    private static final double BEGIN = 0.5;
    private static final double LEARNING_RATE = 0.2;

    private static final double MEMORY = 20_000; // examples after which a merit weighs half
    private static final double LEAST_LEAD = 1;
    private static final double LEAD_AN_EXAMPLE = 0.0003;

    /** κ to choose from, in logits; the first is none. */
    public static final List<Double> BONUSES = List.of(0.0, 0.5, 1.0, 1.5, 2.0);

    private final List<Weights> all;
    /** [sets] Decayed sums. */
    private final double[] merits;

    private final int first;
    private final double budget;
    /** [bonuses] Decayed sums of the leader's merit with each. */
    private final double[] bonusMerits = new double[BONUSES.size()];

    private double bonus;
    private double examples; // decayed
    private int leader;
    private boolean areRepeatsTaught;
    private boolean areYoungTaught;
    private final StoredFields stored = new StoredFields(this::fields);

    /** One set. */
    private static final class Weights {

        private final LearnedNumber towers = weight(BEGIN, LEAST);
        private final LearnedNumber popularity;
        private final LearnedNumber age = weight(0, -LARGEST);
        private final LearnedNumber newness = weight(0, -LARGEST);
        private final LearnedNumber neighbours = weight(0, 0);
        private final List<LearnedNumber> repeats = Stream.generate(() -> weight(0, -LARGEST))
                .limit(PriorWeights.REPEATS)
                .toList();
        private final List<LearnedNumber> biases = young();
        private final List<LearnedNumber> youngNeighbours = young();
        private final boolean isPlain;

        /** @param isPlain whether popularity, age and youth stay without weight */
        Weights(boolean isPlain) {
            this.isPlain = isPlain;
            this.popularity = weight(isPlain ? 0 : BEGIN, 0);
        }

        private static LearnedNumber weight(double value, double least) {
            return new LearnedNumber(value, least, LARGEST, LEARNING_RATE, 0);
        }

        private static List<LearnedNumber> young() {
            return Stream.generate(() -> weight(0, -LARGEST))
                    .limit(PriorWeights.Young.KINDS)
                    .toList();
        }

        PriorWeights prior() {
            return new PriorWeights(popularity.value(), age.value(), newness.value(), neighbours.value());
        }

        private static List<Double> values(List<LearnedNumber> numbers) {
            return numbers.stream().map(LearnedNumber::value).toList();
        }

        private static void learn(List<LearnedNumber> numbers, List<Double> gradient) {
            for (int at = 0; at < gradient.size(); at++) {
                numbers.get(at).learn(gradient.get(at));
            }
        }

        void learn(Gradient gradient) {
            if (!Double.isFinite(gradient.towers()) || !gradient.prior().areFinite()) {
                return;
            }
            towers.learn(gradient.towers());
            neighbours.learn(gradient.prior().neighbours());
            learn(repeats, gradient.prior().repeats());
            if (!isPlain) {
                popularity.learn(gradient.prior().popularity());
                age.learn(gradient.prior().age());
                newness.learn(gradient.prior().newness());
                learn(biases, gradient.prior().young().biases());
                learn(youngNeighbours, gradient.prior().young().neighbours());
            }
        }

        void fields(Form form) {
            fields(List.of(towers, popularity, age, newness, neighbours), form);
        }

        static void fields(List<LearnedNumber> numbers, Form form) {
            for (LearnedNumber each : numbers) {
                each.value(form);
                each.accumulator(form);
            }
        }
    }

    /**
     * @param halfLives number of half-lives; if there are several, there is a plain set, too
     * @param first the one that leads before anything is known
     */
    public Mixture(int halfLives, int first) {
        this(halfLives, first, 0);
    }

    /** @param budget share of the best merit that a bonus may cost, in [0, 1]; 0: no bonus */
    public Mixture(int halfLives, int first, double budget) {
        this(
                IntStream.rangeClosed(0, halfLives == 1 ? 0 : halfLives)
                        .mapToObj(which -> new Weights(which == halfLives))
                        .toList(),
                first,
                budget);
        stored.change();
    }

    private Mixture(List<Weights> all, int first, double budget) {
        this.all = all;
        this.first = first;
        this.budget = budget;
        merits = new double[all.size()];
        leader = first;
    }

    /**
     * Mean gradient of −log likelihood over some examples.
     *
     * @param towers by a
     * @param prior by β, γ, δ and ν; of ρ the slopes of merit, with their signs turned, or none
     */
    public record Gradient(double towers, PriorWeights prior) {}

    /**
     * What some examples say about one set.
     *
     * @param gradient of a plain set, that of towers and neighbours alone counts
     * @param merit mean of 1 / log2(1 + rank) over the examples, the rank of each one's item from 1
     * @param bonusMerits [bonuses] the same with each bonus; empty but for the leader of a mixture with a budget
     */
    public record Lesson(Gradient gradient, double merit, List<Double> bonusMerits) {

        public Lesson {
            bonusMerits = List.copyOf(bonusMerits);
        }

        public Lesson(Gradient gradient, double merit) {
            this(gradient, merit, List.of());
        }
    }

    /** Returns true if lessons should compare bonuses. */
    public boolean hasBudget() {
        return budget > 0;
    }

    /** Returns κ beside a cos / τ. */
    public double bonus() {
        return bonus;
    }

    /** Returns the number of sets: those of the half-lives, then the plain one, if there is one. */
    public int sets() {
        return all.size();
    }

    /** Returns the set that leads. */
    public int leader() {
        return leader;
    }

    /** Returns a of one of the sets. */
    public double towers(int which) {
        return all.get(which).towers.value();
    }

    /** Returns β, γ, δ, ν, ρ, b and ν_B beside a cos / τ of one of the sets; no ρ, b and ν_B before a lesson had some. */
    public PriorWeights prior(int which) {
        Weights weights = all.get(which);
        PriorWeights prior =
                areRepeatsTaught ? weights.prior().withRepeats(Weights.values(weights.repeats)) : weights.prior();
        return areYoungTaught && !weights.isPlain
                ? prior.withYoung(
                        new PriorWeights.Young(Weights.values(weights.biases), Weights.values(weights.youngNeighbours)))
                : prior;
    }

    /**
     * Returns the leader's weights that rank alike beside cos / τ: those of {@link #prior} over a. Those of popularity and neighbours are at
     * most what a request may ask for. Without weights of popularity and age, they name the first half-life.
     */
    public PriorWeights relative() {
        PriorWeights relative = prior(leader).times(1 / towers(leader));
        return new PriorWeights(
                Math.min(relative.popularity(), GivenWeights.MOST),
                relative.age(),
                relative.newness(),
                Math.min(relative.neighbours(), GivenWeights.MOST),
                relative.repeats(),
                bonus == 0 ? relative.young() : relative.young().raised(bonus / towers(leader)),
                relative.areOfNoItem() ? first : leader);
    }

    /**
     * Moves all weights down their gradients, and finds who leads. A gradient that is not finite moves nothing.
     *
     * @param lessons [sets]
     * @param count of the examples
     */
    public void learn(List<Lesson> lessons, int count) {
        double left = StrictMath.pow(0.5, count / MEMORY);
        examples = examples * left + count;
        for (int which = 0; which < all.size(); which++) {
            Lesson lesson = lessons.get(which);
            all.get(which).learn(lesson.gradient());
            areRepeatsTaught |= !lesson.gradient().prior().repeats().isEmpty();
            areYoungTaught |= !lesson.gradient().prior().young().biases().isEmpty();
            merits[which] = merits[which] * left + count * lesson.merit();
        }
        List<Double> withBonus = lessons.get(leader).bonusMerits();
        for (int which = 0; which < withBonus.size(); which++) {
            bonusMerits[which] = bonusMerits[which] * left + count * withBonus.get(which);
        }
        if (!withBonus.isEmpty()) {
            double least = (1 - budget) * Arrays.stream(bonusMerits).max().orElse(0);
            bonus = IntStream.range(0, bonusMerits.length)
                    .filter(which -> bonusMerits[which] >= least)
                    .mapToDouble(BONUSES::get)
                    .max()
                    .orElse(0);
        }
        int best = IntStream.range(0, merits.length)
                .reduce(leader, (so, which) -> merits[which] > merits[so] ? which : so);
        if (merits[best] - merits[leader] > LEAST_LEAD + LEAD_AN_EXAMPLE * examples) {
            leader = best;
        }
        stored.change();
    }

    StoredFields stored() {
        return stored;
    }

    private void fields(Form form) {
        int count = form.count(all.size());
        if (count != all.size()) {
            throw new CorruptEntryException(count + " sets of weights, must be " + all.size());
        }
        choice(form);
    }

    private void choice(Form form) {
        leader = form.integer(leader);
        if (form.isRead() && !(leader >= 0 && leader < all.size())) {
            throw new CorruptEntryException("set " + leader + " of " + all.size() + " leads");
        }
        examples = form.number(examples);
        form.numbers(merits);
        all.forEach(each -> each.fields(form));
        if (!form.goesOn(areRepeatsTaught || areYoungTaught || hasBudget())) {
            areRepeatsTaught = false;
            areYoungTaught = false;
            return;
        }
        areRepeatsTaught = form.flag(areRepeatsTaught);
        areYoungTaught = form.flag(areYoungTaught);
        if (form.flag(hasBudget())) {
            bonus = form.number(bonus);
            form.numbers(bonusMerits);
        }
        for (Weights each : all) {
            Weights.fields(areRepeatsTaught ? each.repeats : List.of(), form);
            Weights.fields(areYoungTaught ? each.biases : List.of(), form);
            Weights.fields(areYoungTaught ? each.youngNeighbours : List.of(), form);
        }
    }

    /**
     * Returns the weights beside cos / τ from a stored entry.
     *
     * @throws CorruptEntryException if a weight is not within its bounds
     */
    static PriorWeights readRelative(byte[] entry) {
        return Form.read(entry, form -> {
            int sets = form.count(0);
            Mixture sent = new Mixture(
                    IntStream.range(0, sets)
                            .mapToObj(which -> new Weights(sets > 1 && which == sets - 1))
                            .toList(),
                    (sets - 1) / 2,
                    0);
            sent.choice(form);
            return sent.relative();
        });
    }
}
