package dev.millrace.app;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.follow.ProgressWatch;
import dev.millrace.wire.AvroWire;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TrainMetricsTest {

    /** A counter that began at 0 would go back for Prometheus, and rise by all that was ever learnt. */
    @Test
    void noCounterIsThereBeforeItsFigureIsRead() {
        MillraceSettings settings =
                MillraceSettings.load(List.of(), Map.of(), Map.of(), Map.of("kafka.bootstrap.servers", "127.0.0.1:1"));
        PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        try (ProgressWatch progress = new ProgressWatch(
                settings.clients(), settings.topics().names().trainingProgress(), new AvroWire(settings.wire()))) {
            new TrainMetrics(registry, progress).register(settings.trainer().model());
            BooksMetrics.follow(registry, progress);

            assertThat(registry.scrape())
                    .contains("millrace_learn_step")
                    .doesNotContain("millrace_learn_positives_total", "millrace_events_received_total");
        }
    }
}
