package dev.millrace.cli;

import dev.millrace.app.Checkup;
import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.Row;
import dev.millrace.diagnosis.Diagnosis;
import dev.millrace.diagnosis.Finding;
import java.io.IOException;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
        name = "doctor",
        mixinStandardHelpOptions = true,
        description = {
            "Check cluster, topics, disks, heap, clock, transactions and model. Each finding says why it matters and"
                    + " how to fix it.",
            "Changes nothing. Exits with 1 if a check fails; a warning alone leaves 0."
        },
        footer = {
            "millrace doctor --bootstrap-server kafka:9092 --config my.properties",
            "millrace doctor --bootstrap-server kafka:9092 --output json"
        })
final class DoctorCommand implements Callable<Integer> {

    private static final int FAILED = 1;

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Mixin
    OutputOption output = new OutputOption();

    @Override
    public Integer call() throws IOException {
        MillraceSettings settings = config.settings();
        List<Finding> findings;
        try (ProgressLine line = output.progress("asked")) {
            findings =
                    Diagnosis.of(Checkup.of(settings, Runtime.getRuntime().maxMemory(), InstantSource.system(), line));
        }
        output.write(
                findings.stream().map(DoctorCommand::row).toList(),
                out -> findings.forEach(finding -> out.println(line(finding))));
        return findings.stream().anyMatch(finding -> finding.grade() == Finding.Grade.FAIL) ? FAILED : 0;
    }

    private static String line(Finding finding) {
        String line = String.format("%-4s  %-12s  %s", finding.grade().text(), finding.check(), finding.what());
        return finding.grade() == Finding.Grade.OK
                ? line
                : line + "; why: " + finding.why() + "; mend: " + finding.command();
    }

    private static Row row(Finding finding) {
        return Row.of("check", finding.check())
                .with("status", finding.grade().text())
                .with("what", finding.what())
                .with("why", finding.why())
                .with("command", finding.command());
    }
}
