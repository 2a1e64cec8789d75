package dev.millrace.offpolicy;

import dev.millrace.cli.option.OptionFaults;
import dev.millrace.event.UnusableEventException;
import dev.millrace.replay.BadRow;
import dev.millrace.replay.Row;
import dev.millrace.replay.RowFile;
import dev.millrace.replay.RowFormat;
import dev.millrace.replay.RowReader;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A log in CSV of what was shown, where, with which probability, and whether it was clicked, in the columns of Open Bandit (Saito et al.
 * 2021). A row that breaks a rule is a fault, as an estimate without it would be another one. One thread.
 */
public final class PropensityLog {

    private static final RowFormat CSV = new RowFormat.Csv(',', Optional.of('"'), List.of(), StandardCharsets.UTF_8);
    private static final String ITEM = "item_id";
    private static final String PLACE = "position";
    private static final String CLICK = "click";
    private static final String PROPENSITY = "propensity_score";
    private static final String USER = "user_id";
    private static final String CANDIDATE = "candidate";
    private static final String PROBABILITY = "probability";
    private static final int MOST_FAULTS = 10;
    private static final double ROUNDING = 1e-6; // of a sum of probabilities

    private final Map<String, Integer> items = new HashMap<>();
    private final List<Shown> shown = new ArrayList<>();

    /**
     * Reads a log.
     *
     * @param hasCandidate whether each row has the probability of a candidate, too
     * @throws InvalidSettingsException with the first faults, each with its row
     */
    public PropensityLog(Path file, boolean hasCandidate) {
        List<String> columns = new ArrayList<>(List.of(ITEM, PLACE, CLICK, PROPENSITY));
        boolean hasUsers = present("--data", file).contains(USER);
        if (hasUsers) {
            columns.add(USER);
        }
        if (hasCandidate) {
            columns.add(CANDIDATE);
        }
        Map<String, Integer> users = new HashMap<>();
        read("--data", file, columns, row -> {
            shown.add(new Shown(
                    hasUsers ? users.computeIfAbsent(id(row, USER), first -> users.size()) : shown.size(),
                    item(row),
                    place(row),
                    row.flag(CLICK),
                    probability(row, PROPENSITY, Double.MIN_VALUE),
                    hasCandidate ? probability(row, CANDIDATE, 0) : 0,
                    0,
                    0));
        });
    }

    /** The rows in the order of the log. */
    public List<Shown> shown() {
        return List.copyOf(shown);
    }

    /** The rows against a candidate that shows each item of the log with the same probability. */
    public List<Shown> againstUniform() {
        return ClickRates.against((item, place) -> 1.0 / items.size(), shown, items.size());
    }

    /**
     * The rows against a candidate whose probabilities stand in a file with the columns of item and place, and {@code probability}.
     *
     * @throws InvalidSettingsException unless the probabilities of each place have the sum 1
     */
    public List<Shown> against(Path file) {
        Map<Integer, Map<Integer, Double>> places = new HashMap<>();
        shown.forEach(row -> places.computeIfAbsent(row.place(), first -> new HashMap<>()));
        read("--candidate", file, List.of(ITEM, PLACE, PROBABILITY), row -> {
            Map<Integer, Double> place = places.computeIfAbsent(place(row), first -> new HashMap<>());
            place.merge(item(row), probability(row, PROBABILITY, 0), Double::sum);
        });
        places.forEach((place, probabilities) -> {
            double sum = probabilities.values().stream().reduce(0.0, Double::sum);
            if (Math.abs(sum - 1) > ROUNDING) {
                throw OptionFaults.unusable(
                        "--candidate", file + ", place " + place, "must have the sum 1, not " + sum);
            }
        });
        return ClickRates.against(
                (item, place) -> places.getOrDefault(place, Map.of()).getOrDefault(item, 0.0), shown, items.size());
    }

    private static void read(String option, Path path, List<String> columns, Consumer<Row> each) {
        List<String> present = present(option, path);
        List<String> absent =
                columns.stream().filter(column -> !present.contains(column)).toList();
        if (!absent.isEmpty()) {
            throw OptionFaults.unusable(option, path.toString(), "must have the columns " + String.join(", ", absent));
        }
        RowFile file = new RowFile(path, CSV, columns);
        List<SettingFault> faults = new ArrayList<>();
        Consumer<BadRow> bad = at -> faults.add(new SettingFault(option, at.file() + ":" + at.line(), at.message()));
        try (RowReader rows = file.rows(bad)) {
            while (rows.hasNext() && faults.size() < MOST_FAULTS) {
                Row row = rows.next();
                try {
                    each.accept(row);
                } catch (UnusableEventException unusable) {
                    bad.accept(new BadRow(file.name(), row.line(), String.valueOf(unusable.getMessage())));
                }
            }
        }
        if (!faults.isEmpty()) {
            throw new InvalidSettingsException(faults);
        }
    }

    private static List<String> present(String option, Path path) {
        if (!Files.isRegularFile(path)) {
            throw OptionFaults.unusable(option, path.toString(), "must be a file");
        }
        return RowReader.columns(new RowFile(path, CSV, List.of()));
    }

    private int item(Row row) {
        return items.computeIfAbsent(id(row, ITEM), first -> items.size());
    }

    private static String id(Row row, String column) {
        return row.text(column).orElseThrow(() -> new UnusableEventException(column, "", "must be given"));
    }

    private static int place(Row row) {
        String text = row.cell(PLACE);
        if (!text.matches("[1-9][0-9]{0,5}")) {
            throw new UnusableEventException(PLACE, text, "must be a whole number from 1 to 999999");
        }
        return Integer.parseInt(text);
    }

    private static double probability(Row row, String column, double least) {
        double value = row.number(column).orElse(-1.0);
        if (value < least || value > 1) {
            throw new UnusableEventException(
                    column, row.cell(column), "must be a probability " + (least > 0 ? "above 0, " : "") + "up to 1");
        }
        return value;
    }
}
