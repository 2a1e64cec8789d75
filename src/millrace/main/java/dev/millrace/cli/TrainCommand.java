package dev.millrace.cli;

import dev.millrace.app.CatchUp;
import dev.millrace.app.MillraceSettings;
import dev.millrace.app.TrainProcess;
import dev.millrace.app.TrainingNews;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.LearnerOption;
import dev.millrace.follow.ProgressWatch;
import dev.millrace.stream.run.StreamRunner;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.PrintWriter;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        description = "Attribute events, learn from them and publish item embeddings, until stopped.",
        footer = {
            "millrace train --bootstrap-server kafka:9092 --config my.properties",
            "millrace train --from mini-batches --config new-towers.properties \\",
            "    --set stream.application-id=millrace-b"
        })
final class TrainCommand implements Callable<Integer> {

    private static final int EVENTS_BEHIND = 10_000;
    private static final int BATCHES_BEHIND = 100;
    private static final int EXAMINED = 10_000; // events of which the recall is said

    @Spec
    @Nullable
    CommandSpec spec;

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Mixin
    LearnerOption learner = new LearnerOption();

    @Override
    public Integer call() throws InterruptedException {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        MillraceSettings settings = config.settings();
        TrainProcess.From source = learner.source();
        CountDownLatch stop = Processes.stopOnSignal();
        int status;
        try (TrainProcess process =
                TrainProcess.start(settings, source, new PrometheusMeterRegistry(PrometheusConfig.DEFAULT))) {
            StreamRunner runner = process.applications();
            out.println("training from " + settings.clients().bootstrapServers());
            process.url().ifPresent(url -> out.println("health and metrics " + url));
            if (source == TrainProcess.From.MINI_BATCHES && !settings.stream().isLogLearnerPublishing()) {
                out.println("in shadow: only progress is published; set stream.from-log.publish=true to publish"
                        + " embeddings");
            }
            out.flush();
            CatchUp catchUp = new CatchUp(source == TrainProcess.From.EVENTS ? EVENTS_BEHIND : BATCHES_BEHIND);
            TrainingNews news = new TrainingNews(System.nanoTime());
            ProgressWatch learner = process.progress();
            AtomicBoolean isKnown = new AtomicBoolean(); // what was written before this process
            learner.onceCaughtUp(() -> isKnown.set(true));
            status = new StreamWatch("training", runner, catchUp, out)
                    .untilStopped(
                            stop,
                            () -> isKnown.get()
                                    ? news.take(
                                            System.nanoTime(),
                                            learner.training(),
                                            learner.examOfLast(EXAMINED),
                                            learner.books())
                                    : Optional.empty());
        }
        return StreamWatch.ended(status, out);
    }
}
