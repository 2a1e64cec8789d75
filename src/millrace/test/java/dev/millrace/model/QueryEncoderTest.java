package dev.millrace.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.attribute.TrainingExample;
import dev.millrace.batch.MiniBatch;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.UserFeatures;
import dev.millrace.model.engine.Loops;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class QueryEncoderTest {

    @ParameterizedTest(name = "{0}")
    @MethodSource("dev.millrace.model.Scenes#towersAndFeatures")
    void encodesAsTheLearnerDoesFromTheQuerySideAlone(String name, String[] declared) {
        ModelSettings settings = Scenes.settings(declared);
        TwoTower model = new TwoTower(settings, Scenes.catalogue());
        TwoTowerStateTest.Store rows = new TwoTowerStateTest.Store();
        QueryEncoder encoder = new QueryEncoder(
                settings, key -> Optional.ofNullable(rows.entries.get(key)).map(QueryEncoder::row));
        for (int step = 1; step <= 3; step++) {
            model.learn(Scenes.batch(step, 24, 10));
            follow(model, encoder, rows);
        }
        List<TrainingExample> examples = new ArrayList<>(Scenes.batch(1, 24, 0).examples());
        examples.addAll(Scenes.batch(99, 24, 0).examples()); // some users and items are new
        float[] expected = new float[model.dim()];
        float[] actual = new float[model.dim()];

        for (TrainingExample example : examples) {
            model.userVectors(List.of(example.user()), List.of(example.context()), expected);
            encoder.encode(example.user(), example.context(), Map.of(), actual);

            for (int d = 0; d < model.dim(); d++) {
                assertThat(actual[d]).as(name).isCloseTo(expected[d], within(1e-5f));
            }
        }
        assertThat(rows.entries.keySet())
                .noneMatch(key -> new String(key, java.nio.charset.StandardCharsets.UTF_8).contains("maker"));
    }

    /** Settings of one numeric feature, so that a user's vector is a function of the number. */
    @Test
    void anExtremeNumberOfOneUserLeavesTheNumbersOfOthersApartInLearnerAndQuery() {
        ModelSettings settings = Scenes.plainSettings(
                "features.user", "age", "features.user.age.kind", "numeric", "tower.skip", "false");
        TwoTower model = new TwoTower(settings, Scenes.catalogue());
        QueryEncoder encoder = new QueryEncoder(settings, key -> Optional.empty());
        for (int step = 1; step <= 10; step++) {
            model.learn(ofAges(Scenes.batch(step, 24, 10), step == 5 ? 1e30 : 40));
        }
        follow(model, encoder, new TwoTowerStateTest.Store());
        InputField age = model.inputFields(Side.USER).get(0);

        // ages of 20 to 69: mean 44.5, deviation √((50² − 1) / 12) = 14.4; one group of the 48 or so may be left out
        assertThat(age.mean()).isBetween(38.0, 51.0);
        assertThat(age.deviation()).isBetween(10.0, 20.0);
        List<float[]> seen = new ArrayList<>();
        for (double number : new double[] {20, 69, 1e30}) {
            UserFeatures user = aged("u", number);
            float[] expected = new float[model.dim()];
            float[] actual = new float[model.dim()];
            model.userVectors(List.of(user), List.of(Features.NONE), expected);
            encoder.encode(user, Features.NONE, Map.of(), actual);
            assertThat(actual).containsExactly(expected, within(1e-6f));
            seen.add(actual);
        }
        assertThat(Loops.now().dot(seen.get(0), 0, seen.get(1), 0, model.dim()))
                .isBetween(-1.01f, 0.9f)
                .isNotZero();
    }

    /** The first example's user gets a number of its own; the others, each a new user, one of 20 to 69. */
    private static MiniBatch ofAges(MiniBatch batch, double first) {
        List<TrainingExample> examples = new ArrayList<>();
        for (TrainingExample example : batch.examples()) {
            boolean isFirst = examples.isEmpty();
            int number = (int) batch.step() * 24 + examples.size();
            UserFeatures user = isFirst ? aged("evil", first) : aged("u" + number, 20 + number * 7 % 50);
            examples.add(Scenes.with(example, user, 1));
        }
        return Scenes.with(batch, examples);
    }

    private static UserFeatures aged(String user, double age) {
        return new UserFeatures(
                user, Scenes.TIME, Features.of(Map.of("age", new FeatureValue.Quantity(age))), List.of());
    }

    @Test
    void weightsOfChannelsAndALearnedTemperatureAreTheLearnersOwn() {
        ModelSettings settings = Scenes.settings(
                Stream.concat(Arrays.stream(Scenes.OBJECTIVES), Stream.of("loss.temperature.learned", "true"))
                        .toArray(String[]::new));
        TwoTower model = new TwoTower(settings, Scenes.catalogue());
        TwoTowerStateTest.Store rows = new TwoTowerStateTest.Store();
        QueryEncoder encoder = new QueryEncoder(
                settings, key -> Optional.ofNullable(rows.entries.get(key)).map(QueryEncoder::row));
        model.learn(Scenes.batch(1, 24, 10));
        follow(model, encoder, rows);
        float[] expected = new float[model.dim()];
        float[] actual = new float[model.dim()];

        for (Map<String, Double> weights :
                List.of(Map.<String, Double>of(), Map.of("like", 3.0), Map.of("all", 0.0, "click", 0.0, "like", 1.0))) {
            for (TrainingExample example : Scenes.batch(1, 24, 0).examples()) {
                model.userVectors(List.of(example.user()), List.of(example.context()), weights, expected);
                encoder.encode(example.user(), example.context(), weights, actual);

                for (int d = 0; d < model.dim(); d++) {
                    assertThat(actual[d]).isCloseTo(expected[d], within(1e-5f));
                }
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
        QueryEncoder encoder = new QueryEncoder(settings, key -> Optional.empty());
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
            QueryEncoder encoder = new QueryEncoder(settings, key -> Optional.empty());
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
        QueryEncoder other = new QueryEncoder(Scenes.settings("model.generation", "g2"), key -> Optional.empty());

        assertThatThrownBy(() -> model.drainDirty(sink(model, other))).isInstanceOf(FingerprintMismatchException.class);
    }

    private static void follow(TwoTower model, QueryEncoder encoder, TwoTowerStateTest.Store rows) {
        TwoTowerStateTest.Store drained = new TwoTowerStateTest.Store();
        model.drainDirty(drained);
        drained.entries.forEach((key, value) -> {
            if (model.isQuerySide(key)) {
                if (QueryEncoder.isRow(key)) {
                    rows.put(key, value);
                } else {
                    encoder.update(key, value);
                }
            }
        });
        encoder.refresh();
    }

    private static dev.millrace.state.EntrySink sink(TwoTower model, QueryEncoder encoder) {
        return new dev.millrace.state.EntrySink() {
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
