package dev.millrace.cli.model;

import dev.millrace.checkpoint.Checkpoint;
import dev.millrace.checkpoint.CheckpointFile;
import dev.millrace.checkpoint.EntryCounts;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.ProgressOption;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "show",
        mixinStandardHelpOptions = true,
        description = {
            "Read a checkpoint to its end, check it, and show what it holds.",
            "Exits with 0 if it is whole, 74 if not."
        },
        footer = {"millrace model show --in model.checkpoint", "millrace model show --in model.checkpoint --settings"})
final class ModelShowCommand implements Callable<Integer> {

    @Spec
    @Nullable
    CommandSpec spec;

    @Option(names = "--in", paramLabel = "FILE", required = true, description = "the checkpoint")
    @Nullable
    Path in;

    @Option(
            names = "--settings",
            description = "print the settings of its learner instead, as key = value lines that --config takes")
    boolean settings;

    @Mixin
    OutputOption output = new OutputOption();

    @Mixin
    ProgressOption progress = new ProgressOption();

    @Override
    public Integer call() {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        EntryCounts counts = new EntryCounts();
        Checkpoint.Header header;
        try (ProgressLine line = progress.line("entries")) {
            header = CheckpointFile.read(Objects.requireNonNull(in), counts::add, line);
        }
        if (settings) {
            output.write(out, header.settings(), () -> header.settings()
                    .forEach((key, value) -> out.println(key + " = " + value.replace("\\", "\\\\"))));
        } else {
            Map<String, Object> object = object(header);
            object.put("entries", counts.counts());
            output.write(out, object, () -> print(header, counts, out));
        }
        return 0;
    }

    /** What a checkpoint holds, for programs. */
    static Map<String, Object> object(Checkpoint.Header header) {
        Map<String, Object> object = new LinkedHashMap<>();
        object.put("generation", header.lineage().generation());
        object.put("step", header.step());
        object.put("digest", header.learnt().digest().toString());
        header.log().ifPresent(place -> object.put("log", place));
        object.put("source", header.origin().source().text());
        object.put("version", header.origin().version());
        object.put(
                "writtenAt", Instant.ofEpochMilli(header.origin().writtenAt()).toString());
        object.put("engine", header.lineage().fingerprint().toString());
        object.put("settingsHash", header.lineage().settingsHash());
        return object;
    }

    /** Prints what a checkpoint holds. */
    static void print(Checkpoint.Header header, PrintWriter out) {
        out.println("generation  " + header.lineage().generation());
        out.println("step        " + header.step());
        out.println("digest      " + header.learnt().digest());
        out.println(
                "log         " + header.log().map(Object::toString).orElse("(no step yet, or no longer in the log)"));
        out.println("made        by the " + header.origin().source().text() + ", Millrace "
                + header.origin().version() + ", "
                + Instant.ofEpochMilli(header.origin().writtenAt()));
        out.println("engine      " + header.lineage().fingerprint());
        out.println("settings    " + header.settings().size() + ", hash "
                + header.lineage().settingsHash());
    }

    private static void print(Checkpoint.Header header, EntryCounts counts, PrintWriter out) {
        print(header, out);
        counts.counts()
                .forEach((kind, count) -> out.printf(
                        Locale.ROOT, "entries     %,d of %,d bytes: %s%n", count.entries(), count.bytes(), kind));
        out.println("result      whole");
    }
}
