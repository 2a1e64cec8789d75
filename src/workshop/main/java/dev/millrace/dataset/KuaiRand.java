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
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * KuaiRand-Pure (Gao et al. 2022): exposures of short videos with feedback flags, in the original files.
 *
 * <p>A row of the log is an exposure. Each chosen flag that is set adds a click. The log has no time for a click, so its time is one
 * second after its exposure. The id of an exposure is a fingerprint of its row. Some rows of the log are exact repetitions: they become the same
 * event, and the pipeline drops the second one.
 */
final class KuaiRand implements DataSet {

    /** Time from an exposure to its click. */
    private static final long CLICK_DELAY_MILLIS = 1_000;

    /** Feedback of a user: the name of the action, and the column of the log that holds its flag. */
    private enum Feedback {
        CLICK("click", "is_click"),
        LIKE("like", "is_like"),
        FOLLOW("follow", "is_follow"),
        COMMENT("comment", "is_comment"),
        FORWARD("forward", "is_forward"),
        HATE("hate", "is_hate"),
        LONG_VIEW("long-view", "long_view"),
        PROFILE_ENTER("profile-enter", "is_profile_enter");

        private final String action;
        private final String column;

        Feedback(String action, String column) {
            this.action = action;
            this.column = column;
        }

        static Optional<Feedback> of(String action) {
            return Arrays.stream(values())
                    .filter(feedback -> feedback.action.equals(action))
                    .findFirst();
        }
    }

    /** The actions that a flag can become, for a message. */
    static final String ACTIONS =
            Arrays.stream(Feedback.values()).map(feedback -> feedback.action).collect(Collectors.joining(", "));

    private static final RowFormat FORMAT = new RowFormat.Csv(',', Optional.of('"'), List.of(), StandardCharsets.UTF_8);
    private static final List<String> LOG_COLUMNS = List.of("user_id", "video_id", "time_ms", "tab");
    private static final int FIRST_FLAG = LOG_COLUMNS.size();
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
    private static final ZoneId ZONE = ZoneId.of("Asia/Shanghai");
    private static final double[] DURATION_BOUNDS_SECONDS = {7, 15, 30, 60, 120, 240};

    private final Path folder;
    private final List<Feedback> feedback = new ArrayList<>();
    private final List<Path> logs;

    /**
     * @param folder holds {@code log_standard*.csv}, {@code user_features_pure.csv} and {@code video_features_basic_pure.csv}, each
     *     plain or with {@code .gz}
     * @param actions the flags that become clicks: click, like, follow, comment, forward, hate, long-view, profile-enter
     * @throws InvalidSettingsException if a file is missing or an action is not one of these
     */
    public KuaiRand(Path folder, List<String> actions) {
        this.folder = folder;
        List<SettingFault> faults = new ArrayList<>();
        for (String action : actions) {
            Feedback.of(action)
                    .ifPresentOrElse(
                            feedback::add,
                            () -> faults.add(
                                    new SettingFault("replay.kuairand.actions", action, "must be one of " + ACTIONS)));
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
        feedback.forEach(each -> columns.add(each.column));
        List<LogFile> log = logs.stream()
                .map(path ->
                        new LogFile(DataFiles.withColumns(new RowFile(path, FORMAT, columns)), this::exposureAndClicks))
                .toList();
        return new Timeline(videos(badRows), users(badRows), log).sortedInMemory(badRows);
    }

    private List<ReplayEvent> exposureAndClicks(Row row) {
        String user = row.cells().get(0);
        String video = row.cells().get(1);
        long time = TimeScale.MS.millis("time_ms", row.cells().get(2));
        int hour = Instant.ofEpochMilli(time).atZone(ZONE).getHour();
        Features context = new FeatureRow()
                .category("tab", row.text(3))
                .category("hour", Optional.of(Integer.toString(hour)))
                .features();
        List<String> actions = new ArrayList<>();
        for (int at = 0; at < feedback.size(); at++) {
            Feedback each = feedback.get(at);
            if (Row.flag(each.column, row.cells().get(FIRST_FLAG + at))) {
                actions.add(each.action);
            }
        }
        return exposureAndClicks(row, user, video, time, context, actions);
    }

    /** A row's exposure, and a second later a click for each action. */
    static List<ReplayEvent> exposureAndClicks(
            Row row, String user, String item, long time, Features context, List<String> actions) {
        String id = row.fingerprint();
        List<ReplayEvent> events = new ArrayList<>();
        events.add(new ReplayEvent.ItemExposure(new Exposure(id, user, item, time, 0, context)));
        for (String action : actions) {
            events.add(new ReplayEvent.ItemClick(new Click(
                    id + "." + action, user, item, Optional.of(id), action, 1, time + CLICK_DELAY_MILLIS, 0, context)));
        }
        return events;
    }

    private FeatureTable videos(Consumer<? super BadRow> badRows) {
        Path path = DataFiles.required(folder, "video_features_basic_pure.csv");
        return FeatureTable.read(
                DataFiles.withColumns(new RowFile(path, FORMAT, VIDEO_COLUMNS)), KuaiRand::video, badRows);
    }

    private static FeatureTable.Entry video(Row row) {
        Optional<Double> seconds = row.text(5)
                .map(text -> Row.number("video_duration", text) / 1000)
                .filter(value -> value > 0);
        Optional<LocalDate> uploaded = row.text(3).map(KuaiRand::day);
        Features features = new FeatureRow()
                .category("author", row.text(1))
                .category("video_type", row.text(2))
                .quantity("upload_day", uploaded.map(day -> (double) day.toEpochDay()))
                .quantity("uploaded", uploaded.map(day ->
                        (double) day.atStartOfDay(ZONE).toInstant().toEpochMilli()))
                .category("upload_type", row.text(4))
                .quantity("duration", seconds.map(Math::log))
                .category("duration_bucket", seconds.map(KuaiRand::durationBucket))
                .category("shape", shape(row.text(6), row.text(7)))
                .category("music", row.text(8).filter(id -> !id.equals("0")))
                .category("music_type", row.text(9))
                .bag("tag", row.texts(10, ","))
                .features();
        return new FeatureTable.Entry(row.cells().get(0), OptionalLong.empty(), features);
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

    private static Optional<String> shape(Optional<String> width, Optional<String> height) {
        if (width.isEmpty() || height.isEmpty()) {
            return Optional.empty();
        }
        double ratio = Row.number("server_width", width.get()) / Math.max(1, Row.number("server_height", height.get()));
        return Optional.of(ratio < 0.9 ? "upright" : ratio > 1.1 ? "wide" : "square");
    }

    private FeatureTable users(Consumer<? super BadRow> badRows) {
        Path path = DataFiles.required(folder, "user_features_pure.csv");
        List<String> columns = RowReader.columns(new RowFile(path, FORMAT, List.of()));
        DataFiles.withColumns(new RowFile(path, FORMAT, List.of("user_id")));
        return FeatureTable.read(new RowFile(path, FORMAT, columns), row -> user(columns, row), badRows);
    }

    private static FeatureTable.Entry user(List<String> columns, Row row) {
        FeatureRow features = new FeatureRow();
        String id = "";
        for (int at = 0; at < columns.size(); at++) {
            String name = columns.get(at);
            if (name.equals("user_id")) {
                id = row.cells().get(at);
            } else if (COUNTS.contains(name)) {
                features.quantity(
                        name,
                        row.text(at)
                                .map(text -> Row.number(name, text))
                                .filter(count -> count >= 0)
                                .map(Math::log1p));
            } else {
                features.category(name, row.text(at));
            }
        }
        return new FeatureTable.Entry(id, OptionalLong.empty(), features.features());
    }
}
