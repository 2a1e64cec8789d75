package dev.millrace.stream.shard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RowSharesTest {

    @Test
    void learnersShareEquallyAndWhoIsAloneHasAll() {
        RowShares shares = new RowShares(1_200);
        List<Long> parts = new ArrayList<>(List.of(shares.one())); // of the first one, which comes

        for (int learner = 0; learner < 3; learner++) {
            shares.join();
            parts.add(shares.one());
        }
        shares.leave();
        parts.add(shares.one());

        assertThat(parts).containsExactly(1_200L, 1_200L, 600L, 400L, 600L);
    }
}
