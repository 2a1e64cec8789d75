package dev.millrace.cli;

import dev.millrace.app.MillraceSettings;
import dev.millrace.app.Rescaling;
import dev.millrace.cli.option.Clusters;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.Row;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "rescale",
        mixinStandardHelpOptions = true,
        description = {
            "Give the model as many learners as learn.shards says now. Stop all trainers before; producers go on.",
            "It learns on until all examples are learnt, and moves the rows of users. Exits with 2 if it must not."
        },
        footer = "millrace rescale --bootstrap-server kafka:9092 --set learn.shards=4")
final class RescaleCommand implements Callable<Integer> {

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Mixin
    OutputOption output = new OutputOption();

    @Override
    public Integer call() throws InterruptedException {
        MillraceSettings settings = config.settings();
        Rescaling.Result result;
        try (ProgressLine line = output.progress("examples")) {
            result = new Rescaling(
                            settings,
                            changes -> config.settings(Optional.empty(), List.of(), Map.of(), changes),
                            Clusters.log(settings.cluster(), "rescale"),
                            line)
                    .run();
        }
        output.write(Row.of("before", result.before())
                .with("now", result.now())
                .with("rows", result.rows())
                .with("drainedSeconds", result.drained().toMillis() / 1000.0)
                .with("movedSeconds", result.moved().toMillis() / 1000.0));
        output.say("start the trainers with learn.shards = " + result.now()
                + (result.now() == 1 ? " and learn.base-apart = true" : ""));
        return 0;
    }
}
