package dev.millrace.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.processor.api.MockProcessorContext;
import org.apache.kafka.streams.processor.api.MockProcessorContext.CapturedPunctuator;
import org.junit.jupiter.api.Test;

class CommitRequestsTest {

    private static final Duration INTERVAL = Duration.ofMillis(100);

    private long nanos;
    private final CommitPace pace = new CommitPace(INTERVAL, Duration.ofSeconds(5), () -> nanos);
    private final MockProcessorContext<Void, Void> context = context();
    private final CommitRequests requests = new CommitRequests(context, pace);

    @Test
    void whatComesAloneIsCommittedAtOnce() {
        requests.whenDue();

        assertThat(context.committed()).isTrue();
        assertThat(context.scheduledPunctuators()).isEmpty();
    }

    @Test
    void whatComesSoonAfterACommitWaitsForTheNextOne() {
        commit();
        nanos += Duration.ofMillis(30).toNanos();
        requests.whenDue();
        requests.whenDue();

        assertThat(context.committed()).isFalse();
        assertThat(waiting()).singleElement().satisfies(next -> {
            assertThat(next.getInterval()).isEqualTo(Duration.ofMillis(71)); // never too early
            next.getPunctuator().punctuate(0);
        });
        assertThat(context.committed()).isTrue();
        assertThat(waiting()).isEmpty();
    }

    @Test
    void aCommitThatCameBeforeIsNotAskedForAgain() {
        commit();
        requests.whenDue();
        assertThat(waiting()).hasSize(1);

        requests.begins();
        requests.ends();

        assertThat(waiting()).isEmpty();
    }

    @Test
    void whatACommitTookDecidesWhenTheNextIsDue() {
        requests.whenDue();
        requests.begins();
        nanos += Duration.ofMillis(50).toNanos();
        requests.ends();
        requests.whenDue();

        assertThat(waiting()).singleElement().satisfies(next -> assertThat(next.getInterval())
                .isEqualTo(Duration.ofMillis(3 * 50 + 1)));
    }

    @Test
    void aCommitWhoseEndIsNotToldIsFollowedByAnInterval() {
        requests.whenDue();
        requests.begins();
        nanos += Duration.ofSeconds(1).toNanos();
        context.resetCommit();
        requests.whenDue();

        assertThat(context.committed()).isFalse();
        assertThat(waiting()).singleElement().satisfies(next -> assertThat(next.getInterval())
                .isEqualTo(INTERVAL.plusMillis(1)));
    }

    @Test
    void commitThatNobodyAskedForDelaysNothing() {
        requests.begins();
        requests.ends();
        requests.whenDue();

        assertThat(context.committed()).isTrue();
    }

    @Test
    void tasksOfAThreadShareItsPaceAndThoseOfAnotherDoNot() throws InterruptedException {
        CommitPace.OfThreads paces = new CommitPace.OfThreads();
        CommitRequests first = new CommitRequests(context, paces);
        MockProcessorContext<Void, Void> sameThread = context();
        MockProcessorContext<Void, Void> otherThread = context();
        first.whenDue();
        first.begins();
        first.ends();

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
        requests.after(Duration.ofMillis(1), () -> runs[0]++);
        assertThat(runs[0]).isZero();

        waiting().get(0).getPunctuator().punctuate(0);

        assertThat(runs[0]).isEqualTo(1);
        assertThat(context.committed()).isTrue();
    }

    private void commit() {
        requests.whenDue();
        requests.begins();
        requests.ends();
        context.resetCommit();
    }

    private List<CapturedPunctuator> waiting() {
        return context.scheduledPunctuators().stream()
                .filter(punctuator -> !punctuator.cancelled())
                .toList();
    }

    private static MockProcessorContext<Void, Void> context() {
        Properties config = Streams.driver(Path.of("unused"));
        config.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, 5_000);
        config.put(CommitPace.INTERVAL, Duration.ofMinutes(1));
        return new MockProcessorContext<>(config);
    }
}
