package dev.millrace.follow;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class FreshnessTest {

    private static final long NOW = 1_700_000_000_000L;

    @Test
    void quantilesAreThoseOfTheClicksSeen() {
        Freshness freshness = new Freshness();
        for (int millis = 1; millis <= 100; millis++) {
            freshness.seen(NOW - millis, NOW);
        }

        // of 1, 2, …, 100 the 50th is 50 and the 99th is 99; bins below 128 ms are one millisecond wide
        assertThat(freshness.overall()).isEqualTo(new Freshness.Quantiles(100, 50, 99));
    }

    @Test
    void afterOneMinuteOnlyTheWholeCountsThem() {
        Freshness freshness = new Freshness();
        freshness.seen(NOW - 9, NOW);
        freshness.seen(NOW + 60_000 - 3, NOW + 60_000);

        assertThat(freshness.recent(NOW + 60_000)).isEqualTo(new Freshness.Quantiles(1, 3, 3));
        assertThat(freshness.overall().count()).isEqualTo(2);
        assertThat(freshness.recent(NOW + 180_000)).isEqualTo(new Freshness.Quantiles(0, 0, 0));
    }

    @Test
    void aClockThatRunsBehindGivesZero() {
        Freshness freshness = new Freshness();

        freshness.seen(NOW + 50, NOW);

        assertThat(freshness.overall()).isEqualTo(new Freshness.Quantiles(1, 0, 0));
    }

    @Property
    void aBinIsWithinOneSixtyFourthAbove(@ForAll @LongRange(min = 0, max = 1L << 39) long millis) {
        DurationCounts counts = new DurationCounts();
        counts.add(millis);

        assertThat(counts.quantile(0.5)).isBetween(millis, millis + millis / 64);
    }
}
