package dev.millrace.cli.option;

import dev.millrace.app.TrainProcess;
import picocli.CommandLine.Option;

/** Which learner is meant; the same for every command. */
public final class LearnerOption {

    @Option(
            names = "--from",
            paramLabel = "SOURCE",
            defaultValue = "events",
            description =
                    "source to learn from: events, or mini-batches (the log that another trainer writes); default:"
                            + " events")
    String from = "events";

    public TrainProcess.From source() {
        return switch (from) {
            case "events" -> TrainProcess.From.EVENTS;
            case "mini-batches" -> TrainProcess.From.MINI_BATCHES;
            default -> throw OptionFaults.unusable("--from", from, "must be events or mini-batches");
        };
    }
}
