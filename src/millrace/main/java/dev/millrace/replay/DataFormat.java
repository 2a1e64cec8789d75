package dev.millrace.replay;

import dev.millrace.settings.SettingsReader;
import java.nio.file.Path;
import java.util.Map;

/**
 * A format of data sets.
 *
 * @param label the name on the command line; the format's settings file has the same name
 */
public record DataFormat(String label, Opener opener) {

    /** The user's own log in CSV, read through a mapping file. */
    public static final DataFormat CSV = new DataFormat("csv", (data, settings) -> new MappedLog(data, DataFormat.CSV));

    /** The user's own log, one JSON object a line, read through a mapping file. */
    public static final DataFormat JSONL =
            new DataFormat("jsonl", (data, settings) -> new MappedLog(data, DataFormat.JSONL));

    /** The user's own log in Parquet, read through a mapping file. */
    public static final DataFormat PARQUET =
            new DataFormat("parquet", (data, settings) -> new MappedLog(data, DataFormat.PARQUET));

    /** Opens a data set. */
    public interface Opener {

        /**
         * @param data a folder; for CSV, JSONL and PARQUET the mapping file, or a folder that holds {@code mapping.properties}
         * @throws dev.millrace.settings.InvalidSettingsException with every fault, if the data set cannot be used
         */
        DataSet open(Path data, SettingsReader settings);
    }

    /**
     * Returns a log in CSV in the files of a folder, as the mapping says.
     *
     * @param made columns that the files do not have, by section; then its features are not {@linkplain DataSet#declared declared}
     */
    public static DataSet mapped(Map<String, String> mapping, Path folder, Map<String, MadeColumns> made) {
        return new MappedLog(mapping, folder, CSV, made);
    }

    /** Opens a data set of this format, see {@link Opener#open}. */
    public DataSet open(Path data, SettingsReader settings) {
        return opener.open(data, settings);
    }
}
