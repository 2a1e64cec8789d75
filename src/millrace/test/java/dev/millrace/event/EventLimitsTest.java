package dev.millrace.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.feature.FeatureFields;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingsReader;
import dev.millrace.state.Fields;
import dev.millrace.state.Form;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EventLimitsTest {

    private static final int FRAME_BYTES = new Fields().framed().length;

    private final EventLimits limits = new EventLimits(3, 300, 1_000, 500);

    @Test
    void valueBeyondItsLimitIsTooLargeWithFieldSizeAndLimit() {
        Map<FeatureValue, String> beyond = Map.of(
                new FeatureValue.Category("ä".repeat(151)), "302", // two bytes each
                new FeatureValue.Bag(Collections.nCopies(76, "")), "304", // four bytes each for a length of 0
                new FeatureValue.Dense(Collections.nCopies(76, 1f)), "304");

        beyond.forEach((value, bytes) -> assertThatThrownBy(
                        () -> limits.check("context", Features.of(Map.of("title", value))))
                .hasMessage("context.\"title\" = " + bytes + " bytes: must be at most 300 (limits.feature-bytes)")
                .isInstanceOfSatisfying(
                        UnusableEventException.class,
                        broken -> assertThat(broken.rejected().reason()).isEqualTo(RejectReason.TOO_LARGE)));
        assertThatCode(() -> limits.check(
                        "context", Features.of(Map.of("title", new FeatureValue.Category("ä".repeat(150))))))
                .doesNotThrowAnyException();
    }

    @Test
    void numberAndNamesOfFeaturesAreBounded() {
        assertThatThrownBy(() -> limits.check("features", numbers(4)))
                .hasMessage("features = 4 features: must be at most 3 (limits.features)");
        assertThatThrownBy(() ->
                        limits.check("features", Features.of(Map.of("n".repeat(257), new FeatureValue.Quantity(1)))))
                .hasMessageContaining("257 bytes of its name: must be at most 256");
    }

    @Test
    void allTogetherAreCountedAsTheyAreStored() {
        Features features = Features.of(Map.of(
                "text", new FeatureValue.Category("größe"),
                "bag", new FeatureValue.Bag(List.of("a", "", "ccc")),
                "vector", new FeatureValue.Dense(List.of(1f, 2f))));
        int stored = Form.written(form -> FeatureFields.features(form, features)).length - FRAME_BYTES;

        assertThatCode(() -> new EventLimits(3, 256, stored, 256).check("features", features))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> new EventLimits(3, 256, stored - 1, 256).check("features", features))
                .hasMessage("features = " + stored + " bytes: must be at most " + (stored - 1)
                        + " (limits.features-bytes)");
    }

    @Test
    void aProfileHasABoundOfItsOwn() {
        Features features = Features.of(Map.of( // 4, and 12 + 1 + 250 bytes each
                "a", new FeatureValue.Category("x".repeat(250)), "b", new FeatureValue.Category("x".repeat(250))));

        assertThatCode(() -> limits.check("context", features)).doesNotThrowAnyException();
        assertThatThrownBy(() -> limits.checkProfile("features", features))
                .hasMessage("features = 530 bytes: must be at most 500 (limits.profile-bytes)")
                .isInstanceOfSatisfying(
                        UnusableEventException.class,
                        broken -> assertThat(broken.rejected().reason()).isEqualTo(RejectReason.TOO_LARGE));
        assertThatThrownBy(() -> limits.checkProfile("features", numbers(4)))
                .hasMessage("features = 4 features: must be at most 3 (limits.features)");
    }

    @Test
    void allFeaturesMayHaveAtLeastWhatOneMayHave() {
        SettingsReader reader =
                new SettingsReader(Map.of("limits.feature-bytes", "2000", "limits.features-bytes", "1024"));
        EventLimits.read(reader);

        assertThatThrownBy(reader::finish)
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("limits.features-bytes = 1024: must be at least limits.feature-bytes");
    }

    private static Features numbers(int count) {
        return Features.of(IntStream.range(0, count)
                .boxed()
                .collect(Collectors.toMap(at -> "n" + at, at -> new FeatureValue.Quantity(at))));
    }
}
