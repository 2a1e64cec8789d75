package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.topic.EmbeddedBroker;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a replay says of what it sent. */
class ReplayCommandIT {

    private static final int EVENTS = 50;

    private final Commands commands = new Commands();

    @Test
    void aProgramGetsARowForEachTopic(@TempDir Path folder) throws Exception {
        try (EmbeddedBroker broker = EmbeddedBroker.start(folder)) {
            Map<String, String> given = Map.of("kafka.bootstrap.servers", broker.bootstrapServers());
            assertThat(commands.run(given, "topics", "create")).isZero();
            List<String> replay = new ArrayList<>(List.of("replay", "--shop", "--events", "" + EVENTS));
            replay.addAll(GeneratedShop.OPTIONS);
            replay.addAll(List.of("--output", "json"));

            assertThat(commands.run(given, replay.toArray(String[]::new))).isZero();

            Map<String, Long> sent = new TreeMap<>();
            for (JsonNode row : new ObjectMapper().readTree(commands.out())) {
                sent.put(row.path("topic").asText(), row.path("sent").asLong());
            }
            assertThat(sent).containsOnlyKeys("exposures", "clicks", "users", "items");
            assertThat(sent.getOrDefault("exposures", 0L) + sent.getOrDefault("clicks", 0L))
                    .isEqualTo(EVENTS);
        }
    }
}
