package dev.millrace.cli.model;

import dev.millrace.checkpoint.Checkpoint;
import dev.millrace.checkpoint.CheckpointFile;
import dev.millrace.checkpoint.EntryCounts;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.Row;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "show",
        mixinStandardHelpOptions = true,
        description = {
            "Read a checkpoint to its end, check it, and show what it holds.",
            "Exits with 0 if the checkpoint is complete, 74 if not."
        },
        footer = {"millrace model show --in model.checkpoint", "millrace model show --in model.checkpoint --settings"})
final class ModelShowCommand implements Callable<Integer> {

    @Option(names = "--in", paramLabel = "FILE", required = true, description = "the checkpoint")
    @Nullable
    Path in;

    @Option(
            names = "--settings",
            description = "print the learner's settings instead, as key = value lines for --config")
    boolean settings;

    @Mixin
    OutputOption output = new OutputOption();

    @Override
    public Integer call() {
        EntryCounts counts = new EntryCounts();
        Checkpoint.Header header;
        try (ProgressLine line = output.progress("entries")) {
            header = CheckpointFile.read(Objects.requireNonNull(in), counts::add, line);
        }
        if (settings) {
            output.write(header.settings(), out -> header.settings()
                    .forEach((key, value) -> out.println(key + " = " + value.replace("\\", "\\\\"))));
        } else {
            Row entries = Row.of(Map.of());
            counts.counts()
                    .forEach((kind, count) -> entries.with(
                            kind, Row.of("entries", count.entries()).with("bytes", count.bytes())));
            output.write(row(header).with("entries", entries));
            output.say("the checkpoint is whole");
        }
        return 0;
    }

    /** What a checkpoint holds. */
    static Row row(Checkpoint.Header header) {
        return Row.of("generation", header.lineage().generation())
                .with("step", header.step())
                .with("digest", header.learnt().digest().toString())
                .with("log", header.log())
                .with("source", header.origin().source().text())
                .with("version", header.origin().version())
                .with("writtenAt", Instant.ofEpochMilli(header.origin().writtenAt()))
                .with("engine", header.lineage().fingerprint().toString())
                .with("settingsHash", header.lineage().settingsHash());
    }
}
