package dev.millrace.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.feature.FeatureSpec;
import dev.millrace.feature.FeatureSpec.Kind;
import dev.millrace.feature.FeatureSpec.Source;
import dev.millrace.feature.Pooling;
import dev.millrace.feature.TextGrams;
import org.junit.jupiter.api.Test;

class ModelSettingsTest {

    @Test
    void towersReadIdsAndHistoryByDefault() {
        ModelSettings settings = Scenes.plainSettings();

        assertThat(settings.user())
                .containsExactly(
                        new FeatureSpec(
                                "user", Source.USER, Kind.ID, "user", Scenes.DIM, 50, Pooling.MEAN, TextGrams.NONE),
                        new FeatureSpec(
                                "history",
                                Source.HISTORY,
                                Kind.BAG,
                                "item",
                                Scenes.DIM,
                                20,
                                new Pooling(Pooling.Kind.POSITIONS, 0.7),
                                TextGrams.NONE));
        assertThat(settings.item())
                .containsExactly(new FeatureSpec(
                        "item", Source.ITEM, Kind.ID, "item", Scenes.DIM, 50, Pooling.MEAN, TextGrams.NONE));
    }

    @Test
    void generationNamesDifferWheneverAnySettingDoes() {
        String name = Scenes.plainSettings().generationName();

        assertThat(name)
                .matches("g1-[0-9a-f]{8}")
                .isEqualTo(Scenes.plainSettings().generationName());
        assertThat(Scenes.plainSettings("optimiser.rows.learning-rate=0.2").generationName())
                .isNotEqualTo(name);
    }
}
