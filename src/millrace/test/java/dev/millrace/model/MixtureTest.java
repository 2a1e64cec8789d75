package dev.millrace.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.popularity.PriorWeights;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Fields;
import org.junit.jupiter.api.Test;

class MixtureTest {

    @Test
    void aNewModelCountsPopularityAsMuchAsItsTowers() {
        assertThat(new Mixture().relative().popularity()).isEqualTo(1);
    }

    @Test
    void aStepIsThatOfAdagrad() {
        Mixture mixture = new Mixture();

        mixture.learn(new Mixture.Gradient(-0.2, new PriorWeights(0.1, 0.2, -0.1, -0.2)));
        mixture.learn(new Mixture.Gradient(-0.2, new PriorWeights(0.1, 0.2, -0.1, -0.2)));

        // .5 + .05 · .2 / √(.001 + .04) + .05 · .2 / √(.001 + .08)
        assertThat(mixture.towers()).isCloseTo(0.5 + 0.01 / Math.sqrt(0.041) + 0.01 / Math.sqrt(0.081), within(1e-12));
        // .5 − .05 · .1 / √(.001 + .01) − .05 · .1 / √(.001 + .02)
        assertThat(mixture.prior().popularity())
                .isCloseTo(0.5 - 0.005 / Math.sqrt(0.011) - 0.005 / Math.sqrt(0.021), within(1e-12));
        // the same from 0, with opposite signs for the weight of towers and of age
        assertThat(mixture.prior().age()).isCloseTo(0.5 - mixture.towers(), within(1e-12));
        assertThat(mixture.prior().newness()).isCloseTo(0.5 - mixture.prior().popularity(), within(1e-12));
        // and for those of towers and of neighbours
        assertThat(mixture.prior().neighbours()).isCloseTo(mixture.towers() - 0.5, within(1e-12));
    }

    @Test
    void theWeightsStayInTheirBounds() {
        Mixture mixture = new Mixture();

        for (int step = 0; step < 100_000; step++) {
            mixture.learn(new Mixture.Gradient(1, new PriorWeights(-1, 1, -1, 1)));
        }

        assertThat(mixture.towers()).isEqualTo(0.01);
        assertThat(mixture.prior()).isEqualTo(new PriorWeights(10, -10, 10, 0));
        // what a request may ask for at most
        assertThat(mixture.relative().popularity()).isEqualTo(10);
    }

    @Test
    void aGradientThatIsNotFiniteMovesNothing() {
        Mixture mixture = new Mixture();
        byte[] before = mixture.stored().value();

        mixture.learn(new Mixture.Gradient(Double.NaN, PriorWeights.ofPopularity(1)));
        mixture.learn(new Mixture.Gradient(1, PriorWeights.ofPopularity(Double.POSITIVE_INFINITY)));
        mixture.learn(new Mixture.Gradient(1, new PriorWeights(1, Double.NaN, 0, 0)));

        assertThat(mixture.relative().popularity()).isEqualTo(1);
        assertThat(mixture.stored().value()).isEqualTo(before);
    }

    @Test
    void aRestoredOneGoesOnAlike() {
        Mixture first = new Mixture();
        first.learn(new Mixture.Gradient(0.3, new PriorWeights(-0.7, 0.4, 0.6, -0.5)));
        Mixture second = new Mixture();

        second.stored().restore(first.stored().value());
        first.learn(new Mixture.Gradient(0.1, new PriorWeights(0.2, 0.3, 0.4, 0.5)));
        second.learn(new Mixture.Gradient(0.1, new PriorWeights(0.2, 0.3, 0.4, 0.5)));

        assertThat(second.stored().value()).isEqualTo(first.stored().value());
        assertThat(Mixture.readRelative(second.stored().value())).isEqualTo(first.relative());
    }

    @Test
    void weightsOutsideTheirBoundsAreNotRestored() {
        Fields zeros = new Fields();
        for (int at = 0; at < 10; at++) {
            zeros.number(0); // of the towers, at least a hundredth
        }

        assertThatThrownBy(() -> new Mixture().stored().restore(zeros.framed()))
                .isInstanceOf(CorruptEntryException.class);
    }
}
