package dev.millrace.cli.model;

import dev.millrace.app.MillraceSettings;
import dev.millrace.app.WrittenTopics;
import dev.millrace.checkpoint.LearnerImport;
import dev.millrace.checkpoint.LearnerImport.Start;
import dev.millrace.cli.option.Clusters;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.Row;
import dev.millrace.generation.GenerationFact.Kind;
import dev.millrace.generation.GenerationHistory;
import dev.millrace.operation.Progress;
import dev.millrace.stream.LearnerState;
import dev.millrace.stream.Part;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.Topics;
import dev.millrace.verify.ModelAudit;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "import",
        mixinStandardHelpOptions = true,
        description = {
            "Prepare an application that learns from the log: it starts from a checkpoint, at the step after it.",
            "stream.application-id must be new. Settings must equal the checkpoint's; with --warm some may differ.",
            "Exits with 0; 1 if the log does not continue the checkpoint; 2 on unusable settings; 69 without a"
                    + " broker; 74 on an unusable checkpoint."
        },
        footer = {
            "millrace model import --in model.checkpoint --config my.properties \\",
            "    --set stream.application-id=second",
            "millrace model import --in model.checkpoint --config new.properties \\",
            "    --warm --checkpoints audits"
        })
final class ModelImportCommand implements Callable<Integer> {

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Option(names = "--in", paramLabel = "FILE", required = true, description = "the checkpoint")
    @Nullable
    Path in;

    @Option(
            names = "--warm",
            description =
                    "begin a new generation with the checkpoint's weights; settings of loss, negatives, learning rates, batches, exam and publication may differ")
    boolean isWarm;

    @Option(
            names = "--checkpoints",
            paramLabel = "DIR",
            description =
                    "with --warm: write to this folder the checkpoint that audits of the new generation begin from")
    @Nullable
    Path checkpoints;

    @Mixin
    OutputOption output = new OutputOption();

    @Override
    public Integer call() {
        MillraceSettings settings = config.settings();
        if (checkpoints != null && !isWarm) {
            throw OptionFaults.unusable(
                    "--checkpoints",
                    checkpoints.toString(),
                    "must be given with --warm only: audits of the same generation begin from checkpoints of audits");
        }
        Cluster cluster = Clusters.open(settings);
        requireRights(settings, cluster);
        requireFree(settings, cluster);
        LearnerState learner = new LearnerState(settings.clients(), settings.stream(), Part.LEARN_FROM_LOG);
        LearnerImport.Begun begun;
        try (ProgressLine line = output.progress("entries")) {
            begun = new LearnerImport(cluster, settings.learner())
                    .into(
                            learner.followedBy(line),
                            Objects.requireNonNull(in),
                            isWarm ? Start.WARM : Start.SAME,
                            forAudits(settings, cluster),
                            line);
        }
        Row imported = ModelShowCommand.row(begun.header())
                .with("application", learner.application())
                .with("nextStep", begun.header().step() + 1)
                .with("nextOffset", begun.offset());
        Optional<String> before = Optional.empty();
        if (settings.stream().isLogLearnerPublishing()) {
            String generation = settings.trainer().model().generationName();
            before = Clusters.admin(cluster, "model import").handOver(generation, learner.application());
            imported.with("publishes", generation).with("inPlaceOf", before);
        }
        output.write(imported);
        before.ifPresent(owner -> output.say(owner + " must not start again"));
        output.say("start it with millrace train --from mini-batches, with stream.application-id = "
                + settings.stream().applicationId());
        return 0;
    }

    private LearnerImport.Witness forAudits(MillraceSettings settings, Cluster cluster) {
        return (header, entries) -> Optional.ofNullable(checkpoints)
                .ifPresent(directory -> new ModelAudit(cluster, settings.learner(), Progress.NONE)
                        .keepBeginning(directory, header, entries));
    }

    /** What is needed only at the end, and what nobody would miss: the application must not have been begun then. */
    private static void requireRights(MillraceSettings settings, Cluster cluster) {
        if (settings.stream().isSettling()) {
            WrittenTopics.requireVisibleOffsets(settings);
        }
        Topics topics = Clusters.topics(settings);
        if (settings.stream().isLogLearnerPublishing()) {
            topics.checkWritable(cluster.topics().generations());
            topics.checkWritable(cluster.topics().operatorActions());
        }
    }

    /** A retired generation cannot go on. A new one must not have the name of a generation with other weights. */
    private void requireFree(MillraceSettings settings, Cluster cluster) {
        String generation = settings.trainer().model().generationName();
        GenerationHistory history = GenerationAdmin.history(cluster);
        if (history.is(generation, Kind.RETIRED) || (isWarm && history.is(generation, Kind.STARTED))) {
            throw OptionFaults.unusable(
                    "model.generation",
                    settings.trainer().model().generation(),
                    "must be another, as generation " + generation
                            + (history.is(generation, Kind.RETIRED) ? " is retired" : " was published already"));
        }
    }
}
