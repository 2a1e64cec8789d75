package dev.millrace.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class CommitPaceTest {

    private final CommitPace pace = new CommitPace(200, 1_000);

    @Test
    void firstCommitIsDueAtOnceAndTheNextAnIntervalAfterItBegan() {
        assertThat(pace.left(5_000)).isZero();

        pace.begins(5_000);
        pace.took(10);

        assertThat(pace.left(5_010)).isEqualTo(190);
        assertThat(pace.left(5_200)).isZero();
        assertThat(pace.left(9_000)).isZero();
    }

    @Test
    void commitsThatTakeLongAreRarer() {
        pace.begins(5_000);
        pace.took(60);

        assertThat(pace.left(5_060)).isEqualTo(4 * 60 - 60);
    }

    @Test
    void commitsAreNeverFurtherApartThanTheLongestPause() {
        pace.begins(5_000);
        pace.took(500);

        assertThat(pace.left(5_500)).isEqualTo(500);
    }

    @Test
    void commitThatWasQuickEndsALongPause() {
        pace.begins(5_000);
        pace.took(60);
        pace.begins(5_480);
        pace.took(10);

        assertThat(pace.left(5_490)).isEqualTo(190);
    }

    @Test
    void timerIsHalfATransactionsTimeAndNeverShorterThanAnInterval() {
        Duration transaction = Duration.ofSeconds(10);

        assertThat(CommitPace.timer(Duration.ofMillis(200), transaction)).isEqualTo(Duration.ofSeconds(5));
        assertThat(CommitPace.timer(Duration.ofSeconds(7), transaction)).isEqualTo(Duration.ofSeconds(7));
    }

    @Test
    void longestPauseIsFiveIntervalsAndNeverLongerThanTheTimer() {
        assertThat(leftAfterALongCommit(
                        Map.of("commit.interval.ms", 5_000L, CommitPace.INTERVAL, Duration.ofMillis(100))))
                .isEqualTo(500);
        assertThat(leftAfterALongCommit(
                        Map.of("commit.interval.ms", 5_000L, CommitPace.INTERVAL, Duration.ofSeconds(2))))
                .isEqualTo(5_000);
    }

    @Test
    void applicationWithoutAnIntervalCommitsAtItsTimer() {
        assertThat(leftAfterALongCommit(Map.of("commit.interval.ms", 300L))).isEqualTo(300);
    }

    private static long leftAfterALongCommit(Map<String, Object> application) {
        CommitPace pace = CommitPace.of(application);
        pace.begins(0);
        pace.took(60_000);
        return pace.left(0);
    }
}
