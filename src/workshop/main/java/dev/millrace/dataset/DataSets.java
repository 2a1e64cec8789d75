package dev.millrace.dataset;

import dev.millrace.replay.DataFormat;
import java.util.List;
import java.util.Map;

/** The data sets that are read as they are downloaded. */
public final class DataSets {

    /** The file has no times: a period counts as a week, and its views are spread over it. */
    private static final Map<String, String> DIGINETICA_MAPPING = Map.of(
            "clicks.files", "clicks.csv*",
            "clicks.user", "session",
            "clicks.item", "item",
            "clicks.window", "period",
            "clicks.window.length", "7d");

    /** KuaiRand-Pure, its folder as downloaded. */
    public static final DataFormat KUAIRAND = new DataFormat(
            "kuairand",
            (data, settings) ->
                    new KuaiRand(data, DataSetSettings.read(settings).kuairandActions()));

    /** MovieLens, its folder as downloaded. */
    public static final DataFormat MOVIELENS = new DataFormat(
            "movielens",
            (data, settings) ->
                    new MovieLens(data, DataSetSettings.read(settings).movielensMinRating()));

    /** News of Yidian, the three files of the two-tower tutorial. */
    public static final DataFormat YIDIAN = new DataFormat("yidian", (data, settings) -> new Yidian(data));

    /** Sessions of DIGINETICA, a folder with the file that ADER splits into periods. */
    public static final DataFormat DIGINETICA =
            new DataFormat("diginetica", (data, settings) -> DataFormat.mapped(DIGINETICA_MAPPING, data));

    public static final List<DataFormat> FORMATS = List.of(KUAIRAND, MOVIELENS, YIDIAN, DIGINETICA);

    private DataSets() {}
}
