package dev.millrace.dataset;

import dev.millrace.replay.DataFormat;
import dev.millrace.replay.DataSet;
import dev.millrace.replay.MadeColumns;
import dev.millrace.replay.Row;
import dev.millrace.settings.SettingsReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Film ratings of GroupLens (Harper and Konstan 2015): MovieLens 100K, or a set with {@code ratings.csv} and {@code movies.csv}. */
final class MovieLens {

    private static final Pattern YEAR = Pattern.compile("\\s*\\((\\d{4})\\)\\s*$");
    private static final Pattern RELEASE_YEAR = Pattern.compile("-(\\d{4})$");

    private MovieLens() {}

    static double minRating(SettingsReader reader) {
        return reader.number("replay.movielens.min-rating = 0 in [0, 5]: lowest rating of MovieLens that counts");
    }

    static DataSet open(Path folder, SettingsReader settings) {
        double least = minRating(settings);
        MadeColumns ratings = new MadeColumns(
                List.of("rating"),
                Map.of("is_used", row -> Optional.of(Row.number("rating", row.cell("rating")) >= least)));
        boolean isOneHundredK = Stream.of("u.data", "u.data.gz").anyMatch(name -> Files.exists(folder.resolve(name)));
        Map<String, String> mapping = DataSets.mapping(isOneHundredK ? "ml-100k" : "movielens");
        if (!isOneHundredK) {
            MadeColumns films =
                    films(List.of("title", "genres"), row -> year(YEAR, row.cell("title")), row -> row.text("genres")
                            .filter(genres -> !genres.equals("(no genres listed)")));
            return DataFormat.mapped(mapping, folder, Map.of("clicks", ratings, "items", films));
        }
        List<String> columns = List.of(mapping.getOrDefault("items.columns", "").split(","));
        List<String> genres = columns.subList(columns.indexOf("unknown") + 1, columns.size());
        MadeColumns films = films(
                columns,
                row -> year(RELEASE_YEAR, row.cell("released")),
                row -> Optional.of(genres.stream().filter(row::flag).collect(Collectors.joining("|"))));
        MadeColumns users = new MadeColumns(
                List.of("age", "zip"),
                Map.of(
                        "age_group", row -> row.number("age").map(MovieLens::ageGroup),
                        "zip_area", row -> row.text("zip").map(zip -> zip.substring(0, 1))));
        return DataFormat.mapped(mapping, folder, Map.of("clicks", ratings, "items", films, "users", users));
    }

    private static MadeColumns films(
            List<String> of, Function<Row, Optional<String>> year, Function<Row, Optional<?>> genres) {
        return new MadeColumns(
                of,
                Map.of("title", MovieLens::title, "genres", genres, "year", year::apply, "decade", row -> year.apply(
                                row)
                        .map(digits -> digits.substring(0, 3) + "0s")));
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

    private static String ageGroup(double years) {
        return years < 18 ? "below 18" : Math.min(6, (int) (years / 10)) + "0s";
    }
}
