package dev.millrace.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.bench.ScaleBench.Size;
import dev.millrace.settings.SettingsReader;
import dev.millrace.train.TrainerSettings;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class ScaleBenchTest {

    private static final long STORE_BYTES = 16 << 20;

    @Test
    void onDiskRowsBeyondTheCacheAreReadFromTheStore() {
        // 20,000 rows of 64 floats take some nine times the cache
        SettingsReader reader = new SettingsReader(Map.of("batch.size", "8", "table.cache-bytes", "1048576"));
        TrainerSettings settings = TrainerSettings.read(reader);
        ScaleBench.Plan plan = new ScaleBench.Plan(40, Duration.ofMinutes(5), true, true, STORE_BYTES);
        ToldReport told = new ToldReport();

        new ScaleBench(settings, reader.effective(), plan, told.report()).run(List.of(new Size(50, 20_000)));

        JsonNode found = told.found();
        assertThat(found.at("/settings/batch.size").asText()).isEqualTo("8");
        assertThat(found.at("/sizes/0/rows").asInt()).isEqualTo(20_050);
        assertThat(found.at("/sizes/0/rowsReadAStep").asDouble()).isPositive();
    }
}
