package dev.millrace.stream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.topic.TopicNames;
import dev.millrace.train.Trainer;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.ContextKey;
import io.opentelemetry.context.Scope;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.state.KeyValueStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whose trace it is in which the learner publishes. */
class LearnTraceTest {

    private static final ContextKey<String> TRACE = ContextKey.named("trace");

    private final List<String> published = new ArrayList<>(); // traces, one a commit

    /** A store that notes in whose trace it is drained, as vectors are sent in the same. */
    private final class NotingStore extends WriteThroughStore<Trainer> {

        NotingStore(KeyValueStore<Bytes, byte[]> entries) {
            super(entries);
        }

        @Override
        public void drain(BiConsumer<byte[], Optional<byte[]>> written) {
            published.add(String.valueOf(Context.current().get(TRACE)));
            super.drain(written);
        }
    }

    @Test
    void waitingBatchesHaveTheirLastExamplesTrace(@TempDir Path directory) {
        TopicNames topics = Streams.topics();
        Topology topology = MillraceTopology.learn(
                topics,
                Streams.wire(),
                new MillraceTopology.Learner(
                        stored -> new Trainer(Streams.trainer(), stored),
                        LearnerDriver.MAX_WAIT,
                        Streams.terms(),
                        WriteThroughStore.builder(MillraceTopology.LEARNER_STORE, NotingStore::new)));
        try (LearnerDriver driver = new LearnerDriver(topology, directory)) {
            sendIn("one", driver, 1);
            sendIn("another", driver, 2);
            published.clear();

            driver.advanceWallClockTime(LearnerDriver.MAX_WAIT);
        }

        assertThat(published).isNotEmpty().containsOnly("another");
    }

    private static void sendIn(String trace, LearnerDriver driver, int example) {
        try (Scope ignored = Context.root().with(TRACE, trace).makeCurrent()) {
            driver.send(LearnerDriver.example(example));
        }
    }
}
