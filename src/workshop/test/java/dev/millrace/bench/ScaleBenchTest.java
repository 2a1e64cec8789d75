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
    void eachSizeIsARow() {
        JsonNode found = found(Map.of("batch.size", "8"), 6, false, new Size(50, 40), new Size(40, 60));

        assertThat(found.path("settings").path("batch.size").asText()).isEqualTo("8");
        assertThat(ToldReport.rows(found.path("sizes")))
                .extracting(row -> row.path("rows").asInt())
                .containsExactly(90, 100);
    }

    @Test
    void onDiskRowsBeyondTheCacheAreReadFromTheStore() {
        // 20,000 rows of 64 floats take some nine times the cache
        JsonNode found =
                found(Map.of("batch.size", "8", "table.cache-bytes", "1048576"), 40, true, new Size(50, 20_000));

        assertThat(found.path("sizes").path(0).path("rowsReadAStep").asDouble()).isPositive();
    }

    private static JsonNode found(Map<String, String> given, int steps, boolean isOnDisk, Size... sizes) {
        SettingsReader reader = new SettingsReader(given);
        TrainerSettings settings = TrainerSettings.read(reader);
        ScaleBench.Plan plan = new ScaleBench.Plan(steps, Duration.ofMinutes(5), true, isOnDisk, STORE_BYTES);
        ToldReport told = new ToldReport();
        new ScaleBench(settings, reader.effective(), plan, told.report()).run(List.of(sizes));
        return told.found();
    }
}
