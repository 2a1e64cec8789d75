package dev.millrace.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.EntrySink;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class QueryEncoderTest {

    @ParameterizedTest(name = "{0}")
    @MethodSource("dev.millrace.model.Scenes#towersAndFeatures")
    void encodesAsTheLearnerDoesFromTheQuerySideAlone(String name, String declared) {
        ModelSettings settings = Scenes.settings(declared);
        TwoTower model = new TwoTower(settings, Scenes.catalogue());
        TwoTowerStateTest.Store rows = new TwoTowerStateTest.Store();
        QueryEncoder encoder = new QueryEncoder(
                settings,
                key -> Optional.ofNullable(rows.entries.get(key)).map(QueryEncoder::row),
                Scenes.catalogue()::features);
        for (int step = 1; step <= 3; step++) {
            model.learn(Scenes.batch(step, 24, 10));
            follow(model, encoder, rows);
        }
        List<TrainingExample> examples = new ArrayList<>(Scenes.batch(1, 24, 0).examples());
        examples.addAll(Scenes.batch(99, 24, 0).examples()); // some users and items are new
        examples.forEach(example -> encoded(model, encoder, example.user(), example.context(), Map.of()));

        assertThat(rows.entries.keySet())
                .noneMatch(key -> !declared.contains("history.maker")
                        && new String(key, java.nio.charset.StandardCharsets.UTF_8).contains("maker"));
    }

    @Test
    void channelWeightsAndTemperatureAreTheLearners() {
        ModelSettings settings = Scenes.settings(Scenes.OBJECTIVES + " loss.temperature.learned=true");
        TwoTower model = new TwoTower(settings, Scenes.catalogue());
        TwoTowerStateTest.Store rows = new TwoTowerStateTest.Store();
        QueryEncoder encoder = new QueryEncoder(
                settings,
                key -> Optional.ofNullable(rows.entries.get(key)).map(QueryEncoder::row),
                Scenes.catalogue()::features);
        model.learn(Scenes.batch(1, 24, 10));
        follow(model, encoder, rows);
        for (Map<String, Double> weights :
                List.of(Map.<String, Double>of(), Map.of("like", 3.0), Map.of("all", 0.0, "click", 0.0, "like", 1.0))) {
            for (TrainingExample example : Scenes.batch(1, 24, 0).examples()) {
                float[] actual = encoded(model, encoder, example.user(), example.context(), weights);
                // the first channel is of all actions: .5 of 1.5, .5 of 4.5, and none
                double length = Tower.norm(actual, 0, Scenes.DIM);
                double share = weights.isEmpty() ? 0.5 / 1.5 : weights.size() == 1 ? 0.5 / 4.5 : 0;
                assertThat(length).isCloseTo(share * Math.sqrt(3), within(1e-5));
            }
        }
        assertThat(encoder.temperature())
                .isEqualTo(model.temperature())
                .isNotEqualTo(settings.loss().temperature());
    }

    @Test
    void updatesAreSeenAtTheRefreshAndNotBefore() {
        ModelSettings settings = Scenes.settings();
        TwoTower model = new TwoTower(settings, Scenes.catalogue());
        QueryEncoder encoder = new QueryEncoder(settings, key -> Optional.empty(), item -> Features.NONE);
        model.drainDirty(sink(model, encoder));

        assertThat(encoder.isReady()).isFalse();
        assertThatThrownBy(() -> encoder.encode(
                        Scenes.user(new java.util.Random(1)), Features.NONE, Map.of(), new float[Scenes.DIM]))
                .isInstanceOf(IllegalStateException.class);
        encoder.refresh();

        assertThat(encoder.isReady()).isTrue();
    }

    @Test
    void isNotReadyWhileAPartIsMissing() {
        ModelSettings settings = Scenes.settings();
        TwoTower model = new TwoTower(settings, Scenes.catalogue());
        TwoTowerStateTest.Store all = new TwoTowerStateTest.Store();
        model.drainDirty(all);

        for (byte[] missing : all.entries.keySet()) {
            boolean isOptional = ModelEntry.Kind.STATISTICS.isOf(missing) || ModelEntry.Kind.MIXTURE.isOf(missing);
            boolean isNeeded = model.isQuerySide(missing) && !isOptional;
            QueryEncoder encoder = new QueryEncoder(settings, key -> Optional.empty(), item -> Features.NONE);
            for (Map.Entry<byte[], byte[]> entry : all.entries.entrySet()) {
                if (entry.getKey() != missing && model.isQuerySide(entry.getKey())) {
                    encoder.update(entry.getKey(), entry.getValue());
                }
            }
            encoder.refresh();

            assertThat(encoder.isReady()).isEqualTo(!isNeeded);
        }
    }

    @Test
    void weightsOfOtherSettingsAreRefused() {
        TwoTower model = new TwoTower(Scenes.settings(), Scenes.catalogue());
        QueryEncoder other = new QueryEncoder(
                Scenes.settings("model.generation=g2"), key -> Optional.empty(), item -> Features.NONE);

        assertThatThrownBy(() -> model.drainDirty(sink(model, other))).isInstanceOf(FingerprintMismatchException.class);
    }

    /** Returns a user's vector, whose bits are those of the learner. */
    private static float[] encoded(
            TwoTower model, QueryEncoder encoder, UserFeatures user, Features context, Map<String, Double> weights) {
        float[] expected = new float[model.dim()];
        float[] actual = new float[model.dim()];
        model.userVectors(List.of(user), List.of(context), weights, expected);
        encoder.encode(user, context, weights, actual);
        assertThat(actual).containsExactly(expected);
        return actual;
    }

    private static void follow(TwoTower model, QueryEncoder encoder, TwoTowerStateTest.Store rows) {
        TwoTowerStateTest.Store drained = new TwoTowerStateTest.Store();
        model.drainDirty(drained);
        drained.entries.forEach((key, value) -> {
            if (QueryEncoder.isRow(key) && model.isQuerySide(key)) {
                rows.put(key, value);
            } else {
                sink(model, encoder).put(key, value);
            }
        });
        encoder.refresh();
    }

    private static EntrySink sink(TwoTower model, QueryEncoder encoder) {
        return new EntrySink() {
            @Override
            public void put(byte[] key, byte[] value) {
                if (model.isQuerySide(key)) {
                    encoder.update(key, value);
                }
            }

            @Override
            public void delete(byte[] key) {
                encoder.remove(key);
            }
        };
    }
}
