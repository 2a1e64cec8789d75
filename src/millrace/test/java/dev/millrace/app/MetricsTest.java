package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.state.Books;
import dev.millrace.wire.AvroWire;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class MetricsTest {

    private final SortedMap<String, Books.Account> books = new TreeMap<>();
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final Metrics metrics = new Metrics(registry);

    @Test
    void everyTopicHasItsAccount() {
        books.put("clicks", account(10, 3, Map.of("attributed", 5L, "orphan", 2L)));
        metrics.books(() -> books);
        metrics.outcomes(books, () -> books);

        assertThat(registry.scrape())
                .contains("millrace_events_received_total{topic=\"clicks\"} 10.0")
                .contains("millrace_events_waiting{topic=\"clicks\"} 3.0")
                .contains("millrace_events_total{outcome=\"attributed\",topic=\"clicks\"} 5.0")
                .contains("millrace_events_total{outcome=\"orphan\",topic=\"clicks\"} 2.0")
                .contains("millrace_events_received_total{topic=\"users\"} 0.0")
                .contains("millrace_books_balanced{topic=\"users\"} 1.0");
    }

    @Test
    void rejectedEventsAreCountedByReasonFromZero() {
        metrics.books(() -> books);
        assertThat(registry.scrape())
                .contains("millrace_events_total{outcome=\"rejected\",topic=\"clicks\"} 0.0")
                .contains("millrace_events_total{outcome=\"rejected\",topic=\"items\"} 0.0")
                .contains("millrace_dead_letters_total{reason=\"bad-time\",topic=\"clicks\"} 0.0")
                .contains("millrace_dead_letters_total{reason=\"undecodable\",topic=\"users\"} 0.0");

        books.put("clicks", account(7, 0, Map.of("rejected: bad-time", 4L, "rejected: bad-key", 3L)));
        metrics.outcomes(books, () -> books);

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
        metrics.books(() -> books);
        metrics.outcomes(books, () -> books);
        metrics.outcomes(books, () -> books);

        logger.setLevel(null);
        logger.detachAppender(logged);
        assertThat(logged.list).isEmpty();
    }

    @Test
    void anEventWithoutAnOutcomeIsSeen() {
        metrics.books(() -> books);

        books.put("clicks", account(10, 3, Map.of("attributed", 6L)));

        assertThat(registry.scrape())
                .contains("millrace_books_balanced{topic=\"clicks\"} 0.0") // 3 + 6, and not 10
                .contains("millrace_books_balanced{topic=\"exposures\"} 1.0");
    }

    /** A counter that began at 0 would go back for Prometheus, and rise by all that was ever learnt. */
    @Test
    void noCounterIsThereBeforeItsFigureIsRead() {
        assertThat(scrapeOfALearner())
                .contains("millrace_learn_step")
                .doesNotContain("millrace_learn_positives_total", "millrace_events_received_total");
    }

    @Test
    void recallOfYoungItemsIsToldByModelAndByPopularity() {
        String scrape = scrapeOfALearner();

        for (String item : List.of("hour", "day", "ten-clicks")) {
            assertThat(scrape)
                    .contains("millrace_exam_young_recall{by=\"model\",item=\"" + item + "\",k=\"10\"}")
                    .contains("millrace_exam_young_recall{by=\"popularity\",item=\"" + item + "\",k=\"10\"}");
        }
    }

    @Test
    void eachFigureWithAMetricIsThere() {
        assertThat(scrapeOfALearner())
                .contains("millrace_learn_temperature NaN") // before the first commit
                .contains("millrace_learn_log_q{of=\"p5\"} NaN", "millrace_learn_log_q{of=\"p95\"} NaN")
                .contains("millrace_publish_vector_age_steps{of=\"max\"} NaN")
                .contains("millrace_learn_announced_items NaN");
    }

    /** Before its first commit. */
    private String scrapeOfALearner() {
        MillraceSettings settings =
                MillraceSettings.load(List.of(), Map.of(), Map.of(), Map.of("kafka.bootstrap.servers", "127.0.0.1:1"));
        try (ProgressWatch progress = new ProgressWatch(
                settings.clients(), settings.topics().names().trainingProgress(), new AvroWire(settings.wire()))) {
            new TrainMetrics(metrics, progress).register(settings.trainer().model());
            metrics.books(progress);
            return registry.scrape();
        }
    }

    private static Books.Account account(long received, long waiting, Map<String, Long> outcomes) {
        return new Books.Account(received, waiting, new TreeMap<>(outcomes));
    }
}
