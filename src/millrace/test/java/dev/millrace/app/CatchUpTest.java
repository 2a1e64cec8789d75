package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CatchUpTest {

    private static final long SECOND = 1_000_000_000L;

    private final CatchUp catchUp = new CatchUp(10_000);

    @Test
    void saysDistancePaceAndTimeThenTheEnd() {
        assertThat(catchUp.take(0, 0)).isEmpty();
        assertThat(catchUp.take(SECOND, 100_000)).contains("catching up: 0 %, 100,000 records behind");
        assertThat(catchUp.take(2 * SECOND, 99_000)).isEmpty(); // told a second ago
        assertThat(catchUp.take(6 * SECOND, 90_000))
                .contains("catching up: 10 %, 90,000 records behind, 2,000/s, 45 s left");
        assertThat(catchUp.take(11 * SECOND, 25_000))
                .contains("catching up: 75 %, 25,000 records behind, 7,500/s, 3 s left");
        assertThat(catchUp.take(14 * SECOND, 5_000)).isEmpty(); // nearly
        assertThat(catchUp.take(15 * SECOND, 12)).contains("caught up: live from now on");
        assertThat(catchUp.take(16 * SECOND, 12)).isEmpty();
    }

    @Test
    void aLearnerThatFallsBehindGivesNoTime() {
        assertThat(catchUp.take(0, 0)).isEmpty();
        assertThat(catchUp.take(SECOND, 9_999)).isEmpty();
        assertThat(catchUp.take(2 * SECOND, 50_000)).isPresent();
        assertThat(catchUp.take(8 * SECOND, 60_000)).contains("catching up: 0 %, 60,000 records behind");
    }

    @Test
    void longTimesAreMinutesAndHours() {
        catchUp.take(0, 1_000_000);
        assertThat(catchUp.take(10 * SECOND, 999_000)).get().asString().endsWith("100/s, 2 h 46 min left");
        assertThat(catchUp.take(20 * SECOND, 900_000)).get().asString().endsWith("5,000/s, 3 min 00 s left");
    }
}
