package dev.millrace.faults;

import dev.millrace.app.MillraceSettings;
import dev.millrace.operation.Progress;
import dev.millrace.stream.KillPoint;
import dev.millrace.stream.run.HaltingTrainer;
import dev.millrace.verify.ModelAudit;
import dev.millrace.verify.ModelReport;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;

/** {@code verify --model --checkpoints} that ends before its checkpoint has its name: {@code main(directory, --set, key=value, …)}. */
final class HaltingAudit {

    private HaltingAudit() {}

    public static void main(String[] args) {
        MillraceSettings settings = HaltingTrainer.settings(args, 1);
        ModelReport report = new ModelAudit(
                        settings.cluster(),
                        settings.learner(),
                        Progress.NONE,
                        unfinished -> KillPoint.DURING_CHECKPOINT.halt())
                .run(new ModelAudit.Scope(OptionalLong.empty(), Optional.of(Path.of(args[0]))));
        System.out.println("no checkpoint was written: " + report);
    }
}
