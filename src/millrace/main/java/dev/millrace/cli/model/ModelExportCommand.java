package dev.millrace.cli.model;

import dev.millrace.app.MillraceSettings;
import dev.millrace.app.WrittenTopics;
import dev.millrace.checkpoint.Checkpoint;
import dev.millrace.checkpoint.CheckpointFile;
import dev.millrace.checkpoint.ItemVectors;
import dev.millrace.checkpoint.LearnerExport;
import dev.millrace.checkpoint.ScratchEntries;
import dev.millrace.checkpoint.TowerFiles;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.LearnerOption;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.Row;
import dev.millrace.model.ModelSettings;
import dev.millrace.model.graph.UnexportableException;
import dev.millrace.stream.LearnerState;
import dev.millrace.stream.Part;
import dev.millrace.topic.fault.UnusableTopicException;
import dev.millrace.train.Trainer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "export",
        mixinStandardHelpOptions = true,
        description = {
            "Write a learner's last commit to a checkpoint, whether its application runs or not;",
            "or export item vectors and towers, from a learner or a checkpoint, for other programs.",
            "Exits with 0; 1 if the learner's entries are incomplete; 2 on unusable settings; 69 without a broker; 74"
                    + " on an unusable checkpoint."
        },
        footer = {
            "millrace model export --out model.checkpoint --config my.properties",
            "millrace model export --in model.checkpoint --vectors vectors --onnx towers"
        })
final class ModelExportCommand implements Callable<Integer> {

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Mixin
    LearnerOption learner = new LearnerOption();

    @Option(names = "--in", paramLabel = "FILE", description = "a checkpoint, in place of a learner in the cluster")
    @Nullable
    Path in;

    @Option(names = "--out", paramLabel = "FILE", description = "the checkpoint to write")
    @Nullable
    Path out;

    @Option(
            names = "--vectors",
            paramLabel = "DIR",
            description = "write the vectors of all items: vectors.npy with ids.txt, and vectors.csv")
    @Nullable
    Path vectors;

    @Option(
            names = "--onnx",
            paramLabel = "DIR",
            description =
                    "write both towers: user.onnx, item.onnx, the tables' rows, and towers.json, which says how to use them")
    @Nullable
    Path onnx;

    @Option(
            names = "--dl4j",
            paramLabel = "DIR",
            description =
                    "as --onnx, with user.zip and item.zip: graphs that DeepLearning4J opens; needs ND4J's natives")
    @Nullable
    Path dl4j;

    @Mixin
    OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException {
        if (out == null && vectors == null && onnx == null && dl4j == null) {
            throw OptionFaults.unusable(
                    "model export", "nothing", "must have at least one of --out, --vectors, --onnx and --dl4j");
        }
        try (ScratchEntries entries = ScratchEntries.create();
                ProgressLine line = output.progress("entries")) {
            Checkpoint checkpoint = in == null ? ofLearner(entries, line) : CheckpointFile.read(in, entries, line);
            line.end();
            Row written = ModelShowCommand.row(checkpoint.header());
            if (out != null) {
                CheckpointFile.write(out, checkpoint, line);
                line.end();
                written.with("checkpoint", out.toString());
            }
            if (vectors != null || onnx != null || dl4j != null) {
                Trainer trainer = in == null ? checkpoint.toLookAt() : CheckpointFile.toLookAt(in, checkpoint);
                writeFiles(checkpoint, trainer, written);
            }
            output.write(written);
        }
        return 0;
    }

    private void writeFiles(Checkpoint checkpoint, Trainer trainer, Row written) throws IOException {
        if (vectors != null) {
            int items = ItemVectors.write(vectors, checkpoint.header(), trainer);
            written.with(
                    "vectors",
                    Row.of("folder", vectors.toString()).with("items", items).with("dim", trainer.dim()));
        }
        writeTowers("--onnx", onnx, TowerFiles.Form.ONNX, checkpoint, trainer, written);
        writeTowers("--dl4j", dl4j, TowerFiles.Form.DL4J, checkpoint, trainer, written);
    }

    private static void writeTowers(
            String option,
            @Nullable Path folder,
            TowerFiles.Form form,
            Checkpoint checkpoint,
            Trainer trainer,
            Row written)
            throws IOException {
        if (folder == null) {
            return;
        }
        try {
            ModelSettings settings = checkpoint.settings().trainer().model();
            TowerFiles.write(folder, form, checkpoint.header(), settings, trainer.model());
        } catch (UnexportableException none) {
            throw OptionFaults.unusable(option, folder.toString(), "cannot be written: " + none.getMessage());
        }
        written.with(form == TowerFiles.Form.ONNX ? "towers" : "graphs", folder.toString());
    }

    private Checkpoint ofLearner(ScratchEntries entries, ProgressLine line) {
        MillraceSettings settings = config.settings();
        LearnerExport export = new LearnerExport(settings.cluster(), settings.learner());
        Part part = learner.source().learner();
        try {
            return export.of(new LearnerState(settings.clients(), settings.stream(), part).followedBy(line), entries);
        } catch (UnusableTopicException missing) { // or hidden from this process
            WrittenTopics.requireVisible(settings, part);
            throw missing;
        }
    }
}
