package dev.millrace.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.Fields;
import org.junit.jupiter.api.Test;

class MixtureTest {

    @Test
    void aNewModelCountsPopularityAsMuchAsItsTowers() {
        assertThat(new Mixture().popularityWeight()).isEqualTo(1);
    }

    @Test
    void aStepIsThatOfAdagrad() {
        Mixture mixture = new Mixture();

        mixture.learn(new Mixture.Gradient(-0.2, 0.1));
        mixture.learn(new Mixture.Gradient(-0.2, 0.1));

        // .5 + .05 · .2 / √(.001 + .04) + .05 · .2 / √(.001 + .08)
        assertThat(mixture.towers()).isCloseTo(0.5 + 0.01 / Math.sqrt(0.041) + 0.01 / Math.sqrt(0.081), within(1e-12));
        // .5 − .05 · .1 / √(.001 + .01) − .05 · .1 / √(.001 + .02)
        assertThat(mixture.popularity())
                .isCloseTo(0.5 - 0.005 / Math.sqrt(0.011) - 0.005 / Math.sqrt(0.021), within(1e-12));
    }

    @Test
    void theWeightsStayInTheirBounds() {
        Mixture mixture = new Mixture();

        for (int step = 0; step < 100_000; step++) {
            mixture.learn(new Mixture.Gradient(1, -1));
        }

        assertThat(mixture.towers()).isEqualTo(0.01);
        assertThat(mixture.popularity()).isEqualTo(10);
        // what a request may ask for at most
        assertThat(mixture.popularityWeight()).isEqualTo(10);
    }

    @Test
    void aGradientThatIsNotFiniteMovesNothing() {
        Mixture mixture = new Mixture();
        mixture.drain();

        mixture.learn(new Mixture.Gradient(Double.NaN, 1));
        mixture.learn(new Mixture.Gradient(1, Double.POSITIVE_INFINITY));

        assertThat(mixture.popularityWeight()).isEqualTo(1);
        assertThat(mixture.drain()).isFalse();
    }

    @Test
    void aRestoredOneGoesOnAlike() {
        Mixture first = new Mixture();
        first.learn(new Mixture.Gradient(0.3, -0.7));
        Mixture second = new Mixture();

        second.restore(first.entry());
        first.learn(new Mixture.Gradient(0.1, 0.2));
        second.learn(new Mixture.Gradient(0.1, 0.2));

        assertThat(second.entry()).isEqualTo(first.entry());
        assertThat(Mixture.readPopularityWeight(second.entry())).isEqualTo(first.popularityWeight());
    }

    @Test
    void towersThatLearntWithoutAMixtureCountAlone() {
        TwoTower trained = new TwoTower(Scenes.settings(), Scenes.catalogue());
        TwoTowerStateTest.Store stored = new TwoTowerStateTest.Store();
        trained.drainDirty(stored);
        TwoTower upgraded = new TwoTower(Scenes.settings(), Scenes.catalogue());
        stored.entries.forEach((key, value) -> {
            if (!ModelEntry.Kind.MIXTURE.isOf(key)) {
                upgraded.restore(key, value);
            }
        });

        upgraded.begin(0);

        assertThat(trained.mixture().popularityWeight()).isEqualTo(1);
        assertThat(upgraded.mixture().popularityWeight()).isZero();
        assertThat(upgraded.mixture().towers()).isEqualTo(1);
    }

    @Test
    void weightsOutsideTheirBoundsAreNotRestored() {
        byte[] entry =
                new Fields().number(0).number(1).number(0.001).number(0.001).framed();

        assertThatThrownBy(() -> new Mixture().restore(entry))
                .isInstanceOf(CorruptEntryException.class)
                .hasMessageContaining("the weights of towers and popularity are 0.0 and 1.0");
    }
}
