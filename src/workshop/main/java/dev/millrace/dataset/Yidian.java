package dev.millrace.dataset;

import dev.millrace.event.UnusableEventException;
import dev.millrace.replay.DataFormat;
import dev.millrace.replay.DataSet;
import dev.millrace.replay.MadeColumns;
import dev.millrace.replay.Row;
import dev.millrace.replay.TimeScale;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * News of Yidian, in the sample of fun-rec's two-tower tutorial.
 *
 * <p>As in the tutorial, an exposure before the creation of its article is not used: the row is a bad row. An article without a row in the article file
 * is kept, without features.
 */
final class Yidian {

    /** Category of an article that has none, as in the tutorial. */
    private static final String OTHER = "其他";

    private Yidian() {}

    static DataSet open(Path folder) {
        Map<String, Long> created = new HashMap<>(); // the tables are read first
        MadeColumns log = new MadeColumns(
                List.of("expo_time", "expo_position", "exop_position"), // the tutorial spells it both ways
                Map.of(
                        "expo_time", row -> Optional.of(shown(row, created)),
                        "position", row -> row.text("expo_position").or(() -> row.text("exop_position")),
                        "hour", DataSets.hour("expo_time")));
        List<String> columns = List.of("title", "ctime", "img_num", "cate", "sub_cate", "key_words");
        MadeColumns articles = new MadeColumns(
                columns,
                Map.of(
                        "ctime",
                                row -> present(row, "ctime").map(text -> {
                                    created.merge(
                                            row.cell("article_id"), TimeScale.MS.millis("ctime", text), Math::min);
                                    return text;
                                }),
                        "title_length", row -> row.text("title").map(text -> text.codePointCount(0, text.length())),
                        "img_num", row -> present(row, "img_num"),
                        "cate", row -> present(row, "cate").or(() -> Optional.of(OTHER)),
                        "sub_cate", row -> present(row, "sub_cate").or(() -> Optional.of(OTHER)),
                        "key_words", row -> Optional.of(keywords(row.texts("key_words", ",")))));
        Map<String, Function<Row, Optional<?>>> user = new HashMap<>();
        for (String column : List.of("device", "os", "province", "city")) {
            user.put(column, row -> present(row, column));
        }
        for (String column : List.of("age", "gender")) {
            user.put(column, row -> present(row, column).map(list -> mostProbable(column, list)));
        }
        MadeColumns users = new MadeColumns(List.copyOf(user.keySet()), user);
        return DataFormat.mapped(
                DataSets.mapping("yidian"), folder, Map.of("log", log, "items", articles, "users", users));
    }

    private static String shown(Row row, Map<String, Long> created) {
        String time = row.cell("expo_time");
        Long creation = created.get(row.cell("article_id"));
        if (creation != null && creation > TimeScale.MS.millis("expo_time", time)) {
            throw new UnusableEventException("expo_time", time, "must not be before the article's ctime, " + creation);
        }
        return time;
    }

    /** Returns the text of a cell. The files were written by pandas, which writes some absent values as {@code nan}. */
    private static Optional<String> present(Row row, String column) {
        return row.text(column).filter(text -> !text.equalsIgnoreCase("nan"));
    }

    /** Returns the most probable bucket of {@code bucket:probability,…}, and the first one if several are equally probable. */
    private static String mostProbable(String name, String list) {
        String best = "";
        double most = -1;
        for (String part : list.split(",")) {
            int colon = part.lastIndexOf(':');
            String bucket = colon < 0 ? "" : part.substring(0, colon).strip();
            if (bucket.isEmpty()) {
                throw new UnusableEventException(name, list, "must be bucket:probability, comma-separated");
            }
            double probability = Row.number(name, part.substring(colon + 1).strip());
            if (probability < 0 || probability > 1) {
                throw new UnusableEventException(name, part, "must have a probability from 0 to 1");
            }
            if (probability > most) {
                most = probability;
                best = bucket;
            }
        }
        return best;
    }

    /** Returns the words of {@code word:weight,…}, the largest weight first. A bag has no weights, but a model may use its first values only. */
    private static String keywords(List<String> parts) {
        record Keyword(String word, double weight) {}
        return parts.stream()
                .map(part -> {
                    int colon = part.lastIndexOf(':');
                    Optional<Double> weight = weight(part.substring(colon + 1));
                    return colon > 0 && weight.isPresent()
                            ? new Keyword(part.substring(0, colon).strip(), weight.get())
                            : new Keyword(part, 0); // a word may hold a colon of its own
                })
                .filter(keyword -> !keyword.word().isEmpty())
                .sorted(Comparator.comparingDouble(Keyword::weight).reversed())
                .map(Keyword::word)
                .collect(Collectors.joining(","));
    }

    private static Optional<Double> weight(String text) {
        try {
            return Optional.of(Double.parseDouble(text.strip())).filter(Double::isFinite);
        } catch (NumberFormatException notANumber) {
            return Optional.empty();
        }
    }
}
