package dev.millrace.feature;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.state.Sha256;
import java.util.List;
import org.junit.jupiter.api.Test;

class RowKeysTest {

    @Test
    void longKeyBecomesItsHashAndOthersStay() {
        String longest = "k".repeat(RowKeys.MAX_LENGTH);
        String longer = longest + "k";

        assertThat(RowKeys.bounded(List.of("a", longer, longest)))
                .containsExactly("a", "\0sha256:" + Sha256.hex(longer), longest);
        List<String> short_ = List.of("a", longest);
        assertThat(RowKeys.bounded(short_)).isSameAs(short_);
    }
}
