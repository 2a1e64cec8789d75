package dev.millrace.stream.run;

import static dev.millrace.stream.Streams.T0;

import dev.millrace.stream.Part;
import dev.millrace.stream.StreamSettings;
import dev.millrace.stream.Streams;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.ClusterAdmin;
import dev.millrace.topic.EmbeddedBroker;
import dev.millrace.topic.EventProducer;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.TopicSettings;
import dev.millrace.topic.Topics;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.streams.Topology;

/** A broker whose topics have one partition each, exposures that are sent to it, and trainers that only attribute. */
final class AttributionScene implements AutoCloseable {

    static final Duration PATIENCE = Duration.ofSeconds(60);
    static final String GROUP = "millrace-attribute";

    final TopicNames topics = Streams.topics();
    final TopicPartition exposures = new TopicPartition(topics.exposures(), 0);
    final ClientSettings clients;
    final ClusterAdmin cluster;
    EmbeddedBroker broker;
    private final Path directory;
    private final EventProducer producer;
    private int sent;

    AttributionScene(Path directory) {
        this.directory = directory;
        broker = EmbeddedBroker.start(directory.resolve("broker"));
        clients = ClientSettings.of(broker.bootstrapServers());
        cluster = new ClusterAdmin(clients, PATIENCE);
        new Topics(clients, TopicSettings.read(Streams.reader("topic.partitions", "1")), PATIENCE).create();
        producer = new EventProducer(clients, topics, Streams.wire());
    }

    /** Starts the broker, on what it had before. */
    void restart() {
        broker = EmbeddedBroker.start(directory.resolve("broker"));
    }

    void send(int exposures) {
        for (int at = 0; at < exposures; at++) {
            sent++;
            producer.send(Streams.exposure("e" + sent, "u1", "i1", T0 + sent));
        }
        producer.flush();
    }

    /** Exposures that the trainers have committed as read; -1 if they have committed nothing. */
    long committed() {
        return cluster.ask(admin -> Optional.ofNullable(
                        ClusterAdmin.committed(admin, GROUP).get(exposures))
                .map(OffsetAndMetadata::offset)
                .orElse(-1L));
    }

    StreamRunner runner(String state, String... settings) {
        return runner(clients, state, settings);
    }

    StreamRunner runner(ClientSettings with, String state, String... settings) {
        Stream<String> own =
                Stream.of("stream.state-directory", directory.resolve(state).toString());
        return new StreamRunner(
                StreamSettings.read(
                        Streams.reader(Stream.concat(own, Stream.of(settings)).toArray(String[]::new))),
                with,
                Map.of(Part.ATTRIBUTE, topology()));
    }

    Topology topology() {
        return Streams.attribute(topics, Streams.wire(), 1);
    }

    @Override
    public void close() {
        producer.close();
        broker.close();
    }
}
