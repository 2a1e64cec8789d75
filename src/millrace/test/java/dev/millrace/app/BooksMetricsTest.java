package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.millrace.state.Books;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class BooksMetricsTest {

    private final SortedMap<String, Books.Account> books = new TreeMap<>();
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final BooksMetrics metrics = new BooksMetrics(registry, () -> books);

    @Test
    void everyTopicHasItsAccount() {
        books.put("clicks", account(10, 3, Map.of("attributed", 5L, "orphan", 2L)));
        metrics.register();
        metrics.outcomes(books);

        assertThat(registry.scrape())
                .contains("millrace_events_received_total{topic=\"clicks\"} 10.0")
                .contains("millrace_events_waiting{topic=\"clicks\"} 3.0")
                .contains("millrace_events_total{outcome=\"attributed\",topic=\"clicks\"} 5.0")
                .contains("millrace_events_total{outcome=\"orphan\",topic=\"clicks\"} 2.0")
                .contains("millrace_events_received_total{topic=\"users\"} 0.0")
                .contains("millrace_books_balanced{topic=\"users\"} 1.0");
    }

    @Test
    void rejectedEventsAreCountedTogetherAndByReasonAndFromTheBeginning() {
        metrics.register();
        assertThat(registry.scrape())
                .contains("millrace_events_total{outcome=\"rejected\",topic=\"clicks\"} 0.0")
                .contains("millrace_events_total{outcome=\"rejected\",topic=\"items\"} 0.0")
                .contains("millrace_dead_letters_total{reason=\"bad-time\",topic=\"clicks\"} 0.0")
                .contains("millrace_dead_letters_total{reason=\"undecodable\",topic=\"users\"} 0.0");

        books.put("clicks", account(7, 0, Map.of("rejected: bad-time", 4L, "rejected: bad-key", 3L)));
        metrics.outcomes(books);

        assertThat(registry.scrape())
                .contains("millrace_events_total{outcome=\"rejected\",topic=\"clicks\"} 7.0") // 4 + 3
                .contains("millrace_dead_letters_total{reason=\"bad-time\",topic=\"clicks\"} 4.0")
                .contains("millrace_dead_letters_total{reason=\"bad-key\",topic=\"clicks\"} 3.0");
    }

    @Test
    void noCounterIsRegisteredTwice() {
        Logger logger = (Logger) LoggerFactory.getLogger(MeterRegistry.class);
        ListAppender<ILoggingEvent> logged = new ListAppender<>();
        logged.start();
        logger.addAppender(logged);
        logger.setLevel(Level.DEBUG); // only the first in a process is a warning

        books.put("clicks", account(7, 0, Map.of("rejected: bad-time", 4L, "attributed", 3L)));
        metrics.register();
        metrics.outcomes(books);
        metrics.outcomes(books);

        logger.setLevel(null);
        logger.detachAppender(logged);
        assertThat(logged.list).isEmpty();
    }

    @Test
    void anEventWithoutAnOutcomeIsSeen() {
        metrics.register();

        books.put("clicks", account(10, 3, Map.of("attributed", 6L)));

        assertThat(registry.scrape())
                .contains("millrace_books_balanced{topic=\"clicks\"} 0.0") // 3 + 6, and not 10
                .contains("millrace_books_balanced{topic=\"exposures\"} 1.0");
    }

    private static Books.Account account(long received, long waiting, Map<String, Long> outcomes) {
        return new Books.Account(received, waiting, new TreeMap<>(outcomes));
    }
}
