package dev.millrace.dataset;

import dev.millrace.event.Features;
import dev.millrace.event.UnusableEventException;
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
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * News of Yidian, in the sample of fun-rec's two-tower tutorial: exposures with a flag for the click, users with probabilities of
 * age and gender, articles with title and keywords.
 *
 * <p>A row of the log is an exposure. If its flag is set, it is a click too. The log has no time for a click, so its time is one second after
 * its exposure. As in the tutorial, an exposure before the creation of its article is not used: the row is a bad row. An
 * article without a row in the article file is kept, without features.
 */
public final class Yidian implements DataSet {

    /** Category of an article that has none, as in the tutorial. */
    static final String OTHER = "其他";

    private static final String LOG = "train_data_5w.csv";
    private static final String USERS = "user_info_data_5w.csv";
    private static final String ARTICLES = "doc_info.txt";

    private static final List<String> LOG_COLUMNS = List.of("user_id", "article_id", "expo_time", "click");
    private static final List<String> CONTEXT_COLUMNS =
            List.of("net_status", "flush_nums", "expo_position", "exop_position"); // the tutorial spells it both ways
    private static final List<String> USER_COLUMNS =
            List.of("user_id", "device", "os", "province", "city", "age", "gender");
    private static final List<String> ARTICLE_COLUMNS =
            List.of("article_id", "title", "ctime", "img_num", "cate", "sub_cate", "key_words");

    private static final RowFormat HEADED =
            new RowFormat.Csv('\t', Optional.of('"'), List.of(), StandardCharsets.UTF_8);
    private static final RowFormat UNHEADED =
            new RowFormat.Csv('\t', Optional.empty(), ARTICLE_COLUMNS, StandardCharsets.UTF_8);

    private final RowFile log;
    private final RowFile users;
    private final RowFile articles;

    /**
     * @param folder holds {@code train_data_5w.csv} and {@code user_info_data_5w.csv} with a header, and {@code doc_info.txt} without
     *     one, all separated by tabs, each plain or with {@code .gz}
     * @throws dev.millrace.settings.InvalidSettingsException if a file or one of its columns is missing
     */
    public Yidian(Path folder) {
        Path rows = DataFiles.table(folder, LOG, HEADED, LOG_COLUMNS).path();
        List<String> columns = new ArrayList<>(LOG_COLUMNS);
        columns.addAll(CONTEXT_COLUMNS);
        log = new RowFile(rows, HEADED, columns);
        users = DataFiles.table(folder, USERS, HEADED, USER_COLUMNS);
        articles = DataFiles.table(folder, ARTICLES, UNHEADED, ARTICLE_COLUMNS);
    }

    @Override
    public boolean hasExposures() {
        return true;
    }

    @Override
    public Stream<ReplayEvent> events(Consumer<? super BadRow> badRows) {
        FeatureTable items = FeatureTable.read(articles, Yidian::article, badRows);
        Map<String, Long> created = new HashMap<>();
        items.entries().forEach(entry -> entry.since().ifPresent(since -> created.merge(entry.id(), since, Math::min)));
        FeatureTable profiles = FeatureTable.read(users, Yidian::user, badRows);
        List<LogFile> files = List.of(new LogFile(log, row -> exposureAndClick(row, created)));
        return new Timeline(items, profiles, files).sortedInMemory(badRows);
    }

    private static List<ReplayEvent> exposureAndClick(Row row, Map<String, Long> created) {
        String article = row.cell("article_id");
        long time = TimeScale.MS.millis("expo_time", row.cell("expo_time"));
        Long creation = created.get(article);
        if (creation != null && creation > time) {
            throw new UnusableEventException(
                    "expo_time", row.cell("expo_time"), "must not be before the article's ctime, " + creation);
        }
        Features context = new FeatureRow()
                .category("network", row.text("net_status"))
                .quantity("refresh", row.number("flush_nums"))
                .quantity("position", row.number("expo_position").or(() -> row.number("exop_position")))
                .category("hour", Optional.of(KuaiRand.hour(time)))
                .features();
        List<String> actions = row.flag("click") ? List.of("click") : List.of();
        return KuaiRand.exposureAndClicks(row, row.cell("user_id"), article, time, context, context, actions);
    }

    private static FeatureTable.Entry user(Row row) {
        Features features = new FeatureRow()
                .category("device", present(row, "device"))
                .category("os", present(row, "os"))
                .category("province", present(row, "province"))
                .category("city", present(row, "city"))
                .category("age", present(row, "age").map(list -> mostProbable("age", list)))
                .category("gender", present(row, "gender").map(list -> mostProbable("gender", list)))
                .features();
        return new FeatureTable.Entry(row.cell("user_id"), features);
    }

    private static FeatureTable.Entry article(Row row) {
        Optional<String> title = row.text("title");
        OptionalLong created = present(row, "ctime")
                .map(text -> OptionalLong.of(TimeScale.MS.millis("ctime", text)))
                .orElse(OptionalLong.empty());
        Features features = new FeatureRow()
                .category("title", title)
                .quantity("title_length", title.map(text -> (double) text.codePointCount(0, text.length())))
                .quantity("pictures", present(row, "img_num").map(text -> Row.number("img_num", text)))
                .category("category", present(row, "cate").or(() -> Optional.of(OTHER)))
                .category("sub_category", present(row, "sub_cate").or(() -> Optional.of(OTHER)))
                .bag("keywords", keywords(row.texts("key_words", ",")))
                .features();
        return new FeatureTable.Entry(row.cell("article_id"), created, features);
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
    private static List<String> keywords(List<String> parts) {
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
                .toList();
    }

    private static Optional<Double> weight(String text) {
        try {
            return Optional.of(Double.parseDouble(text.strip())).filter(Double::isFinite);
        } catch (NumberFormatException notANumber) {
            return Optional.empty();
        }
    }
}
