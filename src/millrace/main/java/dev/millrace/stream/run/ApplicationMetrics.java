package dev.millrace.stream.run;

import dev.millrace.topic.ClusterWatch;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import java.util.ArrayList;
import java.util.List;
import org.apache.kafka.streams.KafkaStreams;

/** The metrics of Streams applications: Kafka's own and ours. Safe for threads. */
final class ApplicationMetrics {

    private final List<KafkaStreamsMetrics> bound = new ArrayList<>();

    /** Registers the metrics of one application. */
    synchronized void bind(
            MeterRegistry registry,
            String application,
            KafkaStreams streams,
            ClusterWatch watch,
            Restoration restoration) {
        KafkaStreamsMetrics ofKafka = new KafkaStreamsMetrics(streams);
        ofKafka.bindTo(registry);
        bound.add(ofKafka);
        Gauge.builder("millrace.running", streams, one -> one.state() == KafkaStreams.State.RUNNING ? 1 : 0)
                .description("1 if the application processes records")
                .tag("application", application)
                .register(registry);
        Gauge.builder("millrace.lag", watch, one -> one.lag(application))
                .description("records that are there and not yet committed as read")
                .tag("application", application)
                .register(registry);
        FunctionCounter.builder("millrace.restored.records", restoration, Restoration::restored)
                .description("records restored from changelogs")
                .tag("application", application)
                .register(registry);
        Gauge.builder("millrace.ready.after", restoration, Restoration::secondsToReady)
                .description("how long the last start, or return after a rebalance, took")
                .baseUnit("seconds")
                .tag("application", application)
                .register(registry);
    }

    /** Ends the reading of Kafka's metrics. */
    synchronized void close() {
        bound.forEach(KafkaStreamsMetrics::close);
        bound.clear();
    }
}
