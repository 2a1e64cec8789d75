package dev.millrace.dataset;

import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
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
import dev.millrace.replay.RowReader;
import dev.millrace.replay.TimeScale;
import dev.millrace.replay.Timeline;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingFault;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * KuaiRand-Pure (Gao et al. 2022): exposures of short videos with feedback flags, in the original files.
 *
 * <p>A row of the log is an exposure. Each chosen flag that is set adds a click. The log has no time for a click, so its time is one
 * second after its exposure. Its context has the seconds played, as {@code play_time}, beside that of the exposure. The id of an exposure is a fingerprint of its row. Some rows of the log are exact repetitions: they become the same
 * event, and the pipeline drops the second one.
 */
final class KuaiRand implements DataSet {

    /** Time from an exposure to its click. */
    private static final long CLICK_DELAY_MILLIS = 1_000;

    private static final List<String> ACTION_NAMES = List.of(
            "click",
            "long-click",
            "short-click",
            "like",
            "follow",
            "comment",
            "forward",
            "hate",
            "long-view",
            "profile-enter");

    /** The actions that a flag can become, for a message. */
    static final String ACTIONS = String.join(", ", ACTION_NAMES);

    private static final RowFormat FORMAT = new RowFormat.Csv(',', Optional.of('"'), List.of(), StandardCharsets.UTF_8);
    private static final List<String> LOG_COLUMNS = List.of("user_id", "video_id", "time_ms", "play_time_ms", "tab");
    private static final List<String> VIDEO_COLUMNS = List.of(
            "video_id",
            "author_id",
            "video_type",
            "upload_dt",
            "upload_type",
            "video_duration",
            "server_width",
            "server_height",
            "music_id",
            "music_type",
            "tag");
    private static final List<String> COUNTS =
            List.of("follow_user_num", "fans_user_num", "friend_user_num", "register_days");
    private static final double LONG_SECONDS = 60;
    private static final ZoneId ZONE = ZoneId.of("Asia/Shanghai");
    private static final double[] DURATION_BOUNDS_SECONDS = {7, 15, 30, 60, 120, 240};

    private final Path folder;
    private final List<String> actions;
    private final List<Path> logs;

    /**
     * @param folder holds {@code log_standard*.csv}, {@code user_features_pure.csv} and {@code video_features_basic_pure.csv}, each
     *     plain or with {@code .gz}
     * @param actions what becomes a click: a flag; or long-click and short-click, clicks that were played for a minute, or less
     * @throws InvalidSettingsException if a file is missing or an action is not one of these
     */
    public KuaiRand(Path folder, List<String> actions) {
        this.folder = folder;
        this.actions = List.copyOf(actions);
        List<SettingFault> faults = new ArrayList<>();
        for (String action : actions) {
            if (!ACTION_NAMES.contains(action)) {
                faults.add(new SettingFault("replay.kuairand.actions", action, "must be one of " + ACTIONS));
            }
        }
        logs = DataFiles.matching(folder, "log_standard*.{csv,csv.gz}");
        if (logs.isEmpty()) {
            faults.addAll(DataFiles.missing(folder, "log_standard*.csv or log_standard*.csv.gz")
                    .faults());
        }
        if (!faults.isEmpty()) {
            throw new InvalidSettingsException(faults);
        }
    }

    @Override
    public boolean hasExposures() {
        return true;
    }

    @Override
    public Stream<ReplayEvent> events(Consumer<? super BadRow> badRows) {
        List<String> columns = new ArrayList<>(LOG_COLUMNS);
        actions.stream().flatMap(KuaiRand::flags).distinct().forEach(columns::add);
        List<LogFile> log = logs.stream()
                .map(path ->
                        new LogFile(DataFiles.withColumns(new RowFile(path, FORMAT, columns)), this::exposureAndClicks))
                .toList();
        return new Timeline(videos(badRows), users(badRows), log).sortedInMemory(badRows);
    }

    /** The columns of the flags that say whether an action was done. */
    private static Stream<String> flags(String action) {
        return switch (action) {
            case "long-view" -> Stream.of("long_view");
            case "long-click", "short-click" -> Stream.of("is_click");
            default -> Stream.of("is_" + action.replace('-', '_'));
        };
    }

    private static boolean isDone(String action, Row row, Optional<Double> played) {
        boolean isLong = played.orElse(0.0) >= LONG_SECONDS;
        return flags(action).allMatch(row::flag)
                && (isLong ? !action.equals("short-click") : !action.equals("long-click"));
    }

    private List<ReplayEvent> exposureAndClicks(Row row) {
        long time = TimeScale.MS.millis("time_ms", row.cell("time_ms"));
        Optional<Double> played = row.number("play_time_ms").map(millis -> millis / 1000);
        FeatureRow context =
                new FeatureRow().category("tab", row.text("tab")).category("hour", Optional.of(hour(time)));
        Features shown = context.features();
        Features clicked = context.quantity("play_time", played).features();
        List<String> done =
                actions.stream().filter(action -> isDone(action, row, played)).toList();
        return exposureAndClicks(row, row.cell("user_id"), row.cell("video_id"), time, shown, clicked, done);
    }

    /** The hour of the day in China. */
    static String hour(long time) {
        return Integer.toString(Instant.ofEpochMilli(time).atZone(ZONE).getHour());
    }

    /** A row's exposure, and a second later a click for each action, each with its context. */
    static List<ReplayEvent> exposureAndClicks(
            Row row, String user, String item, long time, Features shown, Features clicked, List<String> actions) {
        String id = row.fingerprint();
        List<ReplayEvent> events = new ArrayList<>();
        events.add(new ReplayEvent.ItemExposure(new Exposure(id, user, item, time, 0, shown)));
        for (String action : actions) {
            events.add(new ReplayEvent.ItemClick(new Click(
                    id + "." + action, user, item, Optional.of(id), action, 1, time + CLICK_DELAY_MILLIS, 0, clicked)));
        }
        return events;
    }

    private FeatureTable videos(Consumer<? super BadRow> badRows) {
        return FeatureTable.read(
                DataFiles.table(folder, "video_features_basic_pure.csv", FORMAT, VIDEO_COLUMNS),
                KuaiRand::video,
                badRows);
    }

    private static FeatureTable.Entry video(Row row) {
        Optional<Double> seconds =
                row.number("video_duration").map(millis -> millis / 1000).filter(value -> value > 0);
        Optional<LocalDate> uploaded = row.text("upload_dt").map(KuaiRand::day);
        Features features = new FeatureRow()
                .category("author", row.text("author_id"))
                .category("video_type", row.text("video_type"))
                .quantity("upload_day", uploaded.map(day -> (double) day.toEpochDay()))
                .quantity("uploaded", uploaded.map(day ->
                        (double) day.atStartOfDay(ZONE).toInstant().toEpochMilli()))
                .category("upload_type", row.text("upload_type"))
                .quantity("duration", seconds.map(Math::log))
                .category("duration_bucket", seconds.map(KuaiRand::durationBucket))
                .category("shape", row.number("server_width").flatMap(width -> row.number("server_height")
                        .map(height -> shape(width / Math.max(1, height)))))
                .category("music", row.text("music_id").filter(id -> !id.equals("0")))
                .category("music_type", row.text("music_type"))
                .bag("tag", row.texts("tag", ","))
                .features();
        return new FeatureTable.Entry(row.cell("video_id"), features);
    }

    private static LocalDate day(String date) {
        try {
            return LocalDate.parse(date);
        } catch (java.time.DateTimeException notADate) {
            throw new UnusableEventException("upload_dt", date, "must be a date such as 2022-04-10");
        }
    }

    private static String durationBucket(double seconds) {
        for (double bound : DURATION_BOUNDS_SECONDS) {
            if (seconds < bound) {
                return String.format(Locale.ROOT, "below %.0f s", bound);
            }
        }
        return "longer";
    }

    private static String shape(double ratio) {
        return ratio < 0.9 ? "upright" : ratio > 1.1 ? "wide" : "square";
    }

    private FeatureTable users(Consumer<? super BadRow> badRows) {
        RowFile needed = DataFiles.table(folder, "user_features_pure.csv", FORMAT, List.of("user_id"));
        return FeatureTable.read(
                new RowFile(needed.path(), FORMAT, RowReader.columns(needed)), KuaiRand::user, badRows);
    }

    private static FeatureTable.Entry user(Row row) {
        FeatureRow features = new FeatureRow();
        for (String column : row.columns()) {
            if (COUNTS.contains(column)) {
                features.quantity(
                        column, row.number(column).filter(count -> count >= 0).map(Math::log1p));
            } else if (!column.equals("user_id")) {
                features.category(column, row.text(column));
            }
        }
        return new FeatureTable.Entry(row.cell("user_id"), features.features());
    }
}
