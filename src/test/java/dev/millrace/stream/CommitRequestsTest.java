package dev.millrace.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.MockProcessorContext.CapturedPunctuator;
import org.junit.jupiter.api.Test;

class CommitRequestsTest {

    private static final long NOW = 1_000_000;

    private final CommitPaces paces = new CommitPaces();
    private final MockProcessorContext<Void, Void> context = context();
    private final CommitRequests requests = new CommitRequests(context, paces);

    @Test
    void whatComesAloneIsCommittedAtOnce() {
        requests.whenDue();

        assertThat(context.committed()).isTrue();
        assertThat(context.scheduledPunctuators()).isEmpty();
    }

    @Test
    void whatComesSoonAfterACommitWaitsForTheNextOne() {
        commit();
        context.setCurrentSystemTimeMs(NOW + 30);
        requests.whenDue();
        requests.whenDue();

        assertThat(context.committed()).isFalse();
        assertThat(waiting()).singleElement().satisfies(next -> {
            assertThat(next.getInterval()).isEqualTo(Duration.ofMillis(70));
            next.getPunctuator().punctuate(NOW + 100);
        });
        assertThat(context.committed()).isTrue();
        assertThat(waiting()).isEmpty();
    }

    @Test
    void aCommitThatCameBeforeIsNotAskedForAgain() {
        commit();
        requests.whenDue();
        assertThat(waiting()).hasSize(1);

        requests.begun();
        requests.ended();

        assertThat(waiting()).isEmpty();
    }

    @Test
    void commitThatNobodyAskedForDelaysNothing() {
        requests.begun();
        requests.ended();
        requests.whenDue();

        assertThat(context.committed()).isTrue();
    }

    @Test
    void tasksOfAThreadShareItsPaceAndThoseOfAnotherDoNot() throws InterruptedException {
        MockProcessorContext<Void, Void> sameThread = context();
        MockProcessorContext<Void, Void> otherThread = context();
        commit();

        new CommitRequests(sameThread, paces).whenDue();
        Thread other = new Thread(() -> new CommitRequests(otherThread, paces).whenDue());
        other.start();
        other.join();

        assertThat(sameThread.committed()).isFalse();
        assertThat(otherThread.committed()).isTrue();
    }

    @Test
    void whatMustHappenBeforeALaterCommitHappensThen() {
        int[] runs = {0};
        requests.in(Duration.ofMillis(1), () -> runs[0]++);
        assertThat(runs[0]).isZero();

        waiting().get(0).getPunctuator().punctuate(NOW + 1);

        assertThat(runs[0]).isEqualTo(1);
        assertThat(context.committed()).isTrue();
    }

    private void commit() {
        requests.whenDue();
        requests.begun();
        requests.ended();
        context.resetCommit();
    }

    private List<CapturedPunctuator> waiting() {
        return context.scheduledPunctuators().stream()
                .filter(punctuator -> !punctuator.cancelled())
                .toList();
    }

    private static MockProcessorContext<Void, Void> context() {
        Properties config = new Properties();
        config.put(StreamsConfig.APPLICATION_ID_CONFIG, "test");
        config.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, "localhost:1");
        config.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 5_000);
        config.put(CommitPace.INTERVAL, Duration.ofMillis(100));
        MockProcessorContext<Void, Void> context = new MockProcessorContext<>(config);
        context.setCurrentSystemTimeMs(NOW);
        return context;
    }
}
