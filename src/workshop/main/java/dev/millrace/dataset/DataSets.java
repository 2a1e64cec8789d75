package dev.millrace.dataset;

import dev.millrace.replay.DataFormat;
import dev.millrace.replay.Row;
import dev.millrace.replay.TimeScale;
import dev.millrace.settings.SettingsReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Properties;
import java.util.TreeMap;
import java.util.function.Function;

/** The data sets that are read as they are downloaded: each is a mapping, and columns that are made of those of its files. */
public final class DataSets {

    static final ZoneId CHINA = ZoneId.of("Asia/Shanghai");

    /** KuaiRand-Pure, its folder as downloaded. */
    public static final DataFormat KUAIRAND = new DataFormat("kuairand", KuaiRand::open);

    /** MovieLens, its folder as downloaded. */
    public static final DataFormat MOVIELENS = new DataFormat("movielens", MovieLens::open);

    /** News of Yidian, the three files of the two-tower tutorial. */
    public static final DataFormat YIDIAN = new DataFormat("yidian", (data, settings) -> Yidian.open(data));

    /** Sessions of DIGINETICA, a folder with the file that ADER splits into periods. */
    public static final DataFormat DIGINETICA =
            new DataFormat("diginetica", (data, settings) -> DataFormat.mapped(mapping("diginetica"), data, Map.of()));

    public static final List<DataFormat> FORMATS = List.of(KUAIRAND, MOVIELENS, YIDIAN, DIGINETICA);

    private DataSets() {}

    /** Reads the settings of the data sets, which their events depend on. */
    public static List<Object> settings(SettingsReader reader) {
        return List.of(KuaiRand.actions(reader), MovieLens.minRating(reader));
    }

    static Map<String, String> mapping(String name) {
        Properties mapping = new Properties();
        try (InputStream in = Objects.requireNonNull(DataSets.class.getResourceAsStream(name + ".properties"), name)) {
            mapping.load(in);
        } catch (IOException failure) {
            throw new UncheckedIOException("cannot read the mapping of " + name, failure);
        }
        Map<String, String> all = new TreeMap<>();
        mapping.stringPropertyNames().forEach(key -> all.put(key, mapping.getProperty(key)));
        return all;
    }

    /** The hour of the day in China, of a column of epoch milliseconds. */
    static Function<Row, Optional<?>> hour(String column) {
        return row -> Optional.of(Instant.ofEpochMilli(TimeScale.MS.millis(column, row.cell(column)))
                .atZone(CHINA)
                .getHour());
    }
}
