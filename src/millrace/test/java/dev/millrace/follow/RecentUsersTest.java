package dev.millrace.follow;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RecentUsersTest {

    @Test
    void theLatestComeFirstAndEachOnce() {
        ServedState.RecentUsers users = new ServedState.RecentUsers();
        users.saw("a");
        users.saw("b");
        users.saw("c");

        users.saw("a");
        users.remove("b");

        assertThat(users.latestFirst()).containsExactly("a", "c");
    }

    @Test
    void onlyAFewAreKept() {
        ServedState.RecentUsers users = new ServedState.RecentUsers();

        IntStream.range(0, 1_000).forEach(number -> users.saw("u" + number));

        assertThat(users.latestFirst()).hasSize(12).startsWith("u999").endsWith("u988");
    }
}
