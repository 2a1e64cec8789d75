package dev.millrace.replay;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The formats of data sets. */
public enum DataFormat {
    /** KuaiRand-Pure, its folder as downloaded. */
    KUAIRAND,
    /** MovieLens, its folder as downloaded. */
    MOVIELENS,
    /** News of Yidian, the three files of the two-tower tutorial. */
    YIDIAN,
    /** Sessions of DIGINETICA, a folder with the file that ADER splits into periods. */
    DIGINETICA,
    /** The user's own log in CSV, read through a mapping file. */
    CSV,
    /** The user's own log, one JSON object a line, read through a mapping file. */
    JSONL;

    /** The file has no times: a period counts as a week, and its views are spread over it. */
    private static final Map<String, String> DIGINETICA_MAPPING = Map.of(
            "clicks.files", "clicks.csv*",
            "clicks.user", "session",
            "clicks.item", "item",
            "clicks.window", "period",
            "clicks.window.length", "7d");

    /** Returns the format with this label, or empty if there is none. */
    public static Optional<DataFormat> named(String label) {
        return Arrays.stream(values())
                .filter(format -> format.label().equals(label))
                .findFirst();
    }

    /** All labels in their order, for a message: commas between, and {@code or} before the last. */
    public static String choices() {
        List<String> labels = Arrays.stream(values()).map(DataFormat::label).toList();
        int last = labels.size() - 1;
        return String.join(", ", labels.subList(0, last)) + " or " + labels.get(last);
    }

    /** The name on the command line. The settings file of the format has the same name. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }

    /**
     * Opens a data set of this format.
     *
     * @param data a folder; for CSV and JSONL the mapping file, or a folder that holds {@code mapping.properties}
     * @throws dev.millrace.settings.InvalidSettingsException if the data set cannot be used; it has every fault
     */
    public DataSet open(Path data, ReplaySettings settings) {
        return switch (this) {
            case KUAIRAND -> new KuaiRand(data, settings.kuairandActions());
            case MOVIELENS -> new MovieLens(data, settings.movielensMinRating());
            case YIDIAN -> new Yidian(data);
            case DIGINETICA -> new MappedLog(DIGINETICA_MAPPING, data, CSV);
            case CSV, JSONL -> new MappedLog(data, this);
        };
    }
}
