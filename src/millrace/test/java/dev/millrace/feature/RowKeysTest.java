package dev.millrace.feature;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.state.Sha256;
import org.junit.jupiter.api.Test;

class RowKeysTest {

    @Test
    void longKeyBecomesItsHashAndOthersStay() {
        String longest = "k".repeat(RowKeys.MAX_LENGTH);
        String longer = longest + "k";

        assertThat(RowKeys.bounded("a")).isEqualTo("a");
        assertThat(RowKeys.bounded(longer)).isEqualTo("\0sha256:" + Sha256.hex(longer));
        assertThat(RowKeys.bounded(longest)).isSameAs(longest);
    }
}
