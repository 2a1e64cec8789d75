package dev.millrace.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class RejectReasonTest {

    /** They stand in headers and books that earlier versions wrote. */
    @Test
    void labelsStayAsTheyAre() {
        assertThat(RejectReason.values())
                .extracting(RejectReason::label)
                .containsExactly(
                        "undecodable",
                        "unknown-schema",
                        "null-value",
                        "bad-key",
                        "bad-partition",
                        "misplaced-removal",
                        "bad-id",
                        "bad-user",
                        "bad-item",
                        "bad-exposure",
                        "bad-action",
                        "bad-weight",
                        "bad-time",
                        "bad-value",
                        "bad-component",
                        "refused-step",
                        "too-large");
    }

    @Test
    void brokenRuleNamesTheFieldOfItsReason() {
        assertThatThrownBy(() -> Require.id(RejectReason.BAD_USER, " "))
                .hasMessage("user = \" \": must not be blank")
                .isInstanceOfSatisfying(
                        UnusableEventException.class,
                        broken -> assertThat(broken.rejected().reason()).isEqualTo(RejectReason.BAD_USER));
    }
}
