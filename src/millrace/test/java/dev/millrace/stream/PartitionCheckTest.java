package dev.millrace.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.attribute.AttributionSettings.Placement;
import dev.millrace.event.RejectReason;
import dev.millrace.event.UnusableEventException;
import dev.millrace.state.Utf8;
import dev.millrace.topic.KeyPartition;
import java.util.Map;
import java.util.Objects;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;
import org.apache.kafka.streams.processor.internals.ProcessorRecordContext;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PartitionCheckTest {

    private static final byte[] KEY = Utf8.bytes("foobar");
    private static final Map<String, Integer> PARTITIONS = Map.of("clicks", 5, "items", 7);

    private final PartitionCheck check =
            new PartitionCheck(Placement.MURMUR2, topic -> Objects.requireNonNull(PARTITIONS.get(topic)));

    @Test
    void eachTopicsOwnNumberOfPartitionsCounts() {
        PARTITIONS.forEach((topic, partitions) -> {
            for (int partition = 0; partition < partitions; partition++) {
                boolean isAccepted = isAccepted(check, topic, partition);
                assertThat(isAccepted).isEqualTo(partition == KeyPartition.of(KEY, partitions));
            }
        });
    }

    @Test
    void rejectionNamesPartitionsAndPartitioner() {
        // murmur2 of foobar is -790332482: without its sign 1357151166, modulo 5 it is 1
        assertThatThrownBy(() -> check.require(record(new byte[1]), at("clicks", 3)))
                .hasMessageStartingWith("partition = 3: must be 1, ")
                .hasMessageContainingAll("murmur2", "5 partitions", "partitioner=murmur2_random")
                .hasMessageNotContainingAny("nothing was removed")
                .isInstanceOfSatisfying(
                        UnusableEventException.class,
                        broken -> assertThat(broken.rejected().reason()).isEqualTo(RejectReason.BAD_PARTITION));
    }

    @Test
    void removalThatIsNotCarriedOutHasAReasonOfItsOwn() {
        assertThatThrownBy(() -> check.require(record(null), at("clicks", 3)))
                .hasMessageStartingWith("partition = 3: must be 1, ")
                .hasMessageEndingWith("nothing was removed")
                .isInstanceOfSatisfying(
                        UnusableEventException.class,
                        broken -> assertThat(broken.rejected().reason()).isEqualTo(RejectReason.MISPLACED_REMOVAL));
    }

    @Test
    void producersWithARuleOfTheirOwnMayUseAnyPartition() {
        PartitionCheck none = new PartitionCheck(Placement.ANY, topic -> 5);
        for (int partition = 0; partition < 5; partition++) {
            assertThat(isAccepted(none, "clicks", partition)).isTrue();
        }
    }

    private static boolean isAccepted(PartitionCheck by, String topic, int partition) {
        try {
            by.require(record(new byte[1]), at(topic, partition));
            return true;
        } catch (UnusableEventException rejected) {
            return false;
        }
    }

    @SuppressWarnings("NullAway") // Kafka's records are not annotated
    private static Record<byte[], byte[]> record(byte @Nullable [] value) {
        return new Record<>(KEY, value, 1);
    }

    private static RecordMetadata at(String topic, int partition) {
        return new ProcessorRecordContext(0, 0, partition, topic, new RecordHeaders());
    }
}
