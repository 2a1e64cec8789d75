package dev.millrace.cli;

import dev.millrace.app.ExperimentDecider;
import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.Clusters;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.option.ProgressLine;
import dev.millrace.cli.option.Row;
import dev.millrace.experiment.AnswerHistory;
import dev.millrace.experiment.Decision;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.ExperimentSums;
import dev.millrace.experiment.Guard;
import dev.millrace.experiment.Uplift;
import dev.millrace.generation.GenerationRefusedException;
import dev.millrace.settings.SettingsReader;
import dev.millrace.topic.Cluster;
import dev.millrace.topic.ExperimentAdmin;
import dev.millrace.topic.GenerationAdmin;
import dev.millrace.topic.ProgressLog;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.ServingProgress;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "experiment",
        mixinStandardHelpOptions = true,
        description = {
            "Try a generation on a share of the users, beside the one that answers, and decide between them.",
            "One experiment runs at a time."
        },
        footer = {
            "millrace experiment start try --arms g1-e5d3e6aa,g2-3f9a01bc --ramp 1,10,50",
            "millrace experiment decide"
        })
final class ExperimentCommand {

    private static final double PERCENT = 100;

    @Command(
            mixinStandardHelpOptions = true,
            description = {
                "Start an experiment. From then on servers answer each user from the generation of the user's arm.",
                "It runs until it is stopped; millrace experiment decide takes it to its end.",
                "Exits with 1 if a generation cannot answer, or if another experiment runs."
            },
            footer = {
                "millrace experiment start try --arms g1-e5d3e6aa=90,g2-3f9a01bc=10",
                "millrace experiment start try --arms g1-e5d3e6aa,g2-3f9a01bc --ramp 1,10,50"
            })
    int start(
            @Mixin ConfigOptions config,
            @Mixin OutputOption output,
            @Parameters(paramLabel = "NAME", description = "of the experiment: a-z, 0-9 and dashes") String name,
            @Option(
                            names = "--arms",
                            paramLabel = "CONTROL=PERCENT,TREATMENT=PERCENT",
                            required = true,
                            split = ",",
                            description = "the generation that answers, the one to try, and their shares of the users;"
                                    + " without shares with --ramp")
                    List<String> arms,
            @Option(
                            names = "--ramp",
                            paramLabel = "PERCENT,…",
                            split = ",",
                            description = "shares of the treatment, one for each stage, in place of those of --arms")
                    @Nullable
                    List<Double> ramp,
            @Option(
                            names = "--every",
                            paramLabel = "DURATION",
                            defaultValue = Experiment.Plan.EVERY,
                            description = "least time that a stage lasts; default: ${DEFAULT-VALUE}")
                    String every,
            @Option(
                            names = "--goal",
                            paramLabel = "ACTION",
                            defaultValue = Experiment.Plan.ACTION,
                            description = "what is compared: this action, per exposure, or with attribution.mode ="
                                    + " clicks-only per user; one of attribution.actions;"
                                    + " default: ${DEFAULT-VALUE}")
                    String goal,
            @Option(
                            names = "--uplift",
                            paramLabel = "SHARE",
                            defaultValue = Experiment.Plan.UPLIFT,
                            description = "relative change that is to be found soonest; default: ${DEFAULT-VALUE}")
                    double uplift,
            @Option(
                            names = "--error",
                            paramLabel = "SHARE",
                            defaultValue = Experiment.Plan.ERROR,
                            description = "probability of a decision between equal arms, over the whole experiment;"
                                    + " default: ${DEFAULT-VALUE}")
                    double error,
            @Option(
                            names = "--max-age",
                            paramLabel = "DURATION",
                            defaultValue = Experiment.Plan.MAX_AGE,
                            description = "how far the treatment's learner may be silent behind others before it is"
                                    + " rolled back, and how old counts may be to promote; default: ${DEFAULT-VALUE}")
                    String maxAge,
            @Option(
                            names = "--guard",
                            paramLabel = "NAME=BOUND",
                            split = ",",
                            description =
                                    "roll back when what servers tell of the treatment's answers is beyond a bound in two of three"
                                            + " windows:"
                                            + " empty, cold (most of the answers, shares), p99 (most ms), catalogue (least share"
                                            + " of the items), vector-age (most s); 1.5x is one and a half times the"
                                            + " control's; may be repeated")
                    @Nullable
                    List<String> guards) {
        MillraceSettings settings = config.settings();
        settings.attribution().refusesGoal(goal).ifPresent(rule -> {
            throw OptionFaults.unusable("--goal", goal, rule);
        });
        List<String[]> given = arms.stream().map(arm -> arm.split("=", 2)).toList();
        List<Double> stages = ramp != null ? ramp : shares(arms, given);
        if (given.size() != 2) {
            throw OptionFaults.unusable("--arms", String.join(",", arms), "must be two generations");
        }
        Experiment.Plan plan = plan(
                        goal, uplift, error, stages, duration("--every", every), duration("--max-age", maxAge), guards)
                .per(settings.attribution().goalPer());
        try (ProgressLine line = output.progress("read")) {
            Cluster cluster = Clusters.open(settings).followedBy(line);
            Experiment started = new ExperimentAdmin(cluster, Clusters.log(cluster, "experiment start"))
                    .start(name, given.get(0)[0], given.get(1)[0], plan);
            output.write(row(started));
        } catch (IllegalArgumentException unusable) {
            throw OptionFaults.unusable("NAME", name, String.valueOf(unusable.getMessage()));
        }
        output.say("millrace experiment decide promotes it, rolls it back, or goes on to the next stage");
        return 0;
    }

    /** Returns the share of the treatment, if the arms are given with shares that add up. */
    private static List<Double> shares(List<String> arms, List<String[]> given) {
        try {
            double sum = given.stream()
                    .mapToDouble(arm -> Double.parseDouble(arm[1]))
                    .sum();
            if (given.size() == 2 && Math.abs(sum - PERCENT) < 1e-9) {
                return List.of(Double.valueOf(given.get(1)[1]));
            }
        } catch (ArrayIndexOutOfBoundsException | NumberFormatException none) {
            // told below
        }
        throw OptionFaults.unusable(
                "--arms", String.join(",", arms), "must be two generations with shares that add up to 100, or --ramp");
    }

    private static Experiment.Plan plan(
            String goal,
            double uplift,
            double error,
            List<Double> ramp,
            Duration every,
            Duration maxAge,
            @Nullable List<String> guards) {
        try {
            return new Experiment.Plan(goal, uplift, error, ramp, every, maxAge)
                    .guardedBy(Guard.bounds(guards == null ? List.of() : guards));
        } catch (IllegalArgumentException unusable) {
            String message = String.valueOf(unusable.getMessage()); // what = value: rule
            int equals = message.indexOf(" = ");
            int colon = message.indexOf(": ", equals);
            throw OptionFaults.unusable(
                    "--" + message.substring(0, equals),
                    message.substring(equals + 3, colon),
                    message.substring(colon + 2));
        }
    }

    private static Duration duration(String option, String text) {
        try {
            return SettingsReader.parseDuration(text);
        } catch (RuntimeException unreadable) {
            throw OptionFaults.unusable(option, text, "must be a duration, such as 30s, 15m, 6h, 7d");
        }
    }

    @Command(
            mixinStandardHelpOptions = true,
            description = {
                "Show the latest experiment: its stages, what was counted in each arm, the bounds of the uplift, and what"
                        + " servers tell.",
                "The bounds hold at all looks together. blocked says why the treatment can only be rolled back,"
                        + " uncounted which parts of the attribution do not count the stage. Exits with 1 if there was no"
                        + " experiment yet."
            },
            footer = "millrace experiment show --bootstrap-server kafka:9092")
    int show(@Mixin ConfigOptions config, @Mixin OutputOption output) {
        Experiment latest;
        Collection<PartProgress> parts;
        Collection<ServingProgress> served;
        try (ProgressLine line = output.progress("read")) {
            Cluster cluster = Clusters.open(config.cluster()).followedBy(line);
            latest = GenerationAdmin.history(cluster)
                    .latestExperiment()
                    .orElseThrow(() -> new GenerationRefusedException("there was no experiment yet"));
            parts = new ProgressLog(cluster).latest().values();
            served = new ProgressLog(cluster).ofServers();
        }
        ExperimentSums sums = PartProgress.Counted.sums(latest, parts);
        output.write(row(latest)
                .with(uplift(latest, sums))
                .with("blocked", Decision.blocked(sums, latest.plan()))
                .with("uncounted", PartProgress.Counted.uncounted(latest, parts))
                .with("counts", rows(sums.table(latest).stream()))
                .with("guards", guards(latest, served)));
        return 0;
    }

    private static Row row(Experiment experiment) {
        Experiment.Stage stage = experiment.stages().get(experiment.stage());
        return Row.of("experiment", experiment.name())
                .with("control", experiment.control())
                .with("treatment", experiment.treatment())
                .with("goal", experiment.plan().goal())
                .with("stage", experiment.stage() + 1)
                .with("percent", stage.percent())
                .with("since", Instant.ofEpochMilli(stage.at()))
                .with("end", experiment.end().map(end -> end.result().name().toLowerCase(Locale.ROOT)))
                .with("ended", experiment.end().map(end -> Instant.ofEpochMilli(end.at())))
                .with("why", experiment.end().map(Experiment.End::why));
    }

    private static Row uplift(Experiment experiment, ExperimentSums sums) {
        Uplift uplift = Uplift.of(sums, experiment.plan());
        if (Double.isNaN(uplift.estimate())) {
            return new Row().with("uplift", "unknown: too few of the goal yet");
        }
        return new Row()
                .with("uplift", uplift.estimate())
                .with("lower", uplift.lower())
                .with("upper", uplift.upper())
                .with("standardError", uplift.standardError());
    }

    /** What servers told of each arm lately, and the bounds of the treatment. */
    private static List<Row> guards(Experiment experiment, Collection<ServingProgress> served) {
        Instant since = Instant.now().minus(experiment.plan().maxAge());
        AnswerHistory told = ServingProgress.history(experiment, served, since);
        return rows(Guard.readings(experiment.plan(), told).stream().map(Guard.Reading::members));
    }

    private static List<Row> rows(Stream<Map<String, Object>> table) {
        return table.map(Row::of).toList();
    }

    @Command(
            mixinStandardHelpOptions = true,
            description = {"Stop an experiment: the control answers all users.", "Exits with 1 if it does not run."},
            footer = "millrace experiment stop try --bootstrap-server kafka:9092")
    int stop(
            @Mixin ConfigOptions config,
            @Mixin OutputOption output,
            @Parameters(paramLabel = "NAME", description = "of the experiment") String name) {
        try (ProgressLine line = output.progress("read")) {
            Cluster cluster = Clusters.open(config.cluster()).followedBy(line);
            output.write(row(new ExperimentAdmin(cluster, Clusters.log(cluster, "experiment stop")).stop(name)));
        }
        return 0;
    }

    @Command(
            mixinStandardHelpOptions = true,
            description = {
                "Take the experiment that runs to its end: promote the treatment when a test finds it better, roll it back",
                "when it finds it worse or a guard says so, else go on to the next stage.",
                "It may be killed and started again, here or elsewhere. Exits with 1 if no experiment runs."
            },
            footer = "millrace experiment decide --bootstrap-server kafka:9092")
    int decide(
            @Mixin ConfigOptions config,
            @Mixin OutputOption output,
            @Option(
                            names = "--interval",
                            paramLabel = "DURATION",
                            defaultValue = "1s",
                            description = "time between two looks; default: ${DEFAULT-VALUE}")
                    String interval)
            throws InterruptedException {
        long millis = Math.max(1, duration("--interval", interval).toMillis());
        Cluster cluster = Clusters.open(config.cluster());
        Optional<Experiment> told =
                GenerationAdmin.history(cluster).latestExperiment().filter(Experiment::isRunning);
        if (told.isEmpty()) {
            throw new GenerationRefusedException("no experiment runs");
        }
        CountDownLatch stop = new CountDownLatch(1);
        try (Processes.Watch signal = Processes.watch(stop::countDown);
                ExperimentDecider decider = new ExperimentDecider(
                        cluster, Clusters.log(cluster, "experiment decide"), InstantSource.system())) {
            tell(output, told.get());
            do {
                Optional<Experiment> now = decider.look();
                if (now.isPresent() && !now.equals(told)) {
                    tell(output, now.get());
                    told = now;
                }
            } while (told.get().isRunning() && !stop.await(millis, TimeUnit.MILLISECONDS));
        }
        return 0;
    }

    private static void tell(OutputOption output, Experiment experiment) {
        output.write(row(experiment));
        output.out().flush();
    }
}
