package dev.millrace.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.model.Mixture.Gradient;
import dev.millrace.model.Mixture.Lesson;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.popularity.PriorWeights.Young;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Fields;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class MixtureTest {

    private static final Gradient STILL = new Gradient(0, PriorWeights.NONE);

    @Test
    void aNewModelCountsPopularityAsMuchAsItsTowers() {
        assertThat(new Mixture(1, 0).relative().popularity()).isEqualTo(1);
    }

    @Test
    void aStepIsThatOfAdagrad() {
        Mixture mixture = new Mixture(1, 0);

        learn(mixture, new Gradient(-0.2, new PriorWeights(0.1, 0.2, -0.1, -0.2)));
        learn(mixture, new Gradient(-0.2, new PriorWeights(0.1, 0.2, -0.1, -0.2)));

        // .5 + .2 · .2 / √(.001 + .04) + .2 · .2 / √(.001 + .08)
        assertThat(mixture.towers(0)).isCloseTo(0.5 + 0.04 / Math.sqrt(0.041) + 0.04 / Math.sqrt(0.081), within(1e-12));
        // .5 − .2 · .1 / √(.001 + .01) − .2 · .1 / √(.001 + .02)
        PriorWeights prior = mixture.prior(0);
        assertThat(prior.popularity())
                .isCloseTo(0.5 - 0.02 / Math.sqrt(0.011) - 0.02 / Math.sqrt(0.021), within(1e-12));
        // the same from 0, with opposite signs for the weight of towers and of age
        assertThat(prior.age()).isCloseTo(0.5 - mixture.towers(0), within(1e-12));
        assertThat(prior.newness()).isCloseTo(0.5 - prior.popularity(), within(1e-12));
        // and for those of towers and of neighbours
        assertThat(prior.neighbours()).isCloseTo(mixture.towers(0) - 0.5, within(1e-12));
    }

    @Test
    void eachHalfLifeLearnsItsOwnWeights() {
        Mixture together = new Mixture(2, 0);
        Mixture first = new Mixture(1, 0);
        Mixture second = new Mixture(1, 0);
        Gradient one = new Gradient(0.3, new PriorWeights(-0.7, 0.4, 0.6, -0.5));
        Gradient other = new Gradient(-0.2, new PriorWeights(0.1, -0.2, 0.1, -0.3));

        learn(together, one, other);
        learn(first, one);
        learn(second, other);

        assertThat(together.sets()).isEqualTo(3); // and the plain one
        assertThat(together.towers(0)).isEqualTo(first.towers(0));
        assertThat(together.prior(0)).isEqualTo(first.prior(0));
        assertThat(together.towers(1)).isEqualTo(second.towers(0));
        assertThat(together.prior(1)).isEqualTo(second.prior(0)).isNotEqualTo(first.prior(0));
        assertThat(together.relative()).isEqualTo(first.relative()); // 0 leads
    }

    @Test
    void theWeightsStayInTheirBounds() {
        Mixture mixture = new Mixture(1, 0);

        for (int step = 0; step < 100_000; step++) {
            learn(mixture, new Gradient(1, new PriorWeights(-1, 1, -1, 1)));
        }

        assertThat(mixture.towers(0)).isEqualTo(0.01);
        assertThat(mixture.prior(0)).isEqualTo(new PriorWeights(10, -10, 10, 0));
        // what a request may ask for at most
        assertThat(mixture.relative().popularity()).isEqualTo(10);
        Mixture near = new Mixture(1, 0);
        for (int step = 0; step < 1_000; step++) {
            learn(near, new Gradient(1, new PriorWeights(0, 0, 0, -1)));
        }
        assertThat(near.relative().neighbours()).isEqualTo(10);
    }

    @Test
    void aGradientThatIsNotFiniteMovesNothing() {
        Mixture mixture = new Mixture(2, 0);
        Mixture untouched = new Mixture(1, 0);
        Gradient finite = new Gradient(1, PriorWeights.ofPopularity(1));
        List<Gradient> broken = List.of(
                new Gradient(Double.NaN, PriorWeights.ofPopularity(1)),
                new Gradient(1, PriorWeights.ofPopularity(Double.POSITIVE_INFINITY)),
                new Gradient(1, new PriorWeights(1, Double.NaN, 0, 0)));

        broken.forEach(each -> learn(mixture, each, finite));
        learn(mixture, finite, finite);
        learn(untouched, finite);

        // neither a weight nor what Adagrad keeps of its gradients; the other half-life goes on
        assertThat(mixture.towers(0)).isEqualTo(untouched.towers(0));
        assertThat(mixture.prior(0)).isEqualTo(untouched.prior(0));
        assertThat(mixture.towers(1)).isLessThan(untouched.towers(0));
    }

    @Test
    void theFirstLeadsBeforeAnythingIsKnown() {
        assertThat(new Mixture(5, 2).leader()).isEqualTo(2);
    }

    @Test
    void theHalfLifeAheadByAMarginLeads() {
        Mixture mixture = new Mixture(3, 1);

        rank(mixture, 10, 0, 0, 0.1);
        // ahead by 10 · .1 = 1, the margin is 1 + .0003 · 10
        assertThat(mixture.leader()).isEqualTo(1);

        rank(mixture, 10, 0, 0, 0.1);
        // ahead by 2, the margin is 1.006
        assertThat(mixture.leader()).isEqualTo(2);
        for (int lesson = 0; lesson < 3; lesson++) {
            rank(mixture, 10, 0.1, 0, 0);
        }
        // 0 is ahead by 3 − 2 = 1, the margin is 1.015; what decays is less than .003
        assertThat(mixture.leader()).isEqualTo(2);

        rank(mixture, 10, 0.1, 0, 0);
        assertThat(mixture.leader()).isEqualTo(0);
    }

    @Test
    void ofTwoThatAreEquallyAheadTheLongerHalfLifeLeads() {
        Mixture mixture = new Mixture(3, 1);

        rank(mixture, 1_000, 0.5, 0, 0.5);

        assertThat(mixture.leader()).isEqualTo(0);
    }

    @Test
    void theMarginGrowsWithTheExamples() {
        Mixture mixture = new Mixture(2, 0);
        rank(mixture, 20_000, 0.5, 0.5);

        // the margin is 1 + .0003 · 20,010 = 7.003
        rank(mixture, 10, 0, 0.69);
        assertThat(mixture.leader()).isEqualTo(0);

        rank(mixture, 10, 0, 0.02);
        assertThat(mixture.leader()).isEqualTo(1);
    }

    /** After 20,000 examples a lead of 100 is one of 50, and the margin is 1 + .0003 · (100 / 2 + 20,000) = 7.015. */
    @Test
    void whatWasRankedLongAgoWeighsLess() {
        Mixture sooner = led();
        Mixture later = led();

        // 56 examples leave 49.90 of the 50; 55.9 − 49.9 is no more than the margin, which 59 − 49.9 is
        rank(sooner, 56, 0, 1);
        rank(later, 59, 0, 1);

        assertThat(sooner.leader()).isEqualTo(0);
        assertThat(later.leader()).isEqualTo(1);
    }

    private static Mixture led() {
        Mixture mixture = new Mixture(2, 0);
        rank(mixture, 100, 1, 0);
        rank(mixture, 20_000, 0, 0);
        return mixture;
    }

    @Test
    void aRestoredOneGoesOnAlike() {
        Mixture first = new Mixture(2, 0);
        learn(first, new Gradient(0.3, new PriorWeights(-0.7, 0.4, 0.6, -0.5)), STILL);
        Mixture second = new Mixture(2, 0);

        second.stored().restore(first.stored().value());
        learn(first, new Gradient(0.1, new PriorWeights(0.2, 0.3, 0.4, 0.5)), STILL);
        learn(second, new Gradient(0.1, new PriorWeights(0.2, 0.3, 0.4, 0.5)), STILL);

        assertThat(second.stored().value()).isEqualTo(first.stored().value());
        assertThat(Mixture.readRelative(second.stored().value())).isEqualTo(first.relative());
    }

    @Test
    void theLeaderAndItsLeadOutliveARestart() {
        Mixture undisturbed = new Mixture(2, 0);
        learn(undisturbed, STILL, new Gradient(-1, PriorWeights.ofPopularity(-0.1)));
        rank(undisturbed, 10, 0, 0.5);
        Mixture restored = new Mixture(2, 0);

        restored.stored().restore(undisturbed.stored().value());

        assertThat(restored.leader()).isEqualTo(1);
        assertThat(restored.relative()).isEqualTo(undisturbed.relative()).isNotEqualTo(new Mixture(1, 0).relative());
        assertThat(Mixture.readRelative(restored.stored().value())).isEqualTo(restored.relative());
        // 1 is ahead by 10 · .5: 0 takes the lead with 5 + 1.009 more
        for (Mixture each : List.of(undisturbed, restored)) {
            rank(each, 10, 0.6, 0);
            assertThat(each.leader()).isEqualTo(1);
            rank(each, 10, 0.01, 0);
            assertThat(each.leader()).isEqualTo(0);
        }
        assertThat(restored.stored().value()).isEqualTo(undisturbed.stored().value());
    }

    @Test
    void thePlainSetMayLeadWithoutPopularity() {
        Mixture mixture = new Mixture(5, 2);
        Gradient gradient = new Gradient(-0.3, new PriorWeights(-0.7, 0.4, 0.6, -0.5));

        learn(mixture, STILL, STILL, STILL, STILL, STILL, gradient);
        assertThat(mixture.prior(5).areOfNoItem()).isTrue();
        assertThat(mixture.prior(5).neighbours()).isPositive();
        assertThat(mixture.towers(5)).isGreaterThan(0.5);
        rank(mixture, 100, 0, 0, 0, 0, 0, 0.5);

        assertThat(mixture.leader()).isEqualTo(5);
        assertThat(mixture.relative())
                .isEqualTo(new PriorWeights(
                        0, 0, 0, mixture.prior(5).neighbours() / mixture.towers(5), List.of(), Young.NONE, 2));
        assertThat(Mixture.readRelative(mixture.stored().value())).isEqualTo(mixture.relative());
    }

    @Test
    void repeatsAreLearnedOnceALessonHasThem() {
        Mixture mixture = new Mixture(1, 0);
        learn(mixture, new Gradient(0.3, new PriorWeights(-0.7, 0.4, 0.6, -0.5)));
        int without = mixture.stored().value().length;
        assertThat(mixture.prior(0).repeats()).isEmpty();

        learn(mixture, new Gradient(0, PriorWeights.NONE.withRepeats(slopes())));

        // 0 − .2 g / √(.001 + g²)
        List<Double> expected = slopes().stream()
                .map(slope -> -0.2 * slope / Math.sqrt(0.001 + slope * slope))
                .toList();
        for (int place = 0; place < PriorWeights.REPEATS; place++) {
            assertThat(mixture.prior(0).repeats().get(place)).isCloseTo(expected.get(place), within(1e-12));
            assertThat(mixture.relative().repeats().get(place))
                    .isCloseTo(expected.get(place) / mixture.towers(0), within(1e-12));
        }
        Mixture restored = new Mixture(1, 0);
        restored.stored().restore(mixture.stored().value());
        learn(mixture, new Gradient(0, PriorWeights.NONE.withRepeats(slopes())));
        learn(restored, new Gradient(0, PriorWeights.NONE.withRepeats(slopes())));
        assertThat(restored.stored().value())
                .isEqualTo(mixture.stored().value())
                .hasSize(without + 3 * Integer.BYTES + PriorWeights.REPEATS * 2 * Double.BYTES);
        assertThat(Mixture.readRelative(mixture.stored().value())).isEqualTo(mixture.relative());
    }

    @Test
    void setsOfHalfLivesWeighYoungItems() {
        Mixture mixture = new Mixture(2, 0);
        Young slopes = new Young(List.of(0.3, -0.2, 0.1, 0.4), List.of(-0.1, 0.2, 0.5, -0.6));
        Gradient gradient = new Gradient(0, PriorWeights.NONE.withYoung(slopes));
        assertThat(mixture.prior(0).young()).isEqualTo(Young.NONE);

        for (int lesson = 0; lesson < 2; lesson++) {
            teach(mixture, 1, Stream.of(new Lesson(gradient, 0), new Lesson(STILL, 0), new Lesson(gradient, 0)));
        }

        // 0 − .2 g / √(.001 + g²) − .2 g / √(.001 + 2 g²)
        Young learned = mixture.prior(0).young();
        for (int youth = 0; youth < Young.KINDS; youth++) {
            double slope = slopes.biases().get(youth);
            double square = slope * slope;
            assertThat(learned.biases().get(youth))
                    .isCloseTo(
                            -0.2 * slope / Math.sqrt(0.001 + square) - 0.2 * slope / Math.sqrt(0.001 + 2 * square),
                            within(1e-12));
        }
        assertThat(learned.neighbours()).isNotEqualTo(learned.biases());
        assertThat(mixture.prior(1).young().biases()).containsOnly(0.0);
        assertThat(mixture.prior(2).young()).isEqualTo(Young.NONE);
        Mixture restored = new Mixture(2, 0);
        restored.stored().restore(mixture.stored().value());
        assertThat(restored.relative()).isEqualTo(mixture.relative());
        assertThat(restored.stored().value()).isEqualTo(mixture.stored().value());
        assertThat(Mixture.readRelative(mixture.stored().value())).isEqualTo(mixture.relative());
        assertThat(mixture.relative().bias(1)).isEqualTo(learned.biases().get(1) / mixture.towers(0));
        assertThat(mixture.relative().neighbours(3))
                .isEqualTo(learned.neighbours().get(3) / mixture.towers(0));
        assertThat(mixture.relative().bias(Young.KINDS)).isZero();
    }

    @Test
    void theLargestBonusWithinTheBudgetCounts() {
        Mixture mixture = new Mixture(1, 0, 0.1);
        Mixture without = new Mixture(1, 0);
        Young slopes = new Young(List.of(-1.0, -1.0, -1.0, -1.0), List.of(0.0, 0.0, 0.0, 0.0));
        Gradient gradient = new Gradient(0, PriorWeights.NONE.withYoung(slopes));

        // the best has 10 · .5 = 5; of the others, .5 and 1 have at least 4.5
        teach(mixture, 10, Stream.of(new Lesson(gradient, 0, List.of(0.49, 0.5, 0.45, 0.44, 0.3))));
        teach(without, 10, Stream.of(new Lesson(gradient, 0)));

        assertThat(mixture.bonus()).isEqualTo(1);
        for (int youth = 0; youth <= Young.KINDS; youth++) {
            double raised = youth < 3 ? 1 / mixture.towers(0) : 0; // of 0, 1 and 2, and 3 to 9 clicks
            assertThat(mixture.relative().bias(youth))
                    .isEqualTo(without.relative().bias(youth) + raised);
        }
        assertThat(mixture.prior(0)).isEqualTo(without.prior(0)); // lessons teach without it
        Mixture restored = new Mixture(1, 0, 0.1);
        restored.stored().restore(mixture.stored().value());
        assertThat(Mixture.readRelative(restored.stored().value())).isEqualTo(mixture.relative());
        // 5 + 4.9 and 4.5 + 4.2 of 9.9: 1 falls below 8.91
        teach(restored, 10, Stream.of(new Lesson(gradient, 0, List.of(0.49, 0.49, 0.42, 0.4, 0.4))));
        assertThat(restored.bonus()).isEqualTo(0.5);
    }

    @Test
    void clicksSoFarDecideHowYoungItemsAre() {
        assertThat(IntStream.of(0, 1, 2, 3, 9, 10, 29, 30, 1_000).map(Young::youth))
                .containsExactly(0, 1, 1, 2, 2, 3, 3, 4, 4);
    }

    /** [places] */
    private static List<Double> slopes() {
        return Stream.iterate(-0.3, slope -> slope + 0.05)
                .limit(PriorWeights.REPEATS)
                .toList();
    }

    @Test
    void placesFromTheTenthOnShareWeights() {
        PriorWeights weights = PriorWeights.NONE.withRepeats(slopes());

        assertThat(Stream.of(0, 1, 9, 10, 19, 20, 199).map(weights::repeat))
                .isEqualTo(Stream.of(0, 1, 9, 10, 10, 11, 11).map(slopes()::get).toList());
        assertThat(PriorWeights.NONE.repeat(3)).isZero();
    }

    @Test
    void aSingleHalfLifeHasNoPlainSetBesideIt() {
        assertThat(new Mixture(1, 0).sets()).isEqualTo(1);
    }

    @Test
    void weightsOutsideTheirBoundsAreNotRestored() {
        byte[] zeros = entry(1, 0); // of the towers, at least a hundredth

        assertThatThrownBy(() -> new Mixture(1, 0).stored().restore(zeros))
                .isInstanceOf(CorruptEntryException.class)
                .hasMessageContaining("0.01");
        assertThatThrownBy(() -> Mixture.readRelative(zeros)).isInstanceOf(CorruptEntryException.class);
    }

    @Test
    void anEntryOfAnotherNumberOfSetsIsRefused() {
        byte[] two = new Mixture(2, 0).stored().value();

        for (int halfLives : new int[] {1, 3}) {
            assertThatThrownBy(() -> new Mixture(halfLives, 0).stored().restore(two))
                    .isInstanceOf(CorruptEntryException.class)
                    .hasMessageContaining("3 sets of weights, must be " + new Mixture(halfLives, 0).sets());
        }
    }

    @Test
    void aLeaderThatIsNoneOfTheSetsIsRefused() {
        for (int leader : new int[] {-1, 3}) {
            assertThatThrownBy(() -> new Mixture(2, 0).stored().restore(entry(3, leader)))
                    .isInstanceOf(CorruptEntryException.class)
                    .hasMessageContaining("set " + leader + " of 3");
        }
    }

    /** An entry of zeros: the examples, then the merits, then five weights and their accumulators by set. */
    private static byte[] entry(int sets, int leader) {
        Fields fields = new Fields().integer(sets).integer(leader);
        for (int number = 0; number < 1 + sets * 11; number++) {
            fields.number(0);
        }
        return fields.framed();
    }

    /** A lesson of gradients alone, [half-lives]; the plain set has none. */
    private static void learn(Mixture mixture, Gradient... gradients) {
        teach(mixture, 1, Arrays.stream(gradients).map(gradient -> new Lesson(gradient, 0)));
    }

    /** A lesson of merits alone, [half-lives]; the plain set has none. */
    private static void rank(Mixture mixture, int count, double... merits) {
        teach(mixture, count, Arrays.stream(merits).mapToObj(merit -> new Lesson(STILL, merit)));
    }

    private static void teach(Mixture mixture, int count, Stream<Lesson> lessons) {
        mixture.learn(
                Stream.concat(lessons, Stream.of(new Lesson(STILL, 0)))
                        .limit(mixture.sets())
                        .toList(),
                count);
    }
}
