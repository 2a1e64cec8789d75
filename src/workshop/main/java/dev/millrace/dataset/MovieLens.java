package dev.millrace.dataset;

import dev.millrace.event.Click;
import dev.millrace.event.Features;
import dev.millrace.replay.BadRow;
import dev.millrace.replay.DataFiles;
import dev.millrace.replay.DataSet;
import dev.millrace.replay.FeatureRow;
import dev.millrace.replay.FeatureTable;
import dev.millrace.replay.LogFile;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.replay.Row;
import dev.millrace.replay.RowFile;
import dev.millrace.replay.RowFormat;
import dev.millrace.replay.TimeScale;
import dev.millrace.replay.Timeline;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Film ratings of GroupLens (Harper and Konstan 2015) in the original files: MovieLens 100K, or a set with {@code ratings.csv} and
 * {@code movies.csv}. Each rating is a click. There are no exposures.
 */
final class MovieLens implements DataSet {

    private static final Pattern YEAR = Pattern.compile("\\s*\\((\\d{4})\\)\\s*$");
    private static final Pattern RELEASE_YEAR = Pattern.compile("-(\\d{4})$");

    private final Path folder;
    private final double minRating;
    private final boolean isOneHundredK;

    /**
     * @param folder holds {@code u.data}, {@code u.item}, {@code u.user} and {@code u.genre}, or {@code ratings.csv} and {@code movies.csv},
     *     each plain or with {@code .gz}
     * @param minRating smallest rating that is used; 0 uses all
     * @throws dev.millrace.settings.InvalidSettingsException if neither is there
     */
    public MovieLens(Path folder, double minRating) {
        this.folder = folder;
        this.minRating = minRating;
        isOneHundredK = DataFiles.in(folder, "u.data").isPresent();
        if (!isOneHundredK && DataFiles.in(folder, "ratings.csv").isEmpty()) {
            throw DataFiles.missing(folder, "u.data, or ratings.csv or ratings.csv.gz");
        }
    }

    @Override
    public boolean hasExposures() {
        return false;
    }

    @Override
    public Stream<ReplayEvent> events(Consumer<? super BadRow> badRows) {
        return (isOneHundredK ? oneHundredK(badRows) : csv(badRows)).sortedInMemory(badRows);
    }

    private Timeline oneHundredK(Consumer<? super BadRow> badRows) {
        List<String> genres = new ArrayList<>();
        FeatureTable.read(
                bar("u.genre", List.of("name", "number")),
                row -> {
                    genres.add(row.cell("name"));
                    return new FeatureTable.Entry(row.cell("name"), Features.NONE);
                },
                badRows);
        List<String> filmColumns = new ArrayList<>(List.of("item", "title", "released", "video", "url"));
        filmColumns.addAll(genres);
        FeatureTable films = FeatureTable.read(bar("u.item", filmColumns), row -> film(row, genres), badRows);
        FeatureTable users = FeatureTable.read(
                bar("u.user", List.of("user", "age", "gender", "occupation", "zip")), MovieLens::user, badRows);
        List<String> columns = List.of("user", "item", "rating", "timestamp");
        RowFormat tabs = new RowFormat.Csv('\t', Optional.empty(), columns, StandardCharsets.ISO_8859_1);
        RowFile ratings = DataFiles.table(folder, "u.data", tabs, columns);
        return new Timeline(films, users, List.of(new LogFile(ratings, row -> rating(row, "user", "item"))));
    }

    private RowFile bar(String name, List<String> columns) {
        RowFormat format = new RowFormat.Csv('|', Optional.empty(), columns, StandardCharsets.ISO_8859_1);
        return DataFiles.table(folder, name, format, columns);
    }

    private Timeline csv(Consumer<? super BadRow> badRows) {
        RowFormat format = new RowFormat.Csv(',', Optional.of('"'), List.of(), StandardCharsets.UTF_8);
        FeatureTable films = FeatureTable.read(
                DataFiles.table(folder, "movies.csv", format, List.of("movieId", "title", "genres")),
                MovieLens::titledFilm,
                badRows);
        RowFile ratings =
                DataFiles.table(folder, "ratings.csv", format, List.of("userId", "movieId", "rating", "timestamp"));
        return new Timeline(
                films, FeatureTable.NONE, List.of(new LogFile(ratings, row -> rating(row, "userId", "movieId"))));
    }

    private List<ReplayEvent> rating(Row row, String user, String film) {
        if (Row.number("rating", row.cell("rating")) < minRating) {
            return List.of();
        }
        return List.of(new ReplayEvent.ItemClick(new Click(
                row.fingerprint(),
                row.cell(user),
                row.cell(film),
                Optional.empty(),
                "click",
                1,
                TimeScale.S.millis("timestamp", row.cell("timestamp")),
                0,
                Features.NONE)));
    }

    private static FeatureTable.Entry film(Row row, List<String> genres) {
        List<String> its = genres.stream()
                .filter(genre -> row.flag(genre) && !genre.equals("unknown"))
                .toList();
        return film(row.cell("item"), row, year(RELEASE_YEAR, row.cell("released")), its);
    }

    private static FeatureTable.Entry titledFilm(Row row) {
        List<String> genres = row.texts("genres", "|").stream()
                .filter(genre -> !genre.equals("(no genres listed)"))
                .toList();
        return film(row.cell("movieId"), row, year(YEAR, row.cell("title")), genres);
    }

    private static FeatureTable.Entry film(String id, Row row, Optional<String> year, List<String> genres) {
        Features features = new FeatureRow()
                .category("title", title(row))
                .bag("genres", genres)
                .category("year", year)
                .category("decade", year.map(digits -> digits.substring(0, 3) + "0s"))
                .features();
        return new FeatureTable.Entry(id, features);
    }

    /** Returns the title without the year. MovieLens 100K has one film called unknown, which has no title. */
    private static Optional<String> title(Row row) {
        return row.text("title")
                .map(text -> YEAR.matcher(text).replaceFirst(""))
                .filter(title -> !title.isEmpty() && !title.equals("unknown"));
    }

    private static Optional<String> year(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(text);
        return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
    }

    private static FeatureTable.Entry user(Row row) {
        Optional<Double> age = row.number("age");
        Features features = new FeatureRow()
                .quantity("age", age)
                .category(
                        "age_group", age.map(years -> years < 18 ? "below 18" : Math.min(6, (int) (years / 10)) + "0s"))
                .category("gender", row.text("gender"))
                .category("occupation", row.text("occupation"))
                .category("zip_area", row.text("zip").map(zip -> zip.substring(0, 1)))
                .features();
        return new FeatureTable.Entry(row.cell("user"), features);
    }
}
