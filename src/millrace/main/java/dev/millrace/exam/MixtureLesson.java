package dev.millrace.exam;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.catalogue.Catalogue;
import dev.millrace.catalogue.ItemAge;
import dev.millrace.model.Mixture;
import dev.millrace.model.Mixture.Gradient;
import dev.millrace.model.Mixture.Lesson;
import dev.millrace.model.TwoTower;
import dev.millrace.model.engine.Engine;
import dev.millrace.model.engine.Exponential;
import dev.millrace.model.engine.Loops;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.popularity.PriorWeights.Young;
import dev.millrace.state.CounterRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * How well each of the {@link Mixture}'s sets of weights finds the items of a batch's examples among the catalogue, and the gradient of their
 * likelihood. One batch, one thread.
 *
 * <pre>
 * z_j = a x_j + β c_j + γ g_j + δ h_j + ν n_j      the user's history left out; x_j = cos_j / τ,  c_j the number of popularity,  g_j of age,  h_j = min(g_j, {@link ItemAge#NEW}),
 *                                                  n_j of {@link Nearness}
 * p_j = w_j e^z_j / Σ_k w_k e^z_k                  over some items
 * −d log p_t / da = Σ_j p_j x_j − x_t              t: the example's item; and so on for the others
 *                                                  sets of half-lives: with b_B + ν_B n_j for items of few clicks so far, by their number B
 * rank  = 1 + Σ_j w_j [z_j > z_t],  m = 1 / log2(1 + rank)
 * </pre>
 *
 * <p>If answers have items of the history, these are among the ranked, with ρ of their place added to z, and ρ goes up the slope of the examples' m:
 *
 * <pre>
 * dm / dρ_k = Σ (m(z + d) − m(z − d)) / 2 d        z: of the item at each of the places of ρ_k, moved alone;  d = {@value #STEP_OF_REPEATS}
 * </pre>
 *
 * The other weights learn nothing from an example whose item is in the history. So they are those of answers without it, too.
 *
 * <p>The items are those that can be before others: the examples' own, those that were clicked last, for each example those nearest to the
 * user's latest clicks, and the latest of the history if answers have them. These have w = 1. Beside them is a uniform sample of the rest, in which w is how
 * many each one stands for. So the cost does not grow with the catalogue. Where few would stand for too many, real competitors are seldom among them, and near
 * items always: their weight would go to 0. So there the sample is larger, and lessons are fewer.
 */
final class MixtureLesson {

    /**
     * A sample of the rest of the catalogue.
     *
     * @param every steps between lessons
     * @param drawn items
     */
    private record Sample(int every, int drawn) {

        private static final Sample SMALL = new Sample(8, 256); // a lesson costs about one step
        private static final Sample LARGE = new Sample(32, 4096);
        private static final int MOST_EACH = 32; // items that each of a small one stands for

        static Sample of(Catalogue catalogue) {
            return catalogue.size() > MOST_EACH * SMALL.drawn ? LARGE : SMALL;
        }
    }

    private static final int NEAREST = 16;
    private static final int LATEST_HAD = 30; // places of a history that surely compete

    private static final double STEP_OF_REPEATS = 0.3;
    private static final double SLOPES = 10; // of m are small beside what Adagrad begins with

    private static final int DRAWS = 5; // stream of random numbers; smaller ones are the batch's own

    private static final int COSINE = 0;
    private static final int POPULARITY = 1;
    private static final int AGE = 2;
    private static final int NEWNESS = 3;
    private static final int NEIGHBOURS = 4;
    private static final int PARTS = 5;
    private static final int[] ALL = {COSINE, POPULARITY, AGE, NEWNESS, NEIGHBOURS};
    private static final int[] PLAIN = {COSINE, NEIGHBOURS};
    private static final int REPEATS = PARTS; // of a gradient, all that is behind them, too
    private static final int BIASES = REPEATS + PriorWeights.REPEATS;
    private static final int YOUNG_NEIGHBOURS = BIASES + Young.KINDS;
    private static final int ALL_PARTS = YOUNG_NEIGHBOURS + Young.KINDS;

    private final TwoTower model;
    private final ItemFacts facts;
    private final List<TrainingExample> examples;
    private final long time;
    /** [examples] How near items are, where that is not 0. */
    private final List<NearNumbers> near;
    /** [examples] Places of their items. */
    private final int[] targets;
    /** [items] Numbers in the catalogue; those of the sample are the last ones. Of each of the two parts, the young ones are the first. */
    private final int[] items;
    /** [items] of {@link Young#youth} */
    private final int[] youths;
    /** [items] The same, ascending. */
    private final int[] ascending;
    /** [items] Places of those. */
    private final int[] places;

    private final int certain;
    private final int size;
    /** w of the sample. */
    private final double standsFor;

    private final List<Lesson> lessons = new ArrayList<>();

    /** Returns what a batch says about the mixture, by the model and all numbers as of before the batch; absent if it is not asked. */
    static Optional<MixtureLesson> of(MiniBatch batch, TwoTower model, ItemFacts facts) {
        if (batch.step() % Sample.of(facts.catalogue()).every != 0) {
            return Optional.empty();
        }
        List<TrainingExample> examples = facts.answerable(batch);
        return examples.isEmpty() ? Optional.empty() : Optional.of(new MixtureLesson(batch, examples, model, facts));
    }

    private MixtureLesson(MiniBatch batch, List<TrainingExample> examples, TwoTower model, ItemFacts facts) {
        this.model = model;
        this.facts = facts;
        this.examples = examples;
        this.time = examples.get(0).time();
        Catalogue catalogue = facts.catalogue();
        near = examples.stream()
                .map(example -> NearNumbers.of(example, facts.neighbours(), time))
                .toList();
        Set<Integer> found = new LinkedHashSet<>();
        facts.popularity().latest().forEach(item -> catalogue.number(item).ifPresent(found::add));
        int[] own = examples.stream()
                .mapToInt(example -> catalogue.number(example.item()).orElseThrow())
                .toArray();
        Arrays.stream(own).forEach(found::add);
        near.forEach(of -> of.nearest(NEAREST, catalogue).forEach(found::add));
        if (facts.isHistoryAnswered()) {
            examples.stream()
                    .flatMap(example -> example.user().history().stream().limit(LATEST_HAD))
                    .forEach(had -> catalogue.number(had).ifPresent(found::add));
        }
        certain = found.size();
        drawFrom(catalogue, batch.seed(), found);
        size = found.size();
        Comparator<Integer> byYouth = Comparator.comparingInt(facts::youth);
        items = Stream.concat(
                        found.stream().limit(certain).sorted(byYouth),
                        found.stream().skip(certain).sorted(byYouth))
                .mapToInt(item -> item)
                .toArray();
        youths = Arrays.stream(items).map(facts::youth).toArray();
        long[] byItem = new long[size];
        Arrays.setAll(byItem, place -> (long) items[place] << Integer.SIZE | place);
        Arrays.sort(byItem);
        ascending = Arrays.stream(byItem)
                .mapToInt(each -> (int) (each >>> Integer.SIZE))
                .toArray();
        places = Arrays.stream(byItem).mapToInt(each -> (int) each).toArray();
        targets = Arrays.stream(own).map(this::place).toArray();
        standsFor = (catalogue.size() - certain) / (double) Math.max(1, size - certain);
        teach(new Numbers());
    }

    /** Returns the place of an item that has one, by its number. */
    private int place(int item) {
        return places[Arrays.binarySearch(ascending, item)];
    }

    /** Draws from the rest of the catalogue without replacement, or takes all of a small rest. */
    private static void drawFrom(Catalogue catalogue, long seed, Set<Integer> found) {
        int most = Math.min(catalogue.size(), found.size() + Sample.of(catalogue).drawn);
        if (most == catalogue.size()) {
            IntStream.range(0, most).forEach(found::add);
        }
        for (int draw = 0; found.size() < most; draw++) {
            found.add((int) (CounterRandom.unit(seed, DRAWS, draw) * catalogue.size()));
        }
    }

    /** What the scores are made of. */
    private final class Numbers {

        /** [examples, items] */
        private final float[] cosines = new float[examples.size() * size];
        /** [half-lives][items] */
        private final float[][] popularity =
                new float[facts.popularity().settings().halfLives().size()][size];

        private final float[] ages = new float[size];
        private final float[] newness = new float[size];
        /** [items] log w */
        private final float[] weights = new float[size];

        private final List<PriorWeights> priors = IntStream.range(
                        0, model.mixture().sets())
                .mapToObj(model.mixture()::prior)
                .toList();

        /** [half-lives][items] what is added to the score of an item for all users */
        private final float[][] terms = new float[popularity.length][size];
        /** [runs] places behind those of one youth, in one of the two parts */
        private final int[] runs = IntStream.rangeClosed(1, size)
                .filter(at -> at == size || at == certain || youths[at] != youths[at - 1])
                .toArray();

        private final float[] ones = new float[size];
        /** [bonuses] of the leader; empty without a budget */
        private final double[] bonusMerits = new double[model.mixture().hasBudget() ? Mixture.BONUSES.size() : 0];

        // of one example
        private final float[] nearness = new float[size];
        private final List<Integer> nearPlaces = new ArrayList<>(); // of young items
        private final float[] ownWeights = new float[size];
        /** Places in the history, and of the items there. */
        private final List<Had> had = new ArrayList<>();

        private final float[] logits = new float[size];
        private final float[] scratch = new float[size];
        private final float[] products = new float[PARTS];
        private final Loops loops = Loops.now();

        Numbers() {
            Catalogue catalogue = facts.catalogue();
            double[] numbers = new double[popularity.length];
            for (int at = 0; at < size; at++) {
                facts.popularity().numbers(items[at], time, numbers);
                for (int which = 0; which < numbers.length; which++) {
                    popularity[which][at] = (float) numbers[which];
                }
                ages[at] = (float) ItemAge.number(catalogue.timeAt(items[at]), time);
                newness[at] = (float) Math.min(ages[at], ItemAge.NEW);
            }
            for (int which = 0; which < terms.length; which++) {
                for (int at = 0; at < size; at++) {
                    terms[which][at] = (float) priors.get(which).of(popularity[which][at], ages[at], youths[at]);
                }
            }
            Arrays.fill(ones, 1);
            Arrays.fill(weights, certain, size, (float) StrictMath.log(standsFor));
            int dim = model.dim();
            float[] ofUsers = new float[examples.size() * dim];
            float[] ofItems = new float[size * dim];
            model.userVectors(
                    examples.stream().map(TrainingExample::user).toList(),
                    examples.stream().map(TrainingExample::context).toList(),
                    ofUsers);
            model.passingItemVectors(items, 0, size, ofItems);
            Engine.ofRows().multiplyTransposedRight(ofUsers, ofItems, cosines, examples.size(), dim, size, 1f);
        }

        /** Comes to an example. */
        void open(int at) {
            Arrays.fill(nearness, 0);
            nearPlaces.clear();
            near.get(at).forEach(ascending, (which, number) -> {
                nearness[places[which]] = number;
                if (youths[places[which]] < Young.KINDS) {
                    nearPlaces.add(places[which]);
                }
            });
            System.arraycopy(weights, 0, ownWeights, 0, size);
            had.clear();
            List<String> history = examples.get(at).user().history();
            for (int place = 0; place < history.size(); place++) {
                int which = Arrays.binarySearch(
                        ascending, facts.catalogue().number(history.get(place)).orElse(Catalogue.NO_NUMBER));
                if (which >= 0) {
                    had.add(new Had(place, places[which]));
                }
            }
            if (!facts.isHistoryAnswered()) {
                leaveOut(ownWeights, targets[at]);
            }
        }

        /** @param itself the example's own item, which stays */
        private void leaveOut(float[] logits, int itself) {
            for (Had each : had) {
                if (each.item != itself) {
                    logits[each.item] = Float.NEGATIVE_INFINITY;
                }
            }
        }

        /**
         * Adds the gradient of one example by one of the mixture's sets.
         *
         * @return m
         */
        double add(int at, int which, double[] gradient) {
            PriorWeights prior = priors.get(which);
            double temperature = model.temperature();
            System.arraycopy(ownWeights, 0, logits, 0, size);
            loops.addScaled(logits, 0, cosines, at * size, size, (float)
                    (model.mixture().towers(which) / temperature));
            boolean isPlain = which == popularity.length;
            loops.addScaled(logits, 0, nearness, 0, size, (float) prior.neighbours());
            if (!isPlain) {
                loops.add(logits, 0, terms[which], 0, size);
                nearPlaces.forEach(place -> logits[place] +=
                        (float) (prior.neighbours(youths[place]) - prior.neighbours()) * nearness[place]);
            }
            int itself = targets[at];
            if (facts.isHistoryAnswered()) {
                had.forEach(each -> logits[each.item] += (float) prior.repeat(each.place));
            }
            double rank = rank(logits[itself]);
            double merit = merit(rank);
            if (which == model.mixture().leader()) {
                for (int bonus = 0; bonus < bonusMerits.length; bonus++) {
                    bonusMerits[bonus] += merit(rank(itself, Mixture.BONUSES.get(bonus))) / examples.size();
                }
            }
            if (facts.isHistoryAnswered()) {
                if (addSlopes(rank, itself, gradient)) {
                    return merit;
                }
                leaveOut(logits, itself);
            }
            double sum = Exponential.replace(logits, size, loops.max(logits, 0, size), scratch);
            float[][] values = isPlain
                    ? new float[][] {cosines, nearness}
                    : new float[][] {cosines, popularity[which], ages, newness, nearness};
            int[] begins = new int[values.length];
            begins[COSINE] = at * size;
            loops.dots(logits, values, begins, size, products);
            int[] parts = isPlain ? PLAIN : ALL;
            for (int part = 0; part < parts.length; part++) {
                double slope = products[part] / sum - values[part][begins[part] + itself];
                gradient[parts[part]] += parts[part] == COSINE ? slope / temperature : slope;
            }
            if (!isPlain) {
                addYoung(itself, sum, gradient);
            }
            return merit;
        }

        /** Adds the gradients of b and ν_B; the logits have become likelihoods but for their sum. */
        private void addYoung(int itself, double sum, double[] gradient) {
            int from = 0;
            for (int to : runs) {
                if (youths[from] < Young.KINDS) {
                    gradient[BIASES + youths[from]] += loops.dot(logits, from, ones, from, to - from) / sum;
                }
                from = to;
            }
            for (int place : nearPlaces) {
                gradient[YOUNG_NEIGHBOURS + youths[place]] += logits[place] / sum * nearness[place];
            }
            if (youths[itself] < Young.KINDS) {
                gradient[BIASES + youths[itself]]--;
                gradient[YOUNG_NEIGHBOURS + youths[itself]] -= nearness[itself];
            }
        }

        private static double merit(double rank) {
            return StrictMath.log(2) / StrictMath.log1p(rank);
        }

        /** Returns the rank of an item if those with fewer than ten clicks had a bonus. */
        private double rank(int itself, double bonus) {
            double rank = 1;
            int from = 0;
            for (int to : runs) {
                double raised = logits[itself] + bonus(itself, bonus) - bonus(from, bonus);
                double count = from < certain ? 1 : standsFor;
                rank += count * loops.countAbove(logits, from, to, (float) (raised + StrictMath.log(count)));
                from = to;
            }
            return rank;
        }

        private double bonus(int place, double bonus) {
            return Young.isBeforeTen(youths[place]) ? bonus : 0;
        }

        /** Returns the rank of a mark among all items. */
        private double rank(float mark) {
            return 1
                    + loops.countAbove(logits, 0, certain, mark)
                    + standsFor * loops.countAbove(logits, certain, size, mark + (float) StrictMath.log(standsFor));
        }

        /**
         * Adds the slopes of m by ρ, with their signs turned, as if each place moved alone. When the example's own item is lowered, where it stood counts
         * as one more item before it: without that, places that seldom repeat are hardly taught, as few others are so near.
         *
         * @return whether the example's own item is in the history
         */
        private boolean addSlopes(double rank, int itself, double[] gradient) {
            float own = logits[itself];
            float step = (float) STEP_OF_REPEATS;
            boolean isRepeat = false;
            for (Had each : had) {
                double raised = rank;
                double lowered = rank;
                if (each.item == itself) {
                    isRepeat = true;
                    raised = rank(own + step);
                    lowered = rank(own - step);
                } else {
                    double count = each.item < certain ? 1 : standsFor;
                    float ahead = logits[each.item] - (float) StrictMath.log(count) - own;
                    raised += ahead <= 0 && ahead > -step ? count : 0;
                    lowered -= ahead > 0 && ahead <= step ? count : 0;
                }
                gradient[REPEATS + PriorWeights.ofPlace(each.place)] -=
                        SLOPES * (merit(raised) - merit(lowered)) / (2 * STEP_OF_REPEATS);
            }
            return isRepeat;
        }
    }

    /**
     * An item of the history that is among the items.
     *
     * @param place in the history
     * @param item its place among the items
     */
    private record Had(int place, int item) {}

    private void teach(Numbers numbers) {
        double[][] gradients = new double[model.mixture().sets()][ALL_PARTS];
        double[] merits = new double[gradients.length];
        for (int at = 0; at < examples.size(); at++) {
            numbers.open(at);
            for (int which = 0; which < gradients.length; which++) {
                merits[which] += numbers.add(at, which, gradients[which]) / examples.size();
            }
        }
        for (int which = 0; which < gradients.length; which++) {
            double[] mean = Arrays.stream(gradients[which])
                    .map(sum -> sum / examples.size())
                    .toArray();
            PriorWeights prior = new PriorWeights(mean[POPULARITY], mean[AGE], mean[NEWNESS], mean[NEIGHBOURS]);
            List<Double> all = Arrays.stream(mean).boxed().toList();
            Young young = new Young(all.subList(BIASES, YOUNG_NEIGHBOURS), all.subList(YOUNG_NEIGHBOURS, ALL_PARTS));
            PriorWeights whole = prior.withRepeats(facts.isHistoryAnswered() ? all.subList(REPEATS, BIASES) : List.of())
                    .withYoung(young);
            List<Double> bonuses = which == model.mixture().leader()
                    ? Arrays.stream(numbers.bonusMerits).boxed().toList()
                    : List.of();
            lessons.add(new Lesson(new Gradient(mean[COSINE], whole), merits[which], bonuses));
        }
    }

    /** Returns what the batch says, [sets]. */
    List<Lesson> lessons() {
        return List.copyOf(lessons);
    }

    /** Moves the weights of the model's mixture. */
    void learn() {
        model.mixture().learn(lessons, examples.size());
    }
}
