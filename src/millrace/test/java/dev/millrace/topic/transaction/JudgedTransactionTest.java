package dev.millrace.topic.transaction;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.apache.kafka.clients.admin.TransactionDescription;
import org.apache.kafka.clients.admin.TransactionState;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class JudgedTransactionTest {

    private static final TopicPartition PLACE = new TopicPartition("training-examples", 0);
    private static final OpenTransaction OPEN =
            new OpenTransaction(PLACE.topic(), PLACE.partition(), 7, (short) 41, 3, 1000, Instant.EPOCH);
    private static final int PRODUCER = 7;

    @ParameterizedTest
    @CsvSource({
        "COMPLETE_COMMIT, 42, COMMITTED", // the end of epoch 41 raised it to 42
        "COMPLETE_ABORT, 42, ABORTED",
        "COMPLETE_COMMIT, 43, UNDECIDED", // that was the end of epoch 42
        "COMPLETE_ABORT, 41, UNDECIDED",
        "EMPTY, 42, UNDECIDED", // a new producer has begun: it says nothing of the one before
        "EMPTY, 43, UNDECIDED",
        "UNKNOWN, 42, UNDECIDED"
    })
    void onlyTheLastTransactionOfTheCoordinatorIsDecided(TransactionState state, int epoch, Fate fate) {
        assertThat(judge(last(state, PRODUCER, epoch, Set.of()))).isEqualTo(fate);
    }

    @ParameterizedTest
    @EnumSource(names = {"ONGOING", "PREPARE_COMMIT", "PREPARE_ABORT", "PREPARE_EPOCH_FENCE"})
    void aTransactionThatTheCoordinatorHoldsRuns(TransactionState state) {
        assertThat(judge(last(state, PRODUCER, 41, Set.of(PLACE)))).isEqualTo(Fate.RUNNING);
        assertThat(judge(last(state, PRODUCER, 42, Set.of(PLACE)))).isEqualTo(Fate.RUNNING);
    }

    @ParameterizedTest
    @EnumSource(names = {"ONGOING", "PREPARE_COMMIT", "PREPARE_ABORT", "PREPARE_EPOCH_FENCE"})
    void aLaterTransactionElsewhereSaysNothingOfThisOne(TransactionState state) {
        assertThat(judge(last(state, PRODUCER, 42, Set.of(new TopicPartition(PLACE.topic(), 1)))))
                .isEqualTo(Fate.UNDECIDED);
    }

    @Test
    void anotherProducerIdOrNoneSaysNothing() {
        assertThat(judge(last(TransactionState.COMPLETE_COMMIT, PRODUCER + 1, 42, Set.of())))
                .isEqualTo(Fate.UNDECIDED);
        assertThat(JudgedTransaction.of(OPEN, Optional.empty(), Optional.empty(), 2)
                        .fate())
                .isEqualTo(Fate.UNDECIDED);
    }

    /** Without an epoch for each transaction, an earlier one of the same epoch may be the one in the log. */
    @Test
    void olderTransactionVersionsDecideNothing() {
        TransactionDescription committed = last(TransactionState.COMPLETE_COMMIT, PRODUCER, 42, Set.of());

        assertThat(JudgedTransaction.of(OPEN, Optional.empty(), Optional.of(committed), 1)
                        .fate())
                .isEqualTo(Fate.UNDECIDED);
    }

    private static Fate judge(TransactionDescription last) {
        return JudgedTransaction.of(OPEN, Optional.empty(), Optional.of(last), 2)
                .fate();
    }

    private static TransactionDescription last(
            TransactionState state, long producerId, int epoch, Set<TopicPartition> partitions) {
        return new TransactionDescription(1, state, producerId, epoch, 10_000, OptionalLong.empty(), partitions);
    }
}
