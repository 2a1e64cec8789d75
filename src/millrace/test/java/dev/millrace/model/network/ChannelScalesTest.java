package dev.millrace.model.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.model.Scenes;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ChannelScalesTest {

    private static final String OBJECTIVES = "attribution.actions=click,like,share tower.channels=all,click,like"
            + " tower.channel.all.weight=0.5 tower.channel.click.actions=click"
            + " tower.channel.click.weight=3 tower.channel.like.actions=like,share" + " tower.channel.like.weight=0";

    @Test
    void aSingleChannelHasFactorsOfExactlyOne() {
        TowerSettings towers = Scenes.settings("tower.channel.mlp.weight=3").towers();

        assertThat(ChannelScales.ofUsers(towers).asSet()).containsExactly(1f);
        assertThat(ChannelScales.ofItems(towers).asSet()).containsExactly(1f);
    }

    @Test
    void theFactorsOfBothTowersMakeTheWeightedMean() {
        TowerSettings towers = Scenes.settings("tower.channels=mlp,cross tower.channel.mlp.weight=3")
                .towers();

        // weights 3 and 1: 3/4 and 1/4
        assertShares(towers, ChannelScales.ofUsers(towers).asSet(), 0.75f, 0.25f);
    }

    @Test
    void omittedChannelsHaveTheWeightOfTheSettings() {
        TowerSettings towers = Scenes.settings(OBJECTIVES).towers();
        ChannelScales scales = ChannelScales.ofUsers(towers);

        // weights of the settings .5, 3, 0; of the request .5, 3, 4.5: their sum is 8
        assertShares(towers, scales.of(Map.of()), 0.5f / 3.5f, 3 / 3.5f, 0);
        assertShares(towers, scales.of(Map.of("like", 4.5)), 0.0625f, 0.375f, 0.5625f);
        assertThatThrownBy(() -> scales.of(Map.of("all", 0.0, "click", 0.0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("the weights of the channels add up to 0.0: must be above 0");
    }

    @Test
    void channelsLearnTheirActionsOrAll() {
        TowerSettings towers = Scenes.settings(OBJECTIVES).towers();
        ChannelScales scales = ChannelScales.ofUsers(towers);

        // .5 for the channel of all actions, 1 for the channel of this action, whatever their weights in a request
        assertShares(towers, scales.of("click"), 1 / 3f, 2 / 3f, 0);
        assertShares(towers, scales.of("share"), 1 / 3f, 0, 2 / 3f);
        assertThat(scales.of("")).isEqualTo(scales.asSet());
    }

    private static void assertShares(TowerSettings towers, float[] ofUsers, float... shares) {
        float[] ofItems = ChannelScales.ofItems(towers).asSet();
        assertThat(ofUsers).hasSameSizeAs(shares);
        for (int c = 0; c < shares.length; c++) {
            assertThat(ofUsers[c] * ofItems[c]).isCloseTo(shares[c], within(1e-6f));
        }
    }
}
