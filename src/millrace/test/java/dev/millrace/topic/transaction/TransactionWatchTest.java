package dev.millrace.topic.transaction;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.millrace.topic.fault.MissingRightException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class TransactionWatchTest {

    private static final Duration TIMEOUT = Duration.ofSeconds(10);
    private static final long LONGEST = Duration.ofSeconds(30).toNanos(); // the timeout, and 20 s for the brokers

    private final Logger logger = (Logger) LoggerFactory.getLogger(TransactionWatch.class);
    private final ListAppender<ILoggingEvent> log = new ListAppender<>();

    @BeforeEach
    void listen() {
        log.start();
        logger.addAppender(log);
    }

    @AfterEach
    void stop() {
        logger.detachAppender(log);
    }

    @Test
    void anOverdueTransactionIsNamedOnce() {
        try (TransactionWatch watch = new TransactionWatch(Set::of, partitions -> List.of(), TIMEOUT)) {
            watch.take(List.of(open(Instant.EPOCH)), 0);
            watch.take(List.of(open(Instant.EPOCH.plusSeconds(20))), LONGEST);
            assertThat(watch.standing()).isEmpty();

            watch.take(List.of(open(Instant.EPOCH.plusSeconds(20))), LONGEST + 1);
            watch.take(List.of(open(Instant.EPOCH.plusSeconds(40))), 2 * LONGEST);

            assertThat(watch.standing()).containsExactly(open(Instant.EPOCH.plusSeconds(40)));
            assertThat(log.list).hasSize(1);

            watch.take(List.of(), 2 * LONGEST + 1);

            assertThat(watch.standing()).isEmpty();
        }
    }

    @Test
    void aRightThatIsMissingIsLoggedOnceAndTheWatchGoesOn() {
        MissingRightException refused = MissingRightException.in(
                        new TopicAuthorizationException(Set.of("item-embeddings")))
                .orElseThrow();
        try (TransactionWatch watch = new TransactionWatch(
                Set::of,
                partitions -> {
                    throw refused;
                },
                TIMEOUT)) {
            watch.look();
            watch.look();

            assertThat(log.list).singleElement().satisfies(event -> assertThat(event.getFormattedMessage())
                    .contains("READ, WRITE or DESCRIBE on topic item-embeddings"));
        }
    }

    private static JudgedTransaction open(Instant lastWrite) {
        return new JudgedTransaction(
                new OpenTransaction("item-embeddings", 0, 7, (short) 1, 0, 100, lastWrite),
                Optional.of("millrace-learn-1"),
                Fate.RUNNING,
                "its coordinator is in state ONGOING");
    }
}
