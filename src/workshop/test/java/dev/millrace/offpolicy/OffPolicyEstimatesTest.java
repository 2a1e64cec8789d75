package dev.millrace.offpolicy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assertions.withinPercentage;

import dev.millrace.offpolicy.OffPolicyEstimates.Estimate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class OffPolicyEstimatesTest {

    private static final double NO_CLIP = Double.POSITIVE_INFINITY;

    /** Weights ½, 3, 1 and 4, of four users. */
    private static final List<Shown> FOUR = List.of(
            row(0, true, 0.5, 0.25, 0.2, 0.3),
            row(1, false, 0.25, 0.75, 0.1, 0.3),
            row(2, true, 0.4, 0.4, 0.5, 0.3),
            row(3, false, 0.1, 0.4, 0.4, 0.3));

    @Test
    void fourRowsGiveWhatTheFormulasSay() {
        OffPolicyEstimates found = new OffPolicyEstimates(FOUR, NO_CLIP);

        assertThat(found.logged().value()).isEqualTo(2 / 4.0);
        assertThat(found.ips().value()).isCloseTo((0.5 + 1) / 4, within(1e-15));
        assertThat(found.selfNormalised().value()).isCloseTo(1.5 / 8.5, within(1e-15));
        assertThat(found.ratio().value()).isCloseTo(1.5 / 8.5 / 0.5, within(1e-15));
        // ½ (1 − .2) + 3 (0 − .1) + 1 (1 − .5) + 4 (0 − .4) = −1, and .3 for each row
        assertThat(found.doublyRobust().value()).isCloseTo(0.3 - 1 / 4.0, within(1e-15));
        assertThat(found.effectiveRows()).isCloseTo(8.5 * 8.5 / (0.25 + 9 + 1 + 16), within(1e-12));
        assertThat(found.meanWeight().value()).isCloseTo(8.5 / 4, within(1e-15));
        assertThat(found.clippedShare()).isZero();
    }

    @Test
    void clippingLowersLargerWeights() {
        OffPolicyEstimates found = new OffPolicyEstimates(FOUR, 3);

        assertThat(found.clippedShare()).isEqualTo(0.25); // 4 is, 3 is not
        assertThat(found.selfNormalised().value()).isCloseTo(1.5 / 7.5, within(1e-15));
        assertThat(found.meanWeight().value()).isCloseTo(7.5 / 4, within(1e-15));
    }

    /** With weights of 1 and few clicks the bounds are those of Garwood (1936) for a Poisson mean, but for two approximations. */
    @Test
    void boundsOfEqualRowsAreThePoissonOnes() {
        assertBounds(0, 0, 3.689);
        assertBounds(3, 0.6187, 8.767);
        assertBounds(10, 4.795, 18.39);
        assertBounds(100, 81.36, 121.63);
    }

    private static void assertBounds(int clicks, double low, double high) {
        int rows = 100_000;
        Estimate found = new OffPolicyEstimates(
                        IntStream.range(0, rows)
                                .mapToObj(user -> row(user, user < clicks, 0.1, 0.1, 0, 0))
                                .toList(),
                        NO_CLIP)
                .selfNormalised();

        assertThat(found.low() * rows).isCloseTo(low, withinPercentage(3));
        assertThat(found.high() * rows).isCloseTo(high, withinPercentage(1));
    }

    @Test
    void rowsOfOneUserAreOneObservation() {
        SplittableRandom random = new SplittableRandom(1);
        List<Shown> once = new ArrayList<>();
        List<Shown> repeated = new ArrayList<>();
        List<Shown> ofOthers = new ArrayList<>();
        for (int user = 0; user < 400; user++) {
            Shown row = row(user, random.nextInt(2) == 0, 0.1, 0.1, 0, 0);
            once.add(row);
            for (int time = 0; time < 9; time++) {
                repeated.add(row);
                ofOthers.add(row(user * 9 + time, row.isClicked(), 0.1, 0.1, 0, 0));
            }
        }

        assertThat(width(repeated)).isCloseTo(width(once), withinPercentage(5));
        assertThat(width(ofOthers)).isCloseTo(width(once) / 3, withinPercentage(2)); // √9
    }

    private static double width(List<Shown> rows) {
        Estimate found = new OffPolicyEstimates(rows, NO_CLIP).ips();
        return found.high() - found.low();
    }

    @Test
    void whatHangsOnOneUserIsUncertain() {
        OffPolicyEstimates found = new OffPolicyEstimates(
                List.of(row(0, true, 0.5, 1, 0, 0), row(1, true, 0.5, 0, 0, 0), row(2, false, 0.5, 0, 0, 0)), NO_CLIP);

        assertThat(found.selfNormalised().value()).isEqualTo(1);
        assertThat(found.selfNormalised().low()).isLessThan(0.05);
        assertThat(found.selfNormalised().high()).isGreaterThan(2);
    }

    /** Users of five kinds who come up to eight times, and click more or less often than each other. */
    @Test
    void intervalsHoldTheTruthOfAKnownWorld() {
        assertCovered(new World(300, 8, 10, 0.05, 0.25, 0.04));
    }

    /** Few clicks, and propensities down to a thousandth, where standard errors alone leave out the truth in two of five logs. */
    @Test
    void intervalsHoldTheTruthWhereClicksAreRare() {
        assertCovered(new World(2_000, 1, 30, 0.002, 0.02, 0.001));
    }

    private static void assertCovered(World world) {
        int logs = 1_000;
        Map<String, Integer> covered = new TreeMap<>();
        for (int seed = 0; seed < logs; seed++) {
            OffPolicyEstimates found = new OffPolicyEstimates(world.log(seed), NO_CLIP);
            Map.of(
                            "ips", found.ips(),
                            "self-normalised", found.selfNormalised(),
                            "doubly robust", found.doublyRobust())
                    .forEach((name, estimate) -> covered.merge(
                            name,
                            estimate.low() <= world.truth() && world.truth() <= estimate.high() ? 1 : 0,
                            Integer::sum));
        }

        assertThat(covered).hasSize(3).allSatisfy((name, count) -> assertThat(count)
                .isGreaterThanOrEqualTo(940));
    }

    /**
     * A world whose logged policy has a taste of its own for each kind of user; the candidate shows all items alike.
     *
     * @param visits most rows of a user
     * @param least click rate of an item
     * @param most click rate of an item
     * @param floor least propensity
     */
    private record World(int users, int visits, int items, double least, double most, double floor) {

        private static final int KINDS = 5;

        private double rate(int kind, int item) {
            return least + (most - least) * ((item * 7 + kind * 3) % items) / (items - 1.0);
        }

        double truth() {
            return IntStream.range(0, KINDS * items)
                    .mapToDouble(at -> rate(at / items, at % items))
                    .average()
                    .orElseThrow();
        }

        private double[] propensities(int kind) {
            double[] shares = IntStream.range(0, items)
                    .mapToDouble(item -> Math.pow(0.7, (item + kind * 2) % items))
                    .toArray();
            double sum = Arrays.stream(shares).sum();
            return Arrays.stream(shares)
                    .map(share -> floor + (1 - items * floor) * share / sum)
                    .toArray();
        }

        List<Shown> log(int seed) {
            SplittableRandom random = new SplittableRandom(seed);
            List<Shown> rows = new ArrayList<>();
            for (int user = 0; user < users; user++) {
                int kind = random.nextInt(KINDS);
                double likes = visits == 1 ? 1 : random.nextDouble(0.2, 1.8);
                double[] propensities = propensities(kind);
                for (int visit = random.nextInt(visits); visit >= 0; visit--) {
                    int item = 0;
                    for (double left = random.nextDouble() - propensities[0]; left > 0 && item < items - 1; ) {
                        left -= propensities[++item];
                    }
                    boolean isClicked = random.nextDouble() < likes * rate(kind, item);
                    rows.add(new Shown(user, item, 1, isClicked, propensities[item], 0, 0, 0));
                }
            }
            return ClickRates.against((item, place) -> 1.0 / items, rows, items);
        }
    }

    private static Shown row(
            int user, boolean isClicked, double propensity, double candidate, double expected, double ofCandidate) {
        return new Shown(user, 0, 1, isClicked, propensity, candidate, expected, ofCandidate);
    }
}
