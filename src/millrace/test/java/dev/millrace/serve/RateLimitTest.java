package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateLimitTest {

    private static final String UNIT = "questions a second (serve.max-rate)";
    private static final long SECOND = 1_000_000_000;

    private final AtomicLong now = new AtomicLong(-5 * SECOND); // such a clock may begin anywhere

    @Test
    void aSecondsWorthGoesThroughAtOnceAndThenAsManyASecond() {
        RateLimit limit = new RateLimit(10, UNIT, now::get);

        int admitted = 0;
        for (int tenth = 0; tenth <= 20; tenth++) {
            for (int question = 0; question < 5; question++) {
                admitted += limit.admits(1) ? 1 : 0;
            }
            now.addAndGet(SECOND / 10);
        }

        // ten at first, then one a tenth
        assertThat(admitted).isEqualTo(10 + 20);
    }

    @Test
    void whoAsksForMuchIsPaidForByThoseWhoComeAfter() {
        RateLimit limit = new RateLimit(10, UNIT, now::get);

        assertThat(limit.admits(25)).isTrue();
        now.addAndGet(SECOND);
        assertThat(limit.admits(1)).isFalse(); // 10 − 25 + 10 = −5
        now.addAndGet(SECOND);
        assertThat(limit.admits(5)).isTrue();
        assertThat(limit.admits(1)).isFalse();
    }

    @Test
    void aBatchOwesWhatItHasBeyondItsFirstQuestion() {
        RateLimit limit = new RateLimit(10, UNIT, now::get);

        assertThat(limit.admits(1)).isTrue(); // as all requests do
        assertThat(limit.admitsAll(25)).isTrue(); // a second's worth was there
        now.addAndGet(2 * SECOND); // 10 − 25 + 20 = 5
        assertThat(limit.admits(1)).isTrue();
        assertThat(limit.admitsAll(6)).isFalse();
        assertThat(limit.admitsAll(5)).isTrue();
    }

    @Test
    void fractionsAddUp() {
        RateLimit limit = new RateLimit(1, UNIT, now::get);

        for (int file = 0; file < 4; file++) {
            assertThat(limit.admits(0.25)).isTrue();
        }
        assertThat(limit.admits(0.25)).isFalse();
    }

    @Test
    void aRestSavesUpNoMoreThanASecond() {
        RateLimit limit = new RateLimit(2, UNIT, now::get);
        now.addAndGet(100 * SECOND);

        assertThat(limit.admits(2)).isTrue();
        assertThat(limit.admits(1)).isFalse();
    }

    @Test
    void zeroIsNoLimit() {
        RateLimit limit = new RateLimit(0, UNIT, now::get);

        assertThat(limit.admits(1_000_000)).isTrue();
        assertThat(limit.admits(1_000_000)).isTrue();
    }
}
