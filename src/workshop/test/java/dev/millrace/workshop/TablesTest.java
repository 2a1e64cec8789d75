package dev.millrace.workshop;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.state.Books;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class TablesTest {

    @Test
    void accountsNameTheirOutcomesAndWhetherTheyBalance() {
        Books.Account account = new Books.Account(
                1_100, 2, new TreeMap<>(Map.of("attributed", 1_090L, "duplicate", 8L, "rejected: bad-key", 0L)));

        assertThat(Tables.account("clicks", account))
                .isEqualTo("clicks             1,100 received = 1,090 attributed + 8 duplicate + 2 waiting");
        // 9 + 0 is not 10
        assertThat(Tables.account("clicks", new Books.Account(10, 0, new TreeMap<>(Map.of("attributed", 9L)))))
                .endsWith("DOES NOT BALANCE");
    }
}
