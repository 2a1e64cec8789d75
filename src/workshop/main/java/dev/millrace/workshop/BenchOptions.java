package dev.millrace.workshop;

import dev.millrace.bench.BenchReport;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.ProgressOption;
import java.io.IOException;
import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;

/** How a benchmark tells what it finds, and how far it is; the same for every benchmark. */
public final class BenchOptions {

    @Mixin
    OutputOption output = new OutputOption();

    @Mixin
    ProgressOption progress = new ProgressOption();

    /** A benchmark, ready to run. */
    public interface Bench {

        /** @param report to which it tells all */
        void run(BenchReport report) throws IOException, InterruptedException;
    }

    /**
     * Runs a benchmark: its lines are written as they come, or what it found at its end.
     *
     * @param counted what its progress counts, such as rounds
     */
    public void run(CommandLine commandLine, String counted, Bench bench) throws IOException, InterruptedException {
        PrintWriter out = commandLine.getOut();
        BenchReport report;
        try (ProgressLine line = progress.line(counted)) {
            report = new BenchReport(
                    said -> {
                        if (output.isText()) {
                            line.clear();
                            out.println(said);
                            out.flush();
                        }
                    },
                    line);
            report.addMachine();
            bench.run(report);
        }
        output.write(out, report.found(), () -> {}); // the text was written as it came
    }

    /** Where to write what a reader must know beside the figures. */
    public PrintWriter notes(CommandLine commandLine) {
        return output.asNotes(commandLine.getOut(), commandLine.getErr());
    }
}
