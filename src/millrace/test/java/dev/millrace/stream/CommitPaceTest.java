package dev.millrace.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CommitPaceTest {

    private static final Duration INTERVAL = Duration.ofMillis(200);

    private long nanos = -5_000_000_000L; // the clock may begin anywhere
    private final CommitPace pace = new CommitPace(INTERVAL, Duration.ofSeconds(2), () -> nanos);

    @Test
    void commitThatWasQuickEndsALongPause() {
        commit(Duration.ofMillis(60));
        pass(Duration.ofMillis(180));
        commit(Duration.ofMillis(10));

        assertThat(pace.left()).isEqualTo(Duration.ofMillis(190));
    }

    @Test
    void ofTheTasksOfACommitTheLongestTimeCounts() {
        pace.begins();
        pass(Duration.ofMillis(20));
        pace.begins();
        pass(Duration.ofMillis(60));
        pace.ends(Duration.ofMillis(80).toNanos());
        pace.ends(Duration.ofMillis(60).toNanos());

        assertThat(pace.left()).isEqualTo(Duration.ofMillis(3 * 80));
    }

    @Test
    void longCommitsLeaveTimeToWork() {
        commit(Duration.ofMinutes(1));

        assertThat(pace.left()).isEqualTo(Duration.ofSeconds(1));
    }

    @Test
    void noPauseIsLongerThanTheTimer() {
        CommitPace slow = new CommitPace(Duration.ofSeconds(1), Duration.ofSeconds(2), () -> nanos);
        slow.begins();
        slow.ends(Duration.ofMinutes(1).toNanos());

        assertThat(slow.left()).isEqualTo(Duration.ofSeconds(2));
    }

    @Test
    void timerIsAQuarterOfATransactionsTime() {
        Duration transaction = Duration.ofSeconds(10);

        assertThat(CommitPace.timer(INTERVAL, transaction)).isEqualTo(Duration.ofMillis(2_500));
        assertThat(CommitPace.timer(Duration.ofSeconds(7), transaction)).isEqualTo(Duration.ofSeconds(7));
    }

    @Test
    void applicationWithoutAnIntervalCommitsAtItsTimer() {
        assertThat(CommitPace.interval(Map.of("commit.interval.ms", 300L))).isEqualTo(Duration.ofMillis(300));
        assertThat(CommitPace.interval(Map.of("commit.interval.ms", 300L, CommitPace.INTERVAL, INTERVAL)))
                .isEqualTo(INTERVAL);
    }

    private void commit(Duration time) {
        pace.begins();
        pass(time);
        pace.ends(time.toNanos());
    }

    private void pass(Duration time) {
        nanos += time.toNanos();
    }
}
