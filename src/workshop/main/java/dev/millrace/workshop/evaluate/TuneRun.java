package dev.millrace.workshop.evaluate;

import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.evaluate.Evaluation;
import dev.millrace.evaluate.Figures;
import dev.millrace.evaluate.Prequential;
import dev.millrace.evaluate.PrequentialSettings;
import dev.millrace.evaluate.RecordedExamples;
import dev.millrace.evaluate.Report;
import dev.millrace.exam.ExamWitness;
import dev.millrace.exam.RankingTotals;
import dev.millrace.model.StepTimes;
import dev.millrace.operation.Progress;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.tune.FoundEvents;
import dev.millrace.tune.Search;
import dev.millrace.tune.SearchSpace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CancellationException;
import java.util.function.Function;

/** Searches settings on the first part of a log, and measures on the rest what the best ones gain. One thread. */
public final class TuneRun {

    /**
     * What to do.
     *
     * @param name of the data
     * @param minutes budget; used if {@code trials} is absent
     * @param first share of the log that the search reads
     * @param cutoff k of the Recall@k to maximise
     */
    public record Task(String name, OptionalInt trials, double minutes, double first, int cutoff, long seed) {}

    private static final int LEAST_TRIALS = 3;
    private static final int MOST_TRIALS = 243;
    /** A candidate may cost more than the given settings; so much is kept back. */
    private static final double RESERVE = 1.3;

    /** Readings of the searched part that giving back takes, as a guess. */
    private static final double GIVING_BACK = 3;

    private static final long UNITS_A_READING = 1000; // of the progress
    private static final double SECONDS_A_MINUTE = 60;

    private final Task task;
    private final Function<Map<String, String>, MillraceSettings> settings;
    private final Function<MillraceSettings, RecordedExamples> examples;
    private final Report report;

    private double read; // readings of the searched part
    private double toRead;
    private final List<Figures> judged = new ArrayList<>(); // since the table of trials

    /**
     * @param settings reads the settings with some of them changed
     * @param examples of the log, by the settings
     */
    public TuneRun(
            Task task,
            Function<Map<String, String>, MillraceSettings> settings,
            Function<MillraceSettings, RecordedExamples> examples,
            Report report) {
        this.task = task;
        this.settings = settings;
        this.examples = examples;
        this.report = report;
    }

    /**
     * Searches, reports, and writes the changed settings to a file if they gain anything on the rest, too.
     *
     * @throws CancellationException if it was stopped; what was judged until then is reported
     */
    public void run(Path file) throws IOException {
        try {
            search(file);
        } catch (CancellationException stopped) {
            judged.forEach(row -> report.add("trials", row));
            throw stopped;
        }
    }

    private void search(Path file) throws IOException {
        MillraceSettings given = settings.apply(Map.of());
        SearchSpace space = SearchSpace.around(given.trainerTexts(), this::isValid);
        Search.Plan plan = plan(task.trials().orElseGet(this::affordable));
        toRead = read + plan.readings() + afterwards();
        Search.Finding finding = new Search(plan, space, this::searched).run();
        report.add(new Figures()
                .with("data", task.name())
                .with("settings", space.dimensions().size())
                .with("tried", finding.trials().size() - 1)
                .with("combinations", plan.trials())
                .with("seed", task.seed())
                .with("k", task.cutoff())
                .with("first", task.first()));
        finding.trials().forEach(trial -> row(plan, trial));
        judged.clear();
        if (finding.changes().isEmpty()) {
            report.note("%nno settings beat the given ones; no file was written");
            return;
        }
        finding.changes()
                .forEach(change -> report.add(
                        "changes",
                        new Figures()
                                .with("setting", change.key())
                                .with("given", change.from())
                                .with("better", change.to())
                                .with("gainOnTheFirstPart", change.gain())));
        report.note("");
        write(file, finding);
    }

    /** The recall of each round that the trial was in; a round reads the first of the searched part. */
    private void row(Search.Plan plan, Search.Trial trial) {
        Figures row = new Figures().with("trial", trial.number() == 0 ? "given" : "" + trial.number());
        for (int round = 0; round < trial.found().size(); round++) {
            double share = plan.rounds().get(round);
            row.with(
                    share < 1 ? String.format(Locale.ROOT, "R, 1/%.0f of it", 1 / share) : "R, all of it",
                    trial.found().get(round).recallAt(task.cutoff()));
        }
        report.add("trials", row.with("changes", trial.changes()));
    }

    private boolean isValid(Map<String, String> changes) {
        try {
            MillraceSettings unused = settings.apply(changes);
            return true;
        } catch (InvalidSettingsException invalid) {
            return false;
        }
    }

    private RankingTotals searched(Map<String, String> changes, double share) {
        MillraceSettings changed = settings.apply(changes);
        PrequentialSettings shares = PrequentialSettings.read(changed.reader());
        PrequentialSettings part =
                new PrequentialSettings(shares.first() * task.first() * share, shares.warmUp(), shares.passes());
        RankingTotals found = judge(changed, part, share, ExamWitness.NONE);
        if (found.scored() == 0) {
            throw OptionFaults.unusable(
                    task.name(),
                    String.format(Locale.ROOT, "the first %.1f %% of its events", 100 * task.first() * share),
                    EvaluationRun.NOTHING_TO_RANK);
        }
        judged.add(new Figures()
                .with("R", mean(found))
                .with("ofTheSearchedPart", share)
                .with("changes", changes));
        return found;
    }

    private RankingTotals judge(
            MillraceSettings changed, PrequentialSettings shares, double readings, ExamWitness witness) {
        RecordedExamples recorded = examples.apply(changed); // which may show its own progress first
        String part = String.format(Locale.ROOT, "%.0f %% of the search's part", 100 * readings);
        Progress within = (unused, done, of) -> report.progress()
                .reached(
                        part,
                        Math.round((read + readings * done / Math.max(1, of)) * UNITS_A_READING),
                        Math.round(Math.max(toRead, read + readings) * UNITS_A_READING)); // toRead is a guess
        within.reached(0, 1);
        Evaluation evaluation =
                new Evaluation(shares, recorded, changed.trainer(), StepTimes.UNTIMED, within, report::isStopping);
        RankingTotals found = new Prequential(evaluation)
                .run(Prequential.Mode.ONLINE, false, witness)
                .all()
                .model();
        if (report.isStopping()) {
            throw new CancellationException("stopped while it judged");
        }
        read += readings;
        return found;
    }

    /** Returns how many trials the minutes are enough for, by the time that the given settings take. */
    private int affordable() {
        double share = plan(MOST_TRIALS).rounds().get(0);
        searched(Map.of(), share); // compiles
        long began = System.nanoTime();
        searched(Map.of(), share);
        double secondsAReading =
                (System.nanoTime() - began) / (double) Duration.ofSeconds(1).toNanos() / share;
        double readings = task.minutes() * SECONDS_A_MINUTE / secondsAReading;
        int trials = LEAST_TRIALS - 1;
        while (trials < MOST_TRIALS && RESERVE * plan(trials + 1).readings() + afterwards() <= readings) {
            trials++;
        }
        if (trials < LEAST_TRIALS) {
            double least = RESERVE * plan(LEAST_TRIALS).readings() + afterwards();
            throw OptionFaults.unusable(
                    "--minutes",
                    String.format(Locale.ROOT, "%.1f", task.minutes()),
                    String.format(
                            Locale.ROOT,
                            "must be at least %.1f for %d trials on %s; or give --trials",
                            least * secondsAReading / SECONDS_A_MINUTE,
                            LEAST_TRIALS,
                            task.name()));
        }
        return trials;
    }

    private Search.Plan plan(int trials) {
        return new Search.Plan(trials, task.cutoff(), task.seed());
    }

    /** Readings of the searched part behind the rounds: what is given back, and twice the whole log. */
    private double afterwards() {
        return GIVING_BACK + 2 / task.first();
    }

    /** Measures on the events that no trial has seen. */
    private void write(Path file, Search.Finding finding) throws IOException {
        FoundEvents before = new FoundEvents(task.cutoff());
        FoundEvents after = new FoundEvents(task.cutoff());
        RankingTotals given = rest(Map.of(), before);
        RankingTotals tuned = rest(finding.settings(), after);
        FoundEvents.Gain gain = after.over(before);
        Figures rest = new Figures()
                .with("restEvents", gain.events())
                .with("restRecall", mean(tuned))
                .with("restGivenRecall", mean(given))
                .with("restGain", new Figures.Mean(gain.mean(), gain.standardError()))
                .with("isCertain", gain.isCertain());
        report.add(rest);
        if (!gain.isCertain()) {
            report.note("UNSURE: the gain is less than two standard errors, so it may be chance");
        }
        if (gain.mean() <= 0) {
            report.note("the best trial gains on the first part alone: no file was written");
            return;
        }
        StringBuilder text = new StringBuilder("# Made by millrace tune from " + task.name()
                + ". On the rest, events that no trial has seen:\n# " + rest + ".\n");
        finding.settings()
                .forEach((key, value) ->
                        text.append(key).append(" = ").append(value).append('\n'));
        Files.writeString(file, text, StandardCharsets.UTF_8);
        report.add(new Figures().with("file", file.toString()));
        report.note("use it with --config, after the data set's file");
    }

    private Figures.Mean mean(RankingTotals totals) {
        return new Figures.Mean(totals.recallAt(task.cutoff()), totals.standardErrorAt(task.cutoff()));
    }

    private RankingTotals rest(Map<String, String> changes, FoundEvents witness) {
        MillraceSettings changed = settings.apply(changes);
        PrequentialSettings shares = PrequentialSettings.read(changed.reader());
        return judge(
                changed,
                new PrequentialSettings(shares.first(), task.first(), shares.passes()),
                1 / task.first(),
                witness);
    }
}
