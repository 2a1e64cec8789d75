package dev.millrace.exam;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Collectors;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class YouthTest {

    @ParameterizedTest
    @CsvSource({
        "-1,         10, hour day", // the item's time is to come
        "0,          0,  hour day ten-clicks",
        "3_599_999,  10, hour day",
        "3_600_000,  10, day",
        "3_600_000,  9,  day ten-clicks",
        "86_399_999, 10, day",
        "86_400_000, 9,  ten-clicks",
        "86_400_000, 10, ''"
    })
    void anItemIsYoungUpToAnHourADayOrTenClicks(String millis, double clicks, String expected) {
        assertThat(Youth.of(Long.parseLong(millis.replace("_", "")), clicks).stream()
                        .map(Youth::label)
                        .collect(Collectors.joining(" ")))
                .isEqualTo(expected);
    }
}
