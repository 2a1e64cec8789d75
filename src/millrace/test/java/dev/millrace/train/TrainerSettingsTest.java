package dev.millrace.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.settings.SettingsReader;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class TrainerSettingsTest {

    @Test
    void learningBeginsAtTheMillisecond() {
        SettingsReader reader = new SettingsReader(Map.of("learn.from", "1970-01-01T01:00:01.234+01:00"));

        // the offset says that it is one o'clock an hour early: 1.234 s after the epoch
        assertThat(TrainerSettings.read(reader).learnFrom()).isEqualTo(1_234);
    }
}
