package dev.millrace.workshop;

import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.option.Clusters;
import dev.millrace.cli.option.ConfigOptions;
import dev.millrace.cli.option.DataOptions;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.evaluate.Figures;
import dev.millrace.evaluate.Report;
import dev.millrace.index.Exploration;
import dev.millrace.offpolicy.ExploredLog;
import dev.millrace.offpolicy.OffPolicyEstimates;
import dev.millrace.offpolicy.PropensityLog;
import dev.millrace.offpolicy.Shown;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;

/** The options of {@code --protocol off-policy}, and what it does with them. */
final class OffPolicyOptions {

    private static final String COLUMN = "column";
    private static final String EXPLORE = "explore=";

    @Option(
            names = "--candidate",
            paramLabel = "column|uniform|FILE|explore=T",
            description =
                    "off-policy: the policy to estimate. column, the default: by the column candidate of --data, a CSV file with"
                            + " item_id, position, click, propensity_score, and user_id if rows of a user are one observation."
                            + " uniform: all items alike. FILE: a CSV file with item_id, position, probability."
                            + " explore=T, without --data: the cluster's explored answers, drawn at this temperature")
    String candidate = COLUMN;

    @Option(
            names = "--clip",
            paramLabel = "WEIGHT",
            description = "off-policy: lower larger weights to this. Default: none")
    double clip = Double.POSITIVE_INFINITY;

    /** Estimates by the log at the path of the data, or by the cluster's: a row for all, and one for each place. */
    ReportedRun estimates(DataOptions data, ConfigOptions config) {
        if (!(clip > 0)) {
            throw OptionFaults.unusable("--clip", String.valueOf(clip), "must be above 0");
        }
        return data.path().map(this::ofFile).orElseGet(() -> ofCluster(config));
    }

    private ReportedRun ofCluster(ConfigOptions config) {
        if (!candidate.startsWith(EXPLORE)) {
            throw OptionFaults.unusable(
                    "--data", "absent", "must be given, or --candidate explore=T, for the cluster's explored answers");
        }
        double temperature = temperature();
        return report -> {
            MillraceSettings settings = config.settings();
            ExploredLog log = new ExploredLog(temperature, settings.attribution());
            log.read(Clusters.open(settings).followedBy(report.progress()));
            List<Shown> shown = log.shown();
            Figures misfits = new Figures();
            log.misfits().forEach((misfit, count) -> misfits.with(misfit.label(), count));
            report.add(new Figures()
                    .with("data", "the cluster's explored answers")
                    .with("protocol", "off-policy")
                    .with("candidate", candidate)
                    .with("answers", log.answers())
                    .with("misfits", misfits));
            report.note("%,d explored answers, %,d exposures that fit", log.answers(), shown.size());
            log.misfits().forEach((misfit, count) -> report.note("%s %,d", misfit.label(), count));
            if (!shown.isEmpty()) {
                addRows(report, shown);
            }
        };
    }

    private double temperature() {
        String text = candidate.substring(EXPLORE.length());
        try {
            double value = Double.parseDouble(text);
            if (value >= Exploration.COLDEST && value <= Exploration.HOTTEST) {
                return value;
            }
        } catch (NumberFormatException malformed) {
            // refused below
        }
        throw OptionFaults.unusable(
                "--candidate",
                candidate,
                "must have a temperature from " + Exploration.COLDEST + " to " + Exploration.HOTTEST);
    }

    private ReportedRun ofFile(Path file) {
        return report -> {
            PropensityLog log = new PropensityLog(file, candidate.equals(COLUMN));
            List<Shown> shown = candidate.equals(COLUMN)
                    ? log.shown()
                    : candidate.equals("uniform") ? log.againstUniform() : log.against(Path.of(candidate));
            report.add(new Figures()
                    .with("data", String.valueOf(file.getFileName()))
                    .with("protocol", "off-policy")
                    .with("candidate", candidate));
            addRows(report, shown);
        };
    }

    private void addRows(Report report, List<Shown> shown) {
        report.add("rows", row("all", shown));
        shown.stream()
                .collect(Collectors.groupingBy(Shown::place, TreeMap::new, Collectors.toList()))
                .forEach((place, there) -> report.add("rows", row(place.toString(), there)));
    }

    private Figures row(String place, List<Shown> shown) {
        OffPolicyEstimates found = new OffPolicyEstimates(shown, clip);
        if (Double.isNaN(found.effectiveRows())) {
            throw OptionFaults.unusable(
                    "--candidate", candidate, "must show an item that --data shows at place " + place);
        }
        Object none = Double.NaN; // such a figure is left out
        return new Figures()
                .with("place", place)
                .with("shown", shown.size())
                .with("logged", found.logged())
                .with("ips", found.ips())
                .with("selfNormalised", found.selfNormalised())
                .with(
                        "doublyRobust",
                        candidate.equals(COLUMN) || candidate.startsWith(EXPLORE)
                                ? none
                                : found.doublyRobust()) // needs all it would show
                .with("ratio", found.logged().value() > 0 ? found.ratio() : none)
                .with("effective", found.effectiveRows())
                .with("meanWeight", found.meanWeight())
                .with("clipped", found.clippedShare());
    }
}
