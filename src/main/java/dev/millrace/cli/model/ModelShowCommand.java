package dev.millrace.cli.model;

import dev.millrace.checkpoint.Checkpoint;
import dev.millrace.checkpoint.CheckpointFile;
import dev.millrace.checkpoint.EntryCounts;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "show",
        mixinStandardHelpOptions = true,
        description = {
            "Read a checkpoint to its end, check it, and show what it holds.",
            "Exits with 0 if it is whole, 74 if not."
        })
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

    @Override
    public Integer call() {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        EntryCounts counts = new EntryCounts();
        Checkpoint.Header header = CheckpointFile.read(Objects.requireNonNull(in), counts::add);
        if (settings) {
            header.settings().forEach((key, value) -> out.println(key + " = " + value.replace("\\", "\\\\")));
        } else {
            print(header, counts, out);
        }
        out.flush();
        return 0;
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
