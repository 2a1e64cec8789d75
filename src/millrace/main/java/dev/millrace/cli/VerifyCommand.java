package dev.millrace.cli;

import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.Clusters;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.cli.option.OutputOption;
import dev.millrace.cli.verify.Verdict;
import dev.millrace.topic.Cluster;
import dev.millrace.verify.ModelAudit;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        description = {
            "Check a running or stopped system against its own topics.",
            "Exits with 0 if nothing differs, 1 if something does, 2 on unusable settings, 69 without a broker."
        },
        footer = {
            "millrace verify --counts --config my.properties",
            "millrace verify --model --counts --checkpoints audits --config my.properties",
            "millrace verify --answers --config my.properties",
            "millrace verify --model --counts --record --config my.properties"
        })
final class VerifyCommand implements Callable<Integer> {

    private static final int DIFFERS = 1;

    @Mixin
    ConfigOptions config = new ConfigOptions();

    @Option(
            names = "--model",
            description = "learn the log of mini-batches again; compare digests and vectors with the published ones")
    boolean model;

    @Option(
            names = "--step",
            paramLabel = "N",
            description = "with --model: end at this step; default: the newest published")
    @Nullable
    Long step;

    @Option(
            names = "--checkpoints",
            paramLabel = "DIR",
            description =
                    "with --model and --counts: begin from the newest checkpoints in this folder; write some there if"
                            + " nothing differs")
    @Nullable
    Path checkpoints;

    @Option(
            names = "--counts",
            description = "make the attribution again in its recorded order; compare examples, users and books")
    boolean counts;

    @Option(
            names = "--trust-state",
            description =
                    "with --counts and --checkpoints: begin anew with the state that the attribution has, while no"
                            + " trainer runs; what made it is not audited")
    boolean isTrusted;

    @Option(
            names = "--answers",
            description = "make logged answers (serve.answers.sample) again from the topics; compare items and scores")
    boolean answers;

    @Option(
            names = "--record",
            description = "record the result in the audit log (operator-actions); a server's page shows the latest")
    boolean record;

    @Mixin
    OutputOption output = new OutputOption();

    @Override
    public Integer call() {
        if (!model && !counts && !answers) {
            throw OptionFaults.unusable(
                    "verify", "nothing", "must name what to check: --model, --counts, --answers, or several");
        }
        if (isTrusted && (!counts || checkpoints == null)) {
            throw OptionFaults.unusable("--trust-state", "given", "needs --counts and --checkpoints");
        }
        OptionFaults.requireAtLeastOne("--step", step == null ? 1 : step);
        MillraceSettings settings = config.settings();
        Cluster cluster = Clusters.open(settings);
        if (record) { // now, and not after an hour
            Clusters.topics(settings).checkWritable(cluster.topics().operatorActions());
        }
        List<Verdict> verdicts = new ArrayList<>();
        if (counts) {
            verdicts.add(enter(
                    cluster, Verdict.ofCounts(settings, cluster, Optional.ofNullable(checkpoints), isTrusted, output)));
        }
        if (answers) {
            verdicts.add(enter(cluster, Verdict.ofAnswers(cluster, output)));
        }
        if (model) {
            var scope = new ModelAudit.Scope(
                    step == null ? OptionalLong.empty() : OptionalLong.of(step), Optional.ofNullable(checkpoints));
            verdicts.add(enter(cluster, Verdict.ofModel(settings, cluster, scope, output)));
        }
        if (!output.isText()) {
            output.writeEach(verdicts.stream().map(Verdict::row).toList(), "");
        }
        return verdicts.stream().allMatch(Verdict::agrees) ? 0 : DIFFERS;
    }

    /** Shows people each result as it comes: the next may take an hour. */
    private Verdict enter(Cluster cluster, Verdict verdict) {
        if (output.isText()) {
            output.write(verdict.row());
        }
        if (record) {
            Clusters.log(cluster, "verify")
                    .verified(verdict.kind(), verdict.target(), verdict.agrees(), verdict.detail());
        }
        return verdict;
    }
}
