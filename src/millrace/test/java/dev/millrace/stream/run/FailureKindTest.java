package dev.millrace.stream.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.model.OtherWeights;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.wire.RegistryUnreachableException;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TransactionAbortableException;
import org.apache.kafka.common.errors.UnknownServerException;
import org.apache.kafka.common.errors.UnreleasedInstanceIdException;
import org.apache.kafka.streams.errors.MissingSourceTopicException;
import org.apache.kafka.streams.errors.StreamsException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.rocksdb.RocksDBException;

class FailureKindTest {

    static Stream<Arguments> causes() {
        return Stream.of(
                Arguments.of(
                        FailureKind.OFFSET_LOST, new OffsetOutOfRangeException(Map.of(new TopicPartition("t", 0), 7L))),
                Arguments.of(
                        FailureKind.OFFSET_LOST,
                        new StreamsException("no offset and no valid reset policy configured.")),
                Arguments.of(
                        FailureKind.DISK_FULL,
                        new RocksDBException("IO error: No space left on device: while appending")),
                Arguments.of(
                        FailureKind.STATE_UNWRITABLE,
                        new RocksDBException("IO error: While mkdir: Read-only file system")),
                Arguments.of(FailureKind.STATE_DAMAGED, new RocksDBException("Corruption: block checksum mismatch")),
                Arguments.of(FailureKind.CLUSTER, new TimeoutException("no answer")),
                Arguments.of(FailureKind.CLUSTER, new InvalidTxnStateException("aborted")),
                Arguments.of(FailureKind.CLUSTER, new TransactionAbortableException("after exhausting retries")),
                Arguments.of(FailureKind.CLUSTER, new UnknownServerException("unexpected")),
                Arguments.of(FailureKind.CLUSTER, new UnreleasedInstanceIdException("owned by another member")),
                Arguments.of(FailureKind.TOPIC_MISSING, new MissingSourceTopicException("source topics were missing")),
                Arguments.of(FailureKind.REGISTRY, new RegistryUnreachableException("no answer")),
                Arguments.of(FailureKind.OTHER_SETTINGS, new InvalidSettingsException(List.of())),
                Arguments.of(FailureKind.OTHER_SETTINGS, OtherWeights.refused()),
                Arguments.of(FailureKind.DEFECT, new IllegalStateException("the log must hold every step once")),
                Arguments.of(FailureKind.DEFECT, new OutOfMemoryError()));
    }

    @ParameterizedTest
    @MethodSource("causes")
    void theCauseThatSaysSomethingDecides(FailureKind kind, Throwable cause) {
        assertThat(FailureKind.of(new StreamsException("a task failed", cause))).isEqualTo(kind);
    }
}
