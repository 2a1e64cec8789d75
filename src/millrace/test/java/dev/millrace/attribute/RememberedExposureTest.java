package dev.millrace.attribute;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.state.Form;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RememberedExposureTest {

    private static final Features CONTEXT = Features.of(Map.of(
            "device", new FeatureValue.Category("phone"),
            "position", new FeatureValue.Quantity(3),
            "tags", new FeatureValue.Bag(List.of("a", "", "long text")),
            "picture", new FeatureValue.Dense(List.of(1f, 2f, 3f))));

    private final RememberedExposure shown =
            new RememberedExposure(1, 2, 3, new Counters.Logarithms(4, 5), CONTEXT, List.of(), Optional.empty(), 0);

    @Test
    void itsEndIsReadBehindAContextOfEveryKind() {
        RememberedExposure chosen = new RememberedExposure(
                1,
                2,
                3,
                new Counters.Logarithms(4, 5),
                CONTEXT,
                List.of(),
                Optional.of(new RememberedExposure.Sample("item", "id")),
                0);

        assertThat(RememberedExposure.end(stored(shown))).isEqualTo(RememberedExposure.End.UNCLICKED);
        assertThat(RememberedExposure.end(stored(chosen))).isEqualTo(RememberedExposure.End.SAMPLED);
        assertThat(RememberedExposure.end(stored(chosen.with("like")))).isEqualTo(RememberedExposure.End.CLICKED);
        assertThat(RememberedExposure.decoded(stored(chosen))).isEqualTo(chosen);
    }

    @Test
    void itKeepsWhereAnExperimentCountsIt() {
        Counters.Logarithms counters = new Counters.Logarithms(4, 5);
        RememberedExposure counted =
                new RememberedExposure(1, 2, 3, counters, CONTEXT, List.of(), Optional.empty(), 17);
        RememberedExposure chosen = new RememberedExposure(
                1, 2, 3, counters, CONTEXT, List.of(), Optional.of(new RememberedExposure.Sample("item", "id")), 17);

        assertThat(RememberedExposure.decoded(stored(counted))).isEqualTo(counted);
        assertThat(RememberedExposure.decoded(stored(chosen))).isEqualTo(chosen);
        assertThat(RememberedExposure.end(stored(counted))).isEqualTo(RememberedExposure.End.UNCLICKED);
        assertThat(RememberedExposure.end(stored(chosen))).isEqualTo(RememberedExposure.End.SAMPLED);
        assertThat(RememberedExposure.end(stored(counted.with("like")))).isEqualTo(RememberedExposure.End.CLICKED);
    }

    private static byte[] stored(RememberedExposure exposure) {
        return Form.written(exposure::fields);
    }
}
