package dev.millrace.cli;

import dev.millrace.app.CatchUp;
import dev.millrace.app.MapProcess;
import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.ConfigOptions;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.PrintWriter;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "map",
        mixinStandardHelpOptions = true,
        description = {
            "Make events of topics that you have already, as a mapping says, until stopped. Reads JSON, Avro and the"
                    + " envelopes of Debezium.",
            "The setting map.mapping names the mapping; millrace init --topic drafts one."
        },
        footer = "millrace map --bootstrap-server kafka:9092 --config shop/millrace.properties")
final class MapCommand implements Callable<Integer> {

    private static final int BEHIND = 10_000;
    private static final int SECONDS_A_LINE = 60;

    @Spec
    @Nullable
    CommandSpec spec;

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        MillraceSettings settings = config.settings();
        CountDownLatch stop = Processes.stopOnSignal();
        int status;
        try (MapProcess process = MapProcess.start(settings, new PrometheusMeterRegistry(PrometheusConfig.DEFAULT))) {
            out.println("mapping " + String.join(", ", settings.map().topics().names()) + " from "
                    + settings.clients().bootstrapServers());
            process.url().ifPresent(url -> out.println("health and metrics " + url));
            out.flush();
            AtomicInteger seconds = new AtomicInteger();
            status = new StreamWatch("mapping", process.application(), new CatchUp(BEHIND), out)
                    .untilStopped(stop, () -> Optional.of(process.books().inWords())
                            .filter(line -> seconds.incrementAndGet() % SECONDS_A_LINE == 0));
        }
        return StreamWatch.ended(status, out);
    }
}
