package dev.millrace.cli;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "model",
        mixinStandardHelpOptions = true,
        description =
                "Generations: listed, compared, promoted, rolled back, retired; learners as files: exported, imported, looked at.",
        subcommands = {
            ModelListCommand.class,
            ModelDiffCommand.class,
            ModelPromoteCommand.class,
            ModelRollbackCommand.class,
            ModelRetireCommand.class,
            ModelExportCommand.class,
            ModelImportCommand.class,
            ModelShowCommand.class
        })
final class ModelCommand implements Runnable {

    @Spec
    @Nullable
    CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(
                Objects.requireNonNull(spec).commandLine(), "model: name what to do, such as model show");
    }
}
