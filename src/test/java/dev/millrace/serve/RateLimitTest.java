package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RateLimitTest {

    private static final long SECOND = 1_000_000_000;

    private final AtomicLong now = new AtomicLong(-5 * SECOND); // such a clock may begin anywhere

    @Test
    void aSecondsWorthGoesThroughAtOnceAndThenAsManyASecond() {
        RateLimit limit = new RateLimit(10, now::get);

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
        RateLimit limit = new RateLimit(10, now::get);

        assertThat(limit.admits(25)).isTrue();
        now.addAndGet(SECOND);
        assertThat(limit.admits(1)).isFalse(); // 10 − 25 + 10 = −5
        now.addAndGet(SECOND);
        assertThat(limit.admits(5)).isTrue();
        assertThat(limit.admits(1)).isFalse();
    }

    @Test
    void aRestSavesUpNoMoreThanASecond() {
        RateLimit limit = new RateLimit(2, now::get);
        now.addAndGet(100 * SECOND);

        assertThat(limit.admits(2)).isTrue();
        assertThat(limit.admits(1)).isFalse();
    }

    @Test
    void zeroIsNoLimit() {
        RateLimit limit = new RateLimit(0, now::get);

        assertThat(limit.admits(1_000_000)).isTrue();
        assertThat(limit.admits(1_000_000)).isTrue();
    }
}
