package dev.millrace.workshop;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.cli.Processes;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.evaluate.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;

/** What finds something, and tells it while it runs; the same for evaluate, tune and every benchmark. */
interface ReportedRun {

    /** @param report to which it tells all */
    void run(Report report) throws IOException, InterruptedException;

    /** The same, which a signal ends early: it tells what it has found until then. */
    default ReportedRun untilSignal() {
        return report -> {
            try (Processes.Watch watch = Processes.watch(report::stop)) {
                run(report);
            } catch (CancellationException early) {
                // what it found was told
            }
            if (report.isStopping()) {
                report.stopped();
            }
        };
    }

    /**
     * Runs it: its lines are written as they come, or what it found at its end.
     *
     * @param counted what its progress counts, such as rounds
     * @param files take the same: Markdown if the name ends with {@code .md}, else JSON
     */
    default void run(OutputOption output, String counted, List<Path> files) throws IOException, InterruptedException {
        StringBuilder text = new StringBuilder();
        Report report;
        try (ProgressLine line = output.progress(counted)) {
            report = new Report(
                    said -> {
                        text.append(said).append(System.lineSeparator());
                        if (output.isText()) {
                            line.clear();
                            output.say(said);
                            output.out().flush();
                        }
                    },
                    line);
            run(report);
        }
        output.write(report.found(), out -> {}); // the text was written as it came
        for (Path file : files) {
            if (file.toString().endsWith(".md")) {
                Files.writeString(file, text);
            } else {
                new ObjectMapper().writerWithDefaultPrettyPrinter().writeValue(file.toFile(), report.found());
            }
        }
    }
}
