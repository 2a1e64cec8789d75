package dev.millrace.topic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.settings.SettingsReader;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ShardTopicsTest {

    private static Map<String, Topics.Shape> shapes(Map<String, String> given) {
        TopicSettings settings = TopicSettings.read(new SettingsReader(given));
        Map<String, Topics.Shape> shapes = new TreeMap<>();
        new Topics(ClientSettings.of("unused:9092"), settings, Duration.ofSeconds(1))
                .shapes()
                .forEach(shape -> shapes.put(shape.name(), shape));
        return shapes;
    }

    @Test
    void severalLearnersHaveAPartitionEachAndTwoTopicsMore() {
        Map<String, Topics.Shape> alone = shapes(Map.of());
        Map<String, Topics.Shape> shared = shapes(Map.of("learn.shards", "3"));

        assertThat(shared.keySet()).containsAll(alone.keySet()).contains("model-deltas", "model-rounds");
        assertThat(alone).doesNotContainKeys("model-deltas", "model-rounds");
        alone.forEach((name, shape) -> {
            boolean isDivided = List.of("training-examples", "mini-batches").contains(name);
            assertThat(shared.get(name).partitions()).isEqualTo(isDivided ? 3 : shape.partitions());
        });
        assertThat(shared.get("model-deltas").partitions()).isEqualTo(1);
        assertThat(shared.get("model-rounds").partitions()).isEqualTo(1);
        assertThat(shared.get("model-deltas").configs()).containsEntry("retention.ms", "604800000"); // 7 days
        assertThat(shared.get("model-rounds").configs())
                .containsEntry(
                        "retention.ms", shared.get("mini-batches").configs().get("retention.ms"));
    }

    @Test
    void whoOwnsTheCatalogueReadsItsChanges() {
        TopicNames alone = TopicNames.read(new SettingsReader(Map.of()));
        TopicNames shared = TopicNames.read(new SettingsReader(Map.of("learn.shards", "3")));

        assertThat(alone.catalogueChanges()).isEqualTo("training-examples");
        assertThat(shared.catalogueChanges()).isEqualTo("model-deltas");
    }
}
