package dev.millrace.topic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.settings.SettingsReader;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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

    private static Topics.Shape shape(Map<String, Topics.Shape> shapes, String name) {
        return Optional.ofNullable(shapes.get(name)).orElseThrow();
    }

    @Test
    void severalLearnersHaveAPartitionEachAndTwoTopicsMore() {
        Map<String, Topics.Shape> alone = shapes(Map.of());
        Map<String, Topics.Shape> shared = shapes(Map.of("learn.shards", "3"));

        assertThat(shared.keySet()).containsAll(alone.keySet()).contains("model-deltas", "model-rounds");
        assertThat(alone).doesNotContainKeys("model-deltas", "model-rounds");
        alone.forEach((name, shape) -> {
            boolean isDivided = List.of("training-examples", "mini-batches").contains(name);
            assertThat(shape(shared, name).partitions()).isEqualTo(isDivided ? 3 : shape.partitions());
        });
        assertThat(shape(shared, "model-deltas").partitions()).isEqualTo(1);
        assertThat(shape(shared, "model-rounds").partitions()).isEqualTo(1);
        assertThat(shape(shared, "model-deltas").configs()).containsEntry("retention.ms", "604800000"); // 7 days
        assertThat(shape(shared, "model-rounds").configs())
                .containsEntry(
                        "retention.ms", shape(shared, "mini-batches").configs().get("retention.ms"));
    }

    @Test
    void oneLearnerWithItsBaseApartHasTheTopicsOfShardsWithOnePartition() {
        Map<String, Topics.Shape> alone = shapes(Map.of());
        Map<String, Topics.Shape> apart = shapes(Map.of("learn.base-apart", "true"));

        assertThat(apart.keySet())
                .hasSize(alone.size() + 2)
                .containsAll(alone.keySet())
                .contains("model-deltas", "model-rounds");
        alone.forEach((name, shape) ->
                assertThat(shape(apart, name).partitions()).as(name).isEqualTo(shape.partitions()));
    }

    @Test
    void whoOwnsTheCatalogueReadsItsChanges() {
        TopicNames alone = TopicNames.read(new SettingsReader(Map.of()));
        TopicNames shared = TopicNames.read(new SettingsReader(Map.of("learn.shards", "3")));

        assertThat(alone.catalogueChanges()).isEqualTo("training-examples");
        assertThat(shared.catalogueChanges()).isEqualTo("model-deltas");
    }
}
