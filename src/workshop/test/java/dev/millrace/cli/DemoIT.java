package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoIT {

    private static final int EVENTS = 3_000;

    @Test
    void theDemosBooksHoldEveryEventSent(@TempDir Path directory) throws Exception {
        GeneratedShop shop = GeneratedShop.of(EVENTS);

        JsonNode shown = reportOf(directory, EVENTS);

        JsonNode topics = shown.path("topics");
        for (Map.Entry<String, Long> sent : shop.sent().entrySet()) {
            assertThat(topics.path(sent.getKey()).path("received").asLong())
                    .as(sent.getKey())
                    .isEqualTo(sent.getValue());
        }
        for (Map.Entry<String, JsonNode> topic : topics.properties()) {
            JsonNode account = topic.getValue();
            long outcomes = 0;
            for (JsonNode count : account.path("outcomes")) {
                outcomes += count.asLong();
            }
            assertThat(outcomes + account.path("waiting").asLong())
                    .as(topic.getKey())
                    .isEqualTo(account.path("received").asLong());
        }
        assertThat(topics.path("clicks").path("outcomes").path("attributed").asLong())
                .isPositive();
        assertThat(shown.path("steps").asLong()).isPositive();
        assertThat(shown.path("items").asInt()).isEqualTo(shop.items().size());
    }

    @Test
    @Tag("slow")
    void theDemoEndsWithUnclickedExamplesToo(@TempDir Path directory) throws Exception {
        JsonNode shown = reportOf(
                directory, EVENTS / 2, "--set", "negatives.exposed=0.1", "--set", "negatives.exposed.sample=0.5");

        JsonNode topics = shown.path("topics");
        JsonNode examples = topics.path("training-examples");
        assertThat(examples.path("waiting").asLong()).isZero();
        assertThat(examples.path("received").asLong())
                .isGreaterThan(topics.path("clicks").path("received").asLong()
                        + topics.path("items").path("received").asLong());
    }

    private static JsonNode reportOf(Path directory, int events, String... more) throws Exception {
        Path report = directory.resolve("report.json");
        List<String> arguments = new ArrayList<>(List.of("--until-end", "--speed", "max"));
        arguments.addAll(List.of("--events", "" + events, "--report", report.toString()));
        arguments.addAll(List.of(more));
        try (MillraceProcess demo =
                MillraceProcess.start(directory, "demo", GeneratedShop.demo(arguments.toArray(String[]::new)))) {
            assertThat(demo.awaitExit(Duration.ofMinutes(3))).as(demo.output()).isZero();
            assertThat(demo.output())
                    .as("a healthy run has no errors, and no warnings that are none")
                    .doesNotContain(" ERROR ", "CONCURRENT_TRANSACTIONS", "TOPIC_ALREADY_EXISTS");
        }
        return new ObjectMapper().readTree(report.toFile());
    }
}
