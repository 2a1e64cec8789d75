package dev.millrace.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Fields;
import java.util.Random;
import java.util.function.DoubleSupplier;
import java.util.stream.IntStream;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import org.assertj.core.data.Offset;

class MomentsTest {

    private static final double MEAN = 50;
    private static final double DEVIATION = 20;
    private static final int BATCH = 64;
    private static final int HONEST = 100 * BATCH; // numbers, about a hundred a group

    @Example
    void normalisesByMeanAndDeviation() {
        Moments.Scale scale = of(1_000_001, 1_000_003, 1_000_005);

        // mean 1,000,003, variance (4 + 0 + 4) / 3
        assertThat(scale.normalise(1_000_005)).isCloseTo((float) (2 / Math.sqrt(8.0 / 3)), Offset.offset(1e-6f));
        assertThat(scale.normalise(1_000_003)).isZero();
    }

    @Example
    void oneNumberOrAConstantNormalisesToZero() {
        assertThat(of().normalise(5)).isZero();
        assertThat(of(3).normalise(5)).isZero();
        assertThat(of(3, 3).normalise(5)).isZero();
        assertThat(of(3, 3, 3, 3, 3, 3, 3, 3, 3, 3).normalise(5)).isZero();
    }

    @Example
    void outliersAreCut() {
        assertThat(of(0, 2).normalise(1e12)).isEqualTo(8f);
    }

    @Example
    void aNumberCountsByItsWeight() {
        Moments moments = new Moments();
        moments.plus("ann", 10, 1);
        moments.plus("ann", 40, 0.5);
        moments.settle();

        // mean (10 + 20) / 1.5, variance (100 + .5 · 400) / 1.5
        assertThat(moments.scale().mean()).isCloseTo(20, within(1e-12));
        assertThat(moments.scale().deviation()).isCloseTo(Math.sqrt(200), within(1e-12));
    }

    @Property(tries = 50)
    void agreesWithItsSlowTwin(@ForAll Random random) {
        Moments moments = new Moments();
        MomentsReference reference = new MomentsReference();
        int subjects = 1 + random.nextInt(random.nextBoolean() ? 300 : Moments.FEW_GROUPS);
        int extremes = random.nextInt(100);
        for (int batch = 0; batch < 30; batch++) {
            for (int at = random.nextInt(50); at >= 0; at--) {
                String subject = "u" + (int) (subjects * Math.pow(random.nextDouble(), 2));
                double number = random.nextInt(100) < extremes ? 1e5 * honest(random) : honest(random);
                double weight = 1 - random.nextDouble();
                moments.plus(subject, number, weight);
                reference.plus(subject, number, weight);
            }
            moments.settle();
            reference.settle();

            double size = Math.abs(reference.mean()) + reference.deviation();
            assertThat(moments.scale().mean()).isCloseTo(reference.mean(), within(1e-9 * size));
            assertThat(moments.scale().deviation()).isCloseTo(reference.deviation(), within(1e-9 * size));
        }
    }

    /*
     * What accounts in k of G = 64 groups can do. Their groups have a weight of at most twice the median count. The others have about
     * a hundred numbers each, none fewer than 60 and so .6 of the median: the k have a share p <= 2k / (2k + .6 (G − k)) of the
     * pooled sum. Each of the k lies within 8 D of M, or does not count. D² is the middle of the G spreads, so one of
     * those between the (G/2 − k)th and the (G/2 + 1)th of the honest groups, and these are between .5 and 1.5 of the variance, M
     * within .3 deviations of the mean. In deviations of the honest numbers: 8 D <= 8 √1.5 = 9.8, so the mean moves by at
     * most p · (9.8 + .3), and the variance becomes at most 1.5 + p · (9.8 + .3)², at least .5 (1 − p).
     *
     * k = 1:  p <= .051, mean moves by .51, deviation becomes .69 to 2.6
     * k = 10: p <= .382, mean moves by 3.9, deviation becomes .56 to 6.4
     *
     * With plain moments one number of 1e30 makes the deviation 1e28.
     */
    @Property(tries = 100)
    void accountsMoveTheScaleWithinABound(
            @ForAll Random random, @ForAll boolean isOne, @ForAll @DoubleRange(min = -Double.MAX_VALUE) double number) {
        Moments.Scale scale = attacked(random, isOne ? 1 : 10, attack(random, number));

        double most = isOne ? 0.51 : 3.9;
        assertThat((scale.mean() - MEAN) / DEVIATION).isBetween(-most, most);
        assertThat(scale.deviation() / DEVIATION).isBetween(isOne ? 0.69 : 0.56, isOne ? 2.6 : 6.4);
    }

    /** The k accounts send as much as all others, from the first number on or later. */
    private static Moments.Scale attacked(Random random, int accounts, DoubleSupplier numbers) {
        Moments moments = new Moments();
        int from = random.nextInt(HONEST / 2);
        for (int at = 0; at < HONEST; at++) {
            moments.plus("u" + random.nextInt(10 * HONEST), honest(random), 1);
            if (at >= from) {
                moments.plus("evil" + at % accounts, numbers.getAsDouble(), 1);
            }
            if (at % BATCH == BATCH - 1) {
                moments.settle();
            }
        }
        return moments.scale();
    }

    /** One number again and again, its two signs in turn, the largest ones, or such as just still count. */
    private static DoubleSupplier attack(Random random, double number) {
        double[][] numbers = {
            {number},
            {number, -number},
            {1e300, -1e308},
            {Double.MAX_VALUE},
            {1e30, MEAN},
            {MEAN + 7 * DEVIATION},
            {MEAN + 7 * DEVIATION, MEAN - 7 * DEVIATION}
        };
        double[] chosen = numbers[random.nextInt(numbers.length)];
        return () -> chosen[random.nextInt(chosen.length)];
    }

    /**
     * Broken devices, each once: a share e of all numbers. Each is clipped to 16 deviations, so the variance becomes at most
     * 1 / (1 − 256 e) of the honest one, 1.34 for one of a thousand, and the mean moves by 16 e deviations.
     */
    @Example
    void numbersOfBrokenDevicesDoNotSpoilTheGroupsOneByOne() {
        Random random = new Random(1);
        Moments moments = new Moments();
        for (int at = 0; at < 500_000; at++) {
            moments.plus("u" + at, at > HONEST && at % 1_000 == 0 ? 1e30 : honest(random), 1);
            if (at % BATCH == BATCH - 1) {
                moments.settle();
            }
        }

        assertThat(moments.scale().mean()).isBetween(MEAN - 1, MEAN + 1);
        assertThat(moments.scale().deviation()).isBetween(DEVIATION, 1.2 * DEVIATION); // √1.34 = 1.16
    }

    /**
     * All numbers become a hundredfold. While they are clipped, each adds 16² deviations² to a variance that is a mean over n: n
     * new ones multiply it by e^256, and a ten-thousandfold one takes ln 10⁴ / 256 n = .036 n. Then moments are plain.
     */
    @Example
    void aTrueShiftIsFollowedWithinATwentieth() {
        Random random = new Random(1);
        Moments moments = new Moments();

        for (int at = 0; at < 10 * HONEST + HONEST / 2; at++) {
            moments.plus("u" + at, (at < 10 * HONEST ? 1 : 100) * honest(random), 1);
            if (at % BATCH == BATCH - 1) {
                moments.settle();
            }
        }

        // one of 21 numbers is of mean 5000 and deviation 2000: the mean of all is 286, of their squares 1,383,714
        double plain = Math.sqrt(1_383_714 - 286 * 286);
        // less what was clipped
        assertThat(moments.scale().deviation()).isGreaterThan(0.4 * plain);
        assertThat(moments.scale().normalise(100 * (MEAN + DEVIATION))
                        - moments.scale().normalise(100 * (MEAN - DEVIATION)))
                .isGreaterThan(1f);
    }

    @Example
    void aRareFeatureSurvivesAnExtremeNumber() {
        Moments moments = new Moments();
        for (int at = 0; at < 200; at++) {
            moments.plus("u" + at, at % 40 == 0 ? 1 : 0, 1);
        }
        moments.plus("evil", 1e30, 1);
        moments.settle();

        assertThat(moments.scale().normalise(1)).isGreaterThan(2f);
    }

    @Property(tries = 20)
    void goesOnBitForBitAfterARestart(@ForAll Random random) {
        Moments moments = new Moments();
        Moments copied = new Moments();
        Moments restored = new Moments();
        for (int at = 1; at < 300; at++) {
            String subject = "u" + random.nextInt(100);
            double number = honest(random) * (at % 50 == 0 ? 1e6 : 1);
            for (Moments each : new Moments[] {moments, copied, restored}) {
                each.plus(subject, number, 0.7);
                each.settle();
            }
            copied = copied.copy();
            restored = Moments.read(restored.entry());
        }

        assertThat(restored.entry()).isEqualTo(moments.entry());
        assertThat(copied.entry()).isEqualTo(moments.entry());
        assertThat(restored.scale()).isEqualTo(moments.scale());
    }

    @Example
    void shortIdsAreSpreadOverAllGroups() {
        assertThat(IntStream.range(0, 640).map(at -> Moments.group("u" + at)).distinct())
                .hasSize(Moments.GROUPS);
    }

    @Example
    void impossibleEntriesAreRefused() {
        byte[] ofOldLayout = new Fields().number(2).number(1).number(1).framed();
        Fields negative = new Fields();
        IntStream.range(0, 3 * Moments.GROUPS).forEach(at -> negative.number(-1));

        assertThatThrownBy(() -> Moments.read(ofOldLayout)).isInstanceOf(CorruptEntryException.class);
        assertThatThrownBy(() -> Moments.read(negative.framed()))
                .isInstanceOf(CorruptEntryException.class)
                .hasMessageContaining("count -1.0");
    }

    private static double honest(Random random) {
        return MEAN + DEVIATION * random.nextGaussian();
    }

    /** Each number is of a subject of its own. */
    private static Moments.Scale of(double... numbers) {
        Moments moments = new Moments();
        for (int at = 0; at < numbers.length; at++) {
            moments.plus("u" + at, numbers[at], 1);
        }
        moments.settle();
        return moments.scale();
    }
}
