package dev.millrace.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class EventTest {

    private static final long TIME = 1_700_000_000_000L;

    @Test
    void idsOfAnyScriptAreTakenAsTheyAre() {
        assertThat(exposure("пользователь-🙂", "其他", TIME).user()).isEqualTo("пользователь-🙂");
    }

    @Test
    void brokenIdsAreRefusedWithPathAndRule() {
        assertThatThrownBy(() -> exposure(" ", "a", TIME))
                .hasMessage("user = \" \": must not be blank")
                .isInstanceOfSatisfying(
                        UnusableEventException.class,
                        broken -> assertThat(broken.rejected().reason()).isEqualTo(RejectReason.BAD_USER));
        assertThatThrownBy(() ->
                        new Exposure("e", "ann", "a", TIME, 0, Features.NONE, Optional.of("g\0"), Optional.empty()))
                .hasMessage("generation = \"g?\": must not contain control characters");
        assertThatThrownBy(() -> exposure("ann", "a\0b", TIME))
                .hasMessage("item = \"a?b\": must not contain control characters");
        assertThatThrownBy(() -> exposure("\ud83d", "a", TIME)).hasMessageContaining("must be valid Unicode");
        assertThatThrownBy(() -> exposure("x".repeat(257), "a", TIME)).hasMessageContaining("at most 256 bytes");
    }

    @Test
    void aPlaceCountsFromOneAndComesWithItsAnswer() {
        assertThatThrownBy(() -> new Exposure.AnswerPlace("a", 0)).hasMessage("place = 0: must be at least 1");
        assertThatThrownBy(() -> new Exposure.AnswerPlace("", 1)).hasMessage("answer = \"\": must not be blank");
        assertThatThrownBy(() -> Exposure.AnswerPlace.of(Optional.empty(), Optional.of(3)))
                .hasMessage("place = 3: must be given together with answer");
        assertThatThrownBy(() -> Exposure.AnswerPlace.of(Optional.of("a"), Optional.empty()))
                .hasMessage("answer = \"a\": must be given together with place");
        assertThat(Exposure.AnswerPlace.of(Optional.empty(), Optional.empty())).isEmpty();
    }

    @Test
    void otherUnitsAreNotMistakenForMilliseconds() {
        assertThatThrownBy(() -> exposure("ann", "a", 1_700_000_000L))
                .isInstanceOf(UnusableEventException.class)
                .hasMessage("time = 1700000000: must be epoch milliseconds between 1980 and 2100");
        assertThatThrownBy(() -> exposure("ann", "a", TIME * 1000)).isInstanceOf(UnusableEventException.class);
    }

    @Test
    void weightsMustBePositiveAndFinite() {
        for (double weight : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
            assertThatThrownBy(
                            () -> new Click("c", "ann", "a", Optional.empty(), "click", weight, TIME, 0, Features.NONE))
                    .isInstanceOf(UnusableEventException.class);
        }
    }

    @Test
    void numbersMustBeFiniteAndWithinBounds() {
        assertThatThrownBy(() -> new FeatureValue.Quantity(Double.NaN))
                .isInstanceOf(UnusableEventException.class)
                .hasMessage("value = NaN: must be finite and at most 1e30 either way");
    }

    /** Headers and books that are stored have them. */
    @Test
    void labelsOfReasonsStayAsTheyAre() {
        assertThat(Arrays.stream(RejectReason.values()).map(RejectReason::label).collect(Collectors.joining(" ")))
                .isEqualTo(
                        "undecodable unknown-schema null-value bad-key bad-partition misplaced-removal bad-id bad-user"
                                + " bad-item bad-exposure bad-generation bad-answer bad-place bad-action bad-weight bad-time bad-value bad-component"
                                + " unknown-experiment refused-step too-large");
    }

    private static Exposure exposure(String user, String item, long time) {
        return new Exposure("e", user, item, time, 0, Features.NONE);
    }
}
