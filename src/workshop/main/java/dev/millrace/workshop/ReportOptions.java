package dev.millrace.workshop;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.ProgressOption;
import dev.millrace.evaluate.Report;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Mixin;

/** How a command tells what it finds, and how far it is; the same for evaluate, tune and every benchmark. */
public final class ReportOptions {

    @Mixin
    OutputOption output = new OutputOption();

    @Mixin
    ProgressOption progress = new ProgressOption();

    /** What finds something, ready to run. */
    interface Work {

        /** @param report to which it tells all */
        void run(Report report) throws IOException, InterruptedException;
    }

    /**
     * Runs some work: its lines are written as they come, or what it found at its end.
     *
     * @param counted what its progress counts, such as rounds
     */
    void run(CommandLine commandLine, String counted, Work work) throws IOException, InterruptedException {
        run(commandLine, counted, List.of(), work);
    }

    /** @param files take the same: Markdown if the name ends with {@code .md}, else JSON */
    void run(CommandLine commandLine, String counted, List<Path> files, Work work)
            throws IOException, InterruptedException {
        PrintWriter out = commandLine.getOut();
        StringBuilder text = new StringBuilder();
        Report report;
        try (ProgressLine line = progress.line(counted)) {
            report = new Report(
                    said -> {
                        text.append(said).append(System.lineSeparator());
                        if (output.isText()) {
                            line.clear();
                            out.println(said);
                            out.flush();
                        }
                    },
                    line);
            work.run(report);
        }
        output.write(out, report.found(), () -> {}); // the text was written as it came
        for (Path file : files) {
            if (file.toString().endsWith(".md")) {
                Files.writeString(file, text);
            } else {
                new ObjectMapper().writerWithDefaultPrettyPrinter().writeValue(file.toFile(), report.found());
            }
        }
    }

    /** Where to write what a reader must know beside the figures. */
    PrintWriter notes(CommandLine commandLine) {
        return output.asNotes(commandLine.getOut(), commandLine.getErr());
    }
}
