package dev.millrace.cli;

import dev.millrace.app.TrainProcess;
import picocli.CommandLine.Option;

/** Which learner is meant; the same for every command. */
final class LearnerOption {

    @Option(
            names = "--from",
            paramLabel = "SOURCE",
            defaultValue = "events",
            description =
                    "what to learn from: events; or mini-batches, the log that another trainer writes; default: events")
    String from = "events";

    TrainProcess.From source() {
        return switch (from) {
            case "events" -> TrainProcess.From.EVENTS;
            case "mini-batches" -> TrainProcess.From.MINI_BATCHES;
            default -> throw Processes.unusable("--from", from, "must be events or mini-batches");
        };
    }
}
