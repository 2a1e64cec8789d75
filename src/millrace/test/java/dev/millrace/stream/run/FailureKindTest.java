package dev.millrace.stream.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.model.OtherWeights;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.wire.RegistryUnreachableException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.kafka.clients.consumer.OffsetOutOfRangeException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTxnStateException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.errors.TransactionAbortableException;
import org.apache.kafka.common.errors.UnknownServerException;
import org.apache.kafka.common.errors.UnreleasedInstanceIdException;
import org.apache.kafka.streams.errors.MissingSourceTopicException;
import org.apache.kafka.streams.errors.ProcessorStateException;
import org.apache.kafka.streams.errors.StreamsException;
import org.junit.jupiter.api.Test;
import org.rocksdb.RocksDBException;

class FailureKindTest {

    @Test
    void theCauseThatSaysSomethingDecides() {
        assertThat(FailureKind.of(
                        new StreamsException(new OffsetOutOfRangeException(Map.of(new TopicPartition("t", 0), 7L)))))
                .isEqualTo(FailureKind.OFFSET_LOST);
        assertThat(FailureKind.of(new StreamsException(
                        "No valid committed offset found for input [t] and no valid reset policy configured.")))
                .isEqualTo(FailureKind.OFFSET_LOST);
        assertThat(FailureKind.of(new ProcessorStateException(
                        "writing", new RocksDBException("IO error: No space left on device: while appending"))))
                .isEqualTo(FailureKind.DISK_FULL);
        assertThat(FailureKind.of(new ProcessorStateException(
                        "opening", new RocksDBException("IO error: While mkdir: Read-only file system"))))
                .isEqualTo(FailureKind.STATE_UNWRITABLE);
        assertThat(FailureKind.of(new ProcessorStateException(
                        "reading", new RocksDBException("Corruption: block checksum mismatch"))))
                .isEqualTo(FailureKind.STATE_DAMAGED);
        assertThat(FailureKind.of(new StreamsException(new TimeoutException("no answer"))))
                .isEqualTo(FailureKind.CLUSTER);
        assertThat(FailureKind.of(new StreamsException(
                        "Error encountered trying to commit a transaction", new InvalidTxnStateException("aborted"))))
                .isEqualTo(FailureKind.CLUSTER);
        assertThat(FailureKind.of(new StreamsException(new TransactionAbortableException("after exhausting retries"))))
                .isEqualTo(FailureKind.CLUSTER);
        assertThat(FailureKind.of(new StreamsException(new UnknownServerException("unexpected"))))
                .isEqualTo(FailureKind.CLUSTER);
        assertThat(FailureKind.of(new StreamsException(new UnreleasedInstanceIdException("owned by another member"))))
                .isEqualTo(FailureKind.CLUSTER);
        assertThat(FailureKind.of(new MissingSourceTopicException("One or more source topics were missing")))
                .isEqualTo(FailureKind.TOPIC_MISSING);
        assertThat(FailureKind.of(new StreamsException(new RegistryUnreachableException("no answer"))))
                .isEqualTo(FailureKind.REGISTRY);
        assertThat(FailureKind.of(new StreamsException(new InvalidSettingsException(List.of()))))
                .isEqualTo(FailureKind.OTHER_SETTINGS);
        assertThat(FailureKind.of(new StreamsException(OtherWeights.refused()))).isEqualTo(FailureKind.OTHER_SETTINGS);
        assertThat(FailureKind.of(new IllegalStateException("the log must hold every step once")))
                .isEqualTo(FailureKind.DEFECT);
        assertThat(Optional.of(FailureKind.of(new OutOfMemoryError()))).contains(FailureKind.DEFECT);
    }
}
