package dev.millrace.cli;

import dev.millrace.app.IngestProcess;
import dev.millrace.cli.option.ConfigOptions;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.PrintWriter;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "ingest",
        mixinStandardHelpOptions = true,
        description = {
            "Take events over HTTP and write them to the input topics, until stopped: for those who have no producer of Kafka.",
            "An event is sent so:",
            "curl -H 'Content-Type: application/json' http://127.0.0.1:8082/v1/events \\",
            "  -d '{\"items\": [{\"item_id\": \"i1\", \"time\": \"2026-01-31T12:00:00Z\"}]}'"
        },
        footer = "millrace ingest --bootstrap-server kafka:9092")
final class IngestCommand implements Callable<Integer> {

    @Spec
    @Nullable
    CommandSpec spec;

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        try (IngestProcess ingest =
                IngestProcess.start(config.settings(), new PrometheusMeterRegistry(PrometheusConfig.DEFAULT))) {
            out.println("events " + ingest.url() + "/v1/events");
            out.flush();
            Processes.stopOnSignal().await();
        }
        return 0;
    }
}
