package dev.millrace.model.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.model.Scenes;
import dev.millrace.model.network.TowerSettings.Channel;
import dev.millrace.model.network.TowerSettings.Kind;
import dev.millrace.settings.InvalidSettingsException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TowerSettingsTest {

    @Test
    void theNameOfAChannelIsItsDefaultKindOrElseItIsMlp() {
        TowerSettings towers = Scenes.settings("tower.channels=cross,click,like tower.channel.like.kind=fm")
                .towers();

        assertThat(towers.channels())
                .containsExactly(
                        new Channel("cross", Kind.CROSS, 1, List.of(), Optional.empty(), Optional.empty()),
                        new Channel("click", Kind.MLP, 1, List.of(), Optional.empty(), Optional.empty()),
                        new Channel("like", Kind.FM, 1, List.of(), Optional.empty(), Optional.empty()));
    }

    @Test
    void requestsMayWeighSeveralChannels() {
        assertThat(Scenes.settings().towers().queryWeights()).isEmpty();
        assertThat(Scenes.settings("tower.channels=mlp,cross tower.channel.mlp.weight=3")
                        .towers()
                        .queryWeights())
                .isEqualTo(new TreeMap<>(Map.of("mlp", 3.0, "cross", 1.0)));
    }

    @Test
    void vectorsAreAsWideAsAllChannels() {
        assertThat(Scenes.settings("tower.channels=mlp,cross,fm").width()).isEqualTo(3 * Scenes.DIM);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "tower.channels= | must name 1 to 16 channels",
                "tower.channels=mlp,mlp | must name each channel once",
                "tower.channels=Mlp | must be names of lower-case letters",
                "tower.channels=mlp,popularity | must not name one popularity",
                "tower.channel.mlp.weight=0 | must have a channel of a weight above 0",
                "tower.dropout=1 | must be a number from 0 to 0.95",
                "tower.channels=cross tower.shared-bottom=8 | must be empty where no channel is of kind mlp",
                "tower.channels=cross tower.dropout=0.1 | must be 0 where there are no hidden layers",
                "attribution.actions=click,like tower.channels=click tower.channel.click.actions=click |"
                        + " attribution.actions = like",
                "tower.channels=mlp,like tower.channel.like.actions=like | must be among attribution.actions",
                "loss.objectives.learned=true | must be false unless the channels name two actions",
                "tower.channels=fm features.item.maker.dim=4 features.item.tags.dim=4 features.item.tags.table=tags |"
                        + " must have two features of dim 8",
                "features.user.city.kind=age | features.user.city.kind",
                "features.user.history.dim=4 | of the other features of table item",
                "features.item.item.source=user | features.item.item.source",
                "negatives.in-batch=false negatives.hard-in-batch=5 | must be 0 with negatives.in-batch = false",
                "optimiser.rows.kind=ftrl optimiser.rows.schedule.kind=exponential | must be constant with ftrl"
            })
    void impossibleSettingsAreRefused(String given, String rule) {

        assertThatThrownBy(() -> Scenes.settings(given))
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining(rule);
    }
}
