package dev.millrace.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.topic.TopicNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.kafka.streams.Topology;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The shape of the topologies: names are state in the cluster, so that a change of one must be meant. */
class MillraceTopologyTest {

    @ParameterizedTest
    @ValueSource(strings = {"attribute", "learn", "learn-from-log"})
    void describesItselfAsTheGoldenFileSays(String name) throws IOException {
        TopicNames topics = Streams.topics();
        Topology topology =
                switch (name) {
                    case "attribute" -> Streams.attribute(topics, Streams.wire(), 1);
                    case "learn" ->
                        MillraceTopology.learn(
                                topics, Streams.trainer(), Duration.ofSeconds(1), Streams.wire(), Streams.terms());
                    default ->
                        MillraceTopology.learnFromLog(topics, Streams.trainer(), true, Streams.wire(), Streams.terms());
                };

        String described = topology.describe().toString();

        Path golden = Path.of("src/millrace/test/resources/topology", name + ".txt");
        if (Boolean.getBoolean("golden.write")) {
            Files.writeString(golden, described);
        }
        assertThat(described).isEqualTo(Files.readString(golden));
    }
}
