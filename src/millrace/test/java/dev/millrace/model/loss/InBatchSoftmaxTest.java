package dev.millrace.model.loss;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.withPrecision;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.Batches;
import dev.millrace.batch.MiniBatch;
import dev.millrace.model.Scenes;
import dev.millrace.model.engine.Team;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class InBatchSoftmaxTest {

    private static final Loss CLASSIC = softmax(1, Correction.CLASSIC, 2, 0);

    @Test
    void frequentItemIsTheWeakerNegative() {
        // Given two users, two items, all scores equal; item b is drawn 4 times as often as a
        Candidates candidates = candidates(batch(List.of("a", "b"), new double[] {0.1, 0.4}, List.of(), 100), CLASSIC);
        float[] scores = {0, 0, 0, 0};

        double loss = loss(Correction.CLASSIC, scores, candidates, 2);

        // e^{−log Q}: a 10, b 2.5; P(a) = .8, P(b) = .2; L = −(ln .8 + ln .2) / 2. With the wrong sign .8 and .2 would
        // change places.
        assertThat(loss).isCloseTo(-(Math.log(0.8) + Math.log(0.2)) / 2, within(1e-6));
        assertThat(scores[1]).isCloseTo(0.2f / 2, within(1e-6f));
        assertThat(scores[2]).isCloseTo(0.8f / 2, within(1e-6f));
    }

    @Test
    void repeatedItemIsNoNegativeOfItself() {
        // Given item a twice in the batch, once more among the negatives, and b
        Candidates candidates = candidates(
                batch(List.of("a", "a", "b"), new double[] {0.2, 0.2, 0.2}, List.of("a"), 10),
                softmax(1, Correction.NONE, 2, 0));
        float[] scores = {0, 0, 0, 0, 0, 0};

        double loss = loss(Correction.CLASSIC, scores, candidates, 3);

        // example of a: itself and b, P = 1/2; example of b: itself and three columns of a, P(b) = 1/4
        assertThat(candidates.items()).containsExactly("a", "b");
        assertThat(loss).isCloseTo((2 * Math.log(2) + Math.log(4)) / 3, within(1e-6));
        assertThat(scores[4]).isCloseTo(0.75f / 3, within(1e-6f));
    }

    @Test
    void hugeLogitsDoNotOverflow() {
        Candidates candidates = candidates(batch(List.of("a", "b"), new double[] {0.1, 0.1}, List.of(), 10), CLASSIC);
        float[] scores = {5000, -5000, 5000, -5000};

        double loss = loss(Correction.CLASSIC, scores, candidates, 2);

        // the first is certain and right, the second certain and wrong by 10,000
        assertThat(loss).isCloseTo(5000, within(0.01));
        assertThat(scores).containsExactly(new float[] {0f, 0f, 0.5f, -0.5f}, withPrecision(1e-20f));
    }

    @Test
    void nanScoreMakesTheLossNan() {
        Candidates candidates = candidates(batch(List.of("a", "b"), new double[] {0.1, 0.1}, List.of(), 10), CLASSIC);
        float[] scores = {1, Float.NaN, 1, 1};

        double loss = loss(Correction.CLASSIC, scores, candidates, 2);

        assertThat(loss).isNaN();
    }

    @Test
    void yandexLeavesThePositiveUncorrectedAndApart() {
        // Given one user; a, the positive, is drawn with .2, the negative c with .01, once
        MiniBatch batch = batch(List.of("a", "b"), new double[] {0.2, 0.4}, List.of(), 10);
        Candidates candidates = candidates(batch, softmax(1, Correction.YANDEX_2025, 2, 0));
        float[] scores = {0.5f, 1};

        double loss = loss(Correction.YANDEX_2025, scores, candidates, 1);

        // Q'_b = .4 / (1 − .2) = .5: e^1 / .5 = 2e. P = e^.5 / (e^.5 + 2e / 1), w = 1 − P
        double negatives = 2 * Math.E;
        double doubt = 1 - Math.exp(0.5) / (Math.exp(0.5) + negatives);
        assertThat(loss).isCloseTo(doubt * (-0.5 + Math.log(negatives)), within(1e-6));
        assertThat(scores).containsExactly(new float[] {(float) -doubt, (float) doubt}, withPrecision(1e-6f));
    }

    @Test
    void anExampleWithoutNegativesTeachesYandexNothing() {
        MiniBatch batch = batch(List.of("a", "a"), new double[] {1, 1}, List.of(), 1);
        Candidates candidates = candidates(batch, softmax(1, Correction.YANDEX_2025, 2, 0));
        float[] scores = {3, 4};

        double loss = loss(Correction.YANDEX_2025, scores, candidates, 2);

        assertThat(loss).isZero();
        assertThat(scores).containsExactly(0f, 0f);
    }

    @Test
    void figuresOfTheSampleTellRepeatsAndProbabilities() {
        Candidates candidates = candidates(
                batch(List.of("a", "a", "b", "c"), new double[] {0.2, 0.2, 0.1, 0.05}, List.of(), 10), CLASSIC);

        SampleFigures sample = candidates.sample();

        // each of the two examples of a masks the other: 2 of 4 x 4 logits; one of 4 items came before
        assertThat(sample.maskedShare()).isCloseTo(2.0 / 16, within(1e-12));
        assertThat(sample.duplicateShare()).isCloseTo(0.25, within(1e-12));
        assertThat(sample.logQLow()).isCloseTo(Math.log(0.05), within(1e-6));
        assertThat(sample.logQMedian()).isCloseTo(Math.log(0.2), within(1e-6));
        assertThat(sample.logQHigh()).isCloseTo(Math.log(0.2), within(1e-6));
        assertThat(sample.medianProbability()).isCloseTo(0.2, within(1e-6));
    }

    @Test
    void figuresOfTheSampleAreOfTheExamplesThatCount() {
        MiniBatch whole = batch(List.of("a", "b", "c", "c"), new double[] {0.2, 0.1, 0.05, 0.05}, List.of(), 10);
        MiniBatch batch =
                Scenes.each(whole, example -> example.item().equals("c") ? Scenes.weighing(1e-9, example) : example);

        SampleFigures sample = candidates(batch, CLASSIC).sample();

        assertThat(sample.maskedShare()).isZero();
        assertThat(sample.duplicateShare()).isZero();
        assertThat(sample.medianProbability()).isCloseTo(0.2, within(1e-6)); // the upper of 0.1 and 0.2
    }

    @Test
    void figuresWithoutInBatchNegativesCountEveryHit() {
        Loss drawnAlone = Scenes.plainSettings("negatives.in-batch=false").loss();

        SampleFigures sample = candidates(
                        batch(List.of("a", "b"), new double[] {0.2, 0.1}, List.of("a", "c", "a", "d"), 10), drawnAlone)
                .sample();

        // 2 of 2 x 4 logits: both of a, for the example of a
        assertThat(sample.maskedShare()).isCloseTo(2.0 / 8, within(1e-12));
    }

    private static Loss softmax(double temperature, Correction correction, int fullBatch, double popularityExponent) {
        return new Loss(
                temperature,
                correction,
                fullBatch,
                popularityExponent,
                LossForm.SOFTMAX,
                LearnedTemperature.FIXED,
                NegativeRules.ALL_IN_BATCH,
                ObjectiveSettings.NONE);
    }

    private static Candidates candidates(MiniBatch batch, Loss loss) {
        return Candidates.of(batch, loss, NegativePairs.of(batch));
    }

    /** Negatives have a probability of .01, but a's is .2. */
    private static MiniBatch batch(
            List<String> items, double[] probability, List<String> negatives, int catalogueSize) {
        List<TrainingExample> examples = new ArrayList<>();
        float[] logProbability = new float[items.size()];
        for (int i = 0; i < items.size(); i++) {
            examples.add(Scenes.click("u" + i, items.get(i), Scenes.TIME));
            logProbability[i] = (float) Math.log(probability[i]);
        }
        float[] negativeLogProbability = new float[negatives.size()];
        for (int j = 0; j < negatives.size(); j++) {
            negativeLogProbability[j] = (float) Math.log(negatives.get(j).equals("a") ? 0.2 : 0.01);
        }
        return Batches.of(1, 1, List.of(), examples, logProbability, negatives, negativeLogProbability, catalogueSize);
    }

    /** Returns the mean loss of the first examples, and replaces the scores by its gradient. */
    private static double loss(Correction correction, float[] scores, Candidates candidates, int examples) {
        float[] weights = new float[examples];
        Arrays.fill(weights, 1);
        double[] losses = new double[examples];
        new InBatchSoftmax(correction, false, 0, Team.alone())
                .toGradient(new ScoreLoss.Step(scores, new float[0], candidates, weights), losses);
        return Arrays.stream(losses).average().orElseThrow();
    }
}
