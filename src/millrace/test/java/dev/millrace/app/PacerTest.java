package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.replay.Pace;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.settings.InvalidSettingsException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PacerTest {

    private static final long START = 1_650_000_000_000L;

    private long nowNanos = 42;
    private final List<Long> sleptMillis = new ArrayList<>();

    @Test
    void sixtyTimesRealTimeLetsAMinutePassInASecond() throws InterruptedException {
        Pacer pacer = pacer("60");

        pacer.await(at(START));
        pacer.await(at(START + 60_000));
        pacer.await(at(START + 90_000));

        assertThat(sleptMillis).containsExactly(1_000L, 500L);
    }

    @Test
    void timeThatSendingTookIsNotSleptAgain() throws InterruptedException {
        Pacer pacer = pacer("1");
        pacer.await(at(START));

        nowNanos += 300_000_000;
        pacer.await(at(START + 1_000));
        nowNanos += 5_000_000_000L;
        pacer.await(at(START + 2_000));

        assertThat(sleptMillis).containsExactly(700L);
    }

    @Test
    void eventsPerSecondIgnoreEventTime() throws InterruptedException {
        Pacer pacer = pacer("100/s");

        for (int number = 0; number < 4; number++) {
            pacer.await(at(START));
        }

        assertThat(sleptMillis).containsExactly(10L, 10L, 10L);
    }

    @Test
    void maxNeverSleeps() throws InterruptedException {
        Pacer pacer = pacer("max");

        pacer.await(at(START));
        pacer.await(at(START + 1_000_000));

        assertThat(sleptMillis).isEmpty();
    }

    /** 100 events in the 2 s in which the rate rises to 100 a second: a quarter of them in the first half. */
    @Test
    void aRateRisesEvenlyAndThenStays() {
        Pace rising = new Pace.Rising(100, 2);

        assertThat(rising.dueNanos(START, START, 0)).isZero();
        assertThat(rising.dueNanos(START, START, 25)).isCloseTo(1e9, within(1.0));
        assertThat(rising.dueNanos(START, START, 100)).isCloseTo(2e9, within(1.0));
        assertThat(rising.dueNanos(START, START, 101)).isCloseTo(2.01e9, within(1.0));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "fast", "0", "-1", "NaN", "Infinity", "0/s", "x/s", "/s"})
    void whatIsNoPaceIsAFault(String text) {
        assertThatThrownBy(() -> Pace.parse(text)).isInstanceOf(InvalidSettingsException.class);
    }

    private Pacer pacer(String pace) {
        return new Pacer(Pace.parse(pace), () -> nowNanos, nanos -> {
            sleptMillis.add(nanos / 1_000_000);
            nowNanos += nanos;
        });
    }

    private static ReplayEvent at(long time) {
        return new ReplayEvent.ItemListing(new CatalogueItem("i", time, Features.NONE));
    }
}
