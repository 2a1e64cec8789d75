package dev.millrace.stream;

import dev.millrace.wire.Topic;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.streams.processor.StreamPartitioner;

/** Sends the mark of a generation to every partition, and each embedding where Kafka's default sends its key. */
final class MarkPartitioner implements StreamPartitioner<byte[], byte[]> {

    @Override
    @SuppressWarnings("removal") // the form with headers is not in Kafka 4.3
    public Optional<Set<Integer>> partitions(String topic, byte[] key, byte[] value, int count) {
        return Topic.isMark(key)
                ? Optional.of(IntStream.range(0, count).boxed().collect(Collectors.toSet()))
                : Optional.empty();
    }
}
