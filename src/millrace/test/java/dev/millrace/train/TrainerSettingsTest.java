package dev.millrace.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingsReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class TrainerSettingsTest {

    @Test
    void learningBeginsAtTheMillisecond() {
        SettingsReader reader = new SettingsReader(Map.of("learn.from", "1970-01-01T01:00:01.234+01:00"));

        // the offset says that it is one o'clock an hour early: 1.234 s after the epoch
        assertThat(TrainerSettings.read(reader).learnFrom()).isEqualTo(1_234);
    }

    @Test
    void aGraphThatDoesNotRunIsAFaultOfItsReader() throws IOException {
        String narrow = Files.readString(Path.of("config/graphs/mlp.json")).replace("\"nout\": 0", "\"nout\": 7");
        SettingsReader reader = new SettingsReader(
                Map.of("tower.channels", "dl4j", "tower.channel.dl4j.user.graph", narrow, "tower.dim", "8"));
        TrainerSettings.read(reader);

        assertThatThrownBy(reader::finish)
                .isInstanceOf(InvalidSettingsException.class)
                .hasMessageContaining("tower.channel.dl4j.user.graph")
                .hasMessageContaining("must be [rows, 8], as tower.dim is");
    }

    /** A checkpoint has the hash of this text, which another process compares. */
    @Test
    void settingsThatAreReadTwiceAreEqualAndHaveTheSameText() {
        TrainerSettings one = TrainerSettings.read(new SettingsReader(Map.of("tower.channels", "mlp,cross")));
        TrainerSettings other = TrainerSettings.read(new SettingsReader(Map.of("tower.channels", "mlp,cross")));

        assertThat(one).isEqualTo(other).hasToString(other.toString());
    }
}
