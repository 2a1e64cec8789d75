package dev.millrace.cli.option;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProgressOptionTest {

    @Test
    void progressIsForPeopleWhoLookAtATerminal() {
        assertThat(ProgressOption.isShown(false, true, "")).isTrue();
        assertThat(ProgressOption.isShown(false, false, "")).isFalse();
        assertThat(ProgressOption.isShown(true, true, "")).isFalse();
        assertThat(ProgressOption.isShown(false, true, "1")).isFalse();
    }
}
