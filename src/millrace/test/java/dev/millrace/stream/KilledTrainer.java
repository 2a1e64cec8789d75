package dev.millrace.stream;

import dev.millrace.stream.run.StreamRunner;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.TopicNames;
import dev.millrace.train.Trainer;
import dev.millrace.wire.AvroWire;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.apache.kafka.streams.Topology;

/** The trainer as a process of its own, to be killed: {@code main(bootstrap servers, state directory, whether its
 * store writes too late)}. */
public final class KilledTrainer {

    private static final Duration COMMIT = Duration.ofMillis(100);

    private KilledTrainer() {}

    public static StreamSettings settings(Path stateDirectory) {
        return StreamSettings.read(Streams.reader(
                "stream.state-directory", stateDirectory.toString(), "stream.learn.commit-interval", "100ms"));
    }

    public static void main(String[] args) throws InterruptedException {
        TopicNames topics = Streams.topics();
        AvroWire wire = Streams.wire();
        boolean isLate = Boolean.parseBoolean(args[2]);
        Map<Part, Topology> topologies = Map.of(
                Part.ATTRIBUTE,
                Streams.attribute(topics, wire, 2),
                Part.LEARN,
                MillraceTopology.learn(
                        topics,
                        wire,
                        new MillraceTopology.Learner(
                                stored -> new Trainer(Streams.trainer(), stored),
                                COMMIT,
                                Streams.terms(),
                                isLate
                                        ? WriteThroughStore.builder(MillraceTopology.LEARNER_STORE, LateStore::new)
                                        : WriteThroughStore.builder(MillraceTopology.LEARNER_STORE))));
        try (StreamRunner runner =
                new StreamRunner(settings(Path.of(args[1])), ClientSettings.of(args[0]), topologies)) {
            runner.start();
            while (runner.isAlive()) {
                Thread.sleep(100);
            }
            throw new IllegalStateException(
                    "the trainer stopped by itself", runner.failure().orElse(null));
        }
    }
}
