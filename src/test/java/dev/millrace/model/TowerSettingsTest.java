package dev.millrace.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.model.TowerSettings.Channel;
import dev.millrace.model.TowerSettings.Kind;
import dev.millrace.settings.InvalidSettingsException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TowerSettingsTest {

    @Test
    void aChannelIsOfTheKindItIsNamedAfterOrElseDense() {
        TowerSettings towers = Scenes.settings("tower.channels", "cross,click,like", "tower.channel.like.kind", "fm")
                .towers();

        assertThat(towers.channels())
                .containsExactly(
                        new Channel("cross", Kind.CROSS, 1),
                        new Channel("click", Kind.MLP, 1),
                        new Channel("like", Kind.FM, 1));
    }

    @Test
    void oneChannelOfWhateverWeightHasFactorsOfExactlyOne() {
        TowerSettings towers = Scenes.settings("tower.channel.mlp.weight", "3").towers();

        assertThat(towers.userScales()).containsExactly(1f);
        assertThat(towers.itemScales()).containsExactly(1f);
    }

    @Test
    void theFactorsOfBothSidesMakeTheWeightedMean() {
        TowerSettings towers = Scenes.settings("tower.channels", "mlp,cross", "tower.channel.mlp.weight", "3")
                .towers();

        // weights 3 and 1: 3/4 and 1/4
        assertThat(towers.userScales()[0] * towers.itemScales()[0]).isCloseTo(0.75f, within(1e-6f));
        assertThat(towers.userScales()[1] * towers.itemScales()[1]).isCloseTo(0.25f, within(1e-6f));
    }

    @Test
    void vectorsAreAsWideAsAllChannels() {
        assertThat(Scenes.settings("tower.channels", "mlp,cross,fm").width()).isEqualTo(3 * Scenes.DIM);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tower.channels | | must name 1 to 16 channels",
                "tower.channels | mlp,mlp | must name each channel once",
                "tower.channels | Mlp | must be names of lower-case letters",
                "tower.channel.mlp.weight | 0 | must have a channel of a weight above 0",
                "tower.dropout | 1 | must be a number from 0 to 0.95"
            })
    void whatCannotBeIsRefused(String key, String value, String rule) {
        assertThatThrownBy(() -> Scenes.settings(key, value == null ? "" : value))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining(rule);
    }

    @Test
    void productsNeedTwoFieldsOnEitherSide() {
        assertThatThrownBy(() -> Scenes.plainSettings("tower.channels", "fm"))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("features.item = item: must have two features of dim 8");
    }

    @Test
    void onlyItemsHaveAnAge() {
        assertThatThrownBy(() -> Scenes.settings("features.user.city.kind", "age"))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("features.user.city.kind");
    }
}
