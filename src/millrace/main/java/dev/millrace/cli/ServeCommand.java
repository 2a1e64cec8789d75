package dev.millrace.cli;

import dev.millrace.app.MillraceSettings;
import dev.millrace.app.ServeProcess;
import dev.millrace.cli.option.ConfigOptions;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "serve",
        mixinStandardHelpOptions = true,
        description = "Follow the embeddings and answer recall over HTTP, until stopped.",
        footer = {
            "millrace serve --bootstrap-server kafka:9092",
            "millrace serve --set serve.port=8090 --set serve.popularity-weight=0"
        })
final class ServeCommand implements Callable<Integer> {

    @Spec
    @Nullable
    CommandSpec spec;

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Override
    public Integer call() throws IOException, InterruptedException {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        MillraceSettings settings = config.settings();
        try (ServeProcess server =
                ServeProcess.start(settings, new PrometheusMeterRegistry(PrometheusConfig.DEFAULT))) {
            out.println("recall API " + server.url());
            out.flush();
            Processes.stopOnSignal().await();
        }
        return 0;
    }
}
