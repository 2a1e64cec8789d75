package dev.millrace.workshop;

import dev.millrace.cli.option.DataOptions;
import dev.millrace.cli.option.OptionFaults;
import dev.millrace.evaluate.Figures;
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

    @Option(
            names = "--candidate",
            paramLabel = "column|uniform|FILE",
            description =
                    "off-policy: the policy to estimate. column, the default: by the column candidate of --data, a CSV file with"
                            + " item_id, position, click, propensity_score, and user_id if rows of a user are one observation."
                            + " uniform: all items alike. FILE: a CSV file with item_id, position, probability")
    String candidate = COLUMN;

    @Option(
            names = "--clip",
            paramLabel = "WEIGHT",
            description = "off-policy: lower larger weights to this. Default: none")
    double clip = Double.POSITIVE_INFINITY;

    /** Estimates by the log at the path of the data: a row for all, and one for each place. */
    ReportedRun estimates(DataOptions data) {
        Path file = data.path().orElseThrow(() -> OptionFaults.unusable("--data", "absent", "must be given"));
        if (!(clip > 0)) {
            throw OptionFaults.unusable("--clip", String.valueOf(clip), "must be above 0");
        }
        return report -> {
            PropensityLog log = new PropensityLog(file, candidate.equals(COLUMN));
            List<Shown> shown = candidate.equals(COLUMN)
                    ? log.shown()
                    : candidate.equals("uniform") ? log.againstUniform() : log.against(Path.of(candidate));
            report.add(new Figures()
                    .with("data", data.name())
                    .with("protocol", "off-policy")
                    .with("candidate", candidate));
            report.add("rows", row("all", shown));
            shown.stream()
                    .collect(Collectors.groupingBy(Shown::place, TreeMap::new, Collectors.toList()))
                    .forEach((place, there) -> report.add("rows", row(place.toString(), there)));
        };
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
                .with("doublyRobust", candidate.equals(COLUMN) ? none : found.doublyRobust()) // needs all it would show
                .with("ratio", found.logged().value() > 0 ? found.ratio() : none)
                .with("effective", found.effectiveRows())
                .with("meanWeight", found.meanWeight())
                .with("clipped", found.clippedShare());
    }
}
