package dev.millrace.cli;

import dev.millrace.app.Extension;
import dev.millrace.app.IngestProcess;
import dev.millrace.app.ServeProcess;
import dev.millrace.checkpoint.UnexportableLearnerException;
import dev.millrace.checkpoint.UnusableCheckpointException;
import dev.millrace.cli.model.ModelCommand;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.generation.GenerationRefusedException;
import dev.millrace.log.LogSettings;
import dev.millrace.model.FingerprintMismatchException;
import dev.millrace.serve.HttpSetup;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import dev.millrace.stream.run.LostContinuityException;
import dev.millrace.stream.run.UnusableStateException;
import dev.millrace.topic.BatchLog.BrokenLogException;
import dev.millrace.topic.fault.BrokerUnreachableException;
import dev.millrace.topic.fault.MissingRightException;
import dev.millrace.topic.fault.UnauthenticatedException;
import dev.millrace.topic.fault.UnusableTopicException;
import dev.millrace.topic.transaction.UndecidedTransactionException;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.charset.Charset;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** The program. */
@Command(
        name = "millrace",
        mixinStandardHelpOptions = true,
        description = "Trains two-tower retrieval models from events as they arrive in Kafka.",
        subcommands = {
            TopicsCommand.class,
            TrainCommand.class,
            MapCommand.class,
            ReplayCommand.class,
            VerifyCommand.class,
            TransactionsCommand.class,
            DoctorCommand.class,
            DeadLettersCommand.class,
            ActionsCommand.class,
            ModelCommand.class,
            ExperimentCommand.class,
            BrokerCommand.class,
            ExplainCommand.class,
            SettingsCommand.class,
            TopologyCommand.class
        },
        footer = {"millrace demo", "millrace train --bootstrap-server kafka:9092 --config my.properties"})
public final class Millrace {

    private static final int UNUSABLE_SETTINGS = 2;
    private static final int FAILED = 1;
    private static final int UNAVAILABLE = 69; // EX_UNAVAILABLE of sysexits.h
    private static final int UNUSABLE_FILE = 74; // EX_IOERR
    private static final int NOT_ALLOWED = 77; // EX_NOPERM

    /** Failures whose message says all, and the exit status of each. */
    private static final Map<Class<? extends Throwable>, Integer> PLAIN = plain(Map.ofEntries(
            Map.entry(InvalidSettingsException.class, UNUSABLE_SETTINGS),
            Map.entry(FingerprintMismatchException.class, UNUSABLE_SETTINGS),
            Map.entry(HttpSetup.PortTakenException.class, UNAVAILABLE),
            Map.entry(LostContinuityException.class, FAILED),
            Map.entry(UndecidedTransactionException.class, FAILED),
            Map.entry(UnexportableLearnerException.class, FAILED),
            Map.entry(BrokenLogException.class, FAILED),
            Map.entry(GenerationRefusedException.class, FAILED),
            Map.entry(UnusableStateException.class, UNUSABLE_FILE),
            Map.entry(UnusableCheckpointException.class, UNUSABLE_FILE)));

    @Spec
    @Nullable
    CommandSpec spec;

    private Millrace() {}

    @Command(
            mixinStandardHelpOptions = true,
            description = "Run the recall API on the published embeddings, until stopped.",
            footer = {
                "millrace serve --bootstrap-server kafka:9092",
                "millrace serve --set serve.port=8090 --set serve.popularity-weight=0"
            })
    int serve(@Mixin ConfigOptions config) throws IOException, InterruptedException {
        try (ServeProcess server =
                ServeProcess.start(config.settings(), new PrometheusMeterRegistry(PrometheusConfig.DEFAULT))) {
            return untilStopped("recall API " + server.url());
        }
    }

    @Command(
            mixinStandardHelpOptions = true,
            description = {
                "Accept events over HTTP and write them to the input topics, until stopped. For applications without"
                        + " a Kafka producer.",
                "To send an event:",
                "curl -H 'Content-Type: application/json' http://127.0.0.1:8082/v1/events \\",
                "  -d '{\"items\": [{\"item_id\": \"i1\", \"time\": \"2026-01-31T12:00:00Z\"}]}'"
            },
            footer = "millrace ingest --bootstrap-server kafka:9092")
    int ingest(@Mixin ConfigOptions config) throws InterruptedException {
        try (IngestProcess ingest =
                IngestProcess.start(config.settings(), new PrometheusMeterRegistry(PrometheusConfig.DEFAULT))) {
            return untilStopped("events " + ingest.url() + "/v1/events");
        }
    }

    private int untilStopped(String started) throws InterruptedException {
        PrintWriter out = Objects.requireNonNull(spec).commandLine().getOut();
        out.println(started);
        out.flush();
        Processes.stopOnSignal().await();
        return 0;
    }

    @Command(
            mixinStandardHelpOptions = true,
            description = {
                "Print a script that lets bash and zsh complete commands and options.",
                "Write it to a file, and source that in ~/.bashrc or ~/.zshrc."
            },
            footer = "millrace completion > ~/.millrace-completion")
    int completion() {
        CommandLine program = Objects.requireNonNull(spec).commandLine();
        program.getOut().print(AutoComplete.bash(program.getCommandName(), program));
        program.getOut().flush();
        return 0;
    }

    private static Map<Class<? extends Throwable>, Integer> plain(Map<Class<? extends Throwable>, Integer> own) {
        Map<Class<? extends Throwable>, Integer> all = new HashMap<>(own);
        Extension.ALL.forEach(extension -> all.putAll(extension.statuses()));
        return all;
    }

    public static void main(String[] arguments) {
        // Kafka Streams formats a number for each record, and looks up the symbols of any other language for it
        Locale.setDefault(Locale.Category.FORMAT, Locale.US);
        int status = run(commandLine(), System.getenv(), arguments);
        if (status == 0) { // what a failed run left may be looked at until the next start
            LauncherDirectory.remove();
        }
        Processes.ended(status);
        System.exit(status);
    }

    static int run(CommandLine commandLine, Map<String, String> environment, String... arguments) {
        List<SettingFault> faults = LogSettings.faults(environment);
        if (!faults.isEmpty()) {
            faults.forEach(fault -> commandLine.getErr().println(fault));
            return UNUSABLE_SETTINGS;
        }
        return commandLine.execute(arguments);
    }

    /** The exit status of a process that failed while it ran. */
    static int statusOf(Throwable failure) {
        return refusal(failure).isPresent() ? NOT_ALLOWED : PLAIN.getOrDefault(failure.getClass(), FAILED);
    }

    /** A failure as it is told: by its message alone where that says all. */
    static String said(Throwable failure) {
        return refusal(failure)
                .map(Throwable::getMessage)
                .orElseGet(() -> PLAIN.containsKey(failure.getClass())
                        ? String.valueOf(failure.getMessage())
                        : failure.toString());
    }

    /** What the cluster refused this process, or this process the cluster, if a failure came from that. */
    private static Optional<RuntimeException> refusal(Throwable failure) {
        return MissingRightException.in(failure)
                .<RuntimeException>map(missing -> missing)
                .or(() -> UnauthenticatedException.in(failure));
    }

    /** What was tried and what came of it: the message of a file system's exception is often no more than the file's name. */
    private static String unusableFile(Throwable failure) {
        String tried = failure.getClass().equals(IOException.class) || failure.getCause() != null
                ? String.valueOf(failure.getMessage())
                : failure.getClass().getSimpleName() + ": " + failure.getMessage();
        return failure.getCause() == null || tried.contains(failure.getCause().toString())
                ? tried
                : tried + ": " + unusableFile(failure.getCause());
    }

    /** Gives what every command has: the version, and examples at the end of its help. */
    private static void complete(CommandLine commandLine) {
        CommandSpec spec = commandLine.getCommandSpec().versionProvider(new Version());
        String[] examples = spec.usageMessage().footer();
        spec.usageMessage()
                .footerHeading("%nExamples:%n")
                .footer(Stream.of(examples).map("  "::concat).toArray(String[]::new));
        commandLine.getSubcommands().values().forEach(Millrace::complete);
    }

    /** The charset of a terminal, as Java found it; that of files and pipes if it is none. */
    private static Charset charset(String property) {
        return Optional.ofNullable(System.getProperty(property))
                .map(Charset::forName)
                .orElse(Charset.defaultCharset());
    }

    public static CommandLine commandLine() {
        CommandLine commandLine = new CommandLine(new Millrace());
        Extension.ALL.stream()
                .flatMap(extension -> extension.commands().stream())
                .forEach(commandLine::addSubcommand);
        complete(commandLine);
        commandLine.setOut(PlainWriter.to(System.out, charset("sun.stdout.encoding")));
        commandLine.setErr(PlainWriter.to(System.err, charset("sun.stderr.encoding")));
        commandLine.setExecutionExceptionHandler((failure, command, parsed) -> {
            if (failure instanceof InvalidSettingsException invalid) {
                invalid.faults().forEach(fault -> command.getErr().println(fault));
                command.getErr().flush();
                return UNUSABLE_SETTINGS;
            }
            if (failure instanceof BrokerUnreachableException || failure instanceof UnusableTopicException) {
                command.getErr().println(failure.getMessage());
                return UNAVAILABLE;
            }
            if (refusal(failure).isPresent() || PLAIN.containsKey(failure.getClass())) {
                command.getErr().println(said(failure));
                return statusOf(failure);
            }
            if (failure instanceof IOException || failure instanceof UncheckedIOException) {
                command.getErr().println(unusableFile(failure));
                return UNUSABLE_FILE;
            }
            throw failure;
        });
        return commandLine;
    }
}
