package dev.millrace.dataset;

import dev.millrace.event.UnusableEventException;
import dev.millrace.replay.DataFormat;
import dev.millrace.replay.DataSet;
import dev.millrace.replay.MadeColumns;
import dev.millrace.replay.Row;
import dev.millrace.settings.SettingsReader;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * KuaiRand-Pure (Gao et al. 2022): exposures of short videos with feedback flags.
 *
 * <p>Each chosen flag that is set adds a click, whose context has the seconds played. Some rows of the log are exact repetitions: they become the same event, and the pipeline drops the
 * second one.
 */
final class KuaiRand {

    private static final List<String> ACTIONS = List.of(
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
    private static final double LONG_SECONDS = 60;
    private static final double[] DURATION_BOUNDS_SECONDS = {7, 15, 30, 60, 120, 240};

    private static final MadeColumns VIDEO = new MadeColumns(
            List.of("upload_dt", "video_duration", "server_width", "server_height", "music_id"),
            Map.of(
                    "upload_day", row -> uploaded(row).map(LocalDate::toEpochDay),
                    "uploaded",
                            row -> uploaded(row).map(day -> day.atStartOfDay(DataSets.CHINA)
                                    .toInstant()
                                    .toEpochMilli()),
                    "duration", row -> seconds(row).map(Math::log),
                    "duration_bucket", row -> seconds(row).map(KuaiRand::durationBucket),
                    "shape",
                            row -> row.number("server_width").flatMap(width -> row.number("server_height")
                                    .map(height -> shape(width / Math.max(1, height)))),
                    "music_id", row -> row.text("music_id").filter(id -> !id.equals("0"))));

    private KuaiRand() {}

    static List<String> actions(SettingsReader reader) {
        List<String> actions = reader.names(
                "replay.kuairand.actions = click: flags of KuaiRand that count as clicks; long-click and short-click: "
                        + "clicks that were played for a minute, or less: "
                        + String.join(", ", ACTIONS));
        actions.forEach(action -> reader.require(
                ACTIONS.contains(action),
                "replay.kuairand.actions",
                action,
                "must be one of " + String.join(", ", ACTIONS)));
        return actions;
    }

    static DataSet open(Path folder, SettingsReader settings) {
        Map<String, String> mapping = DataSets.mapping("kuairand");
        Map<String, Function<Row, Optional<?>>> log =
                new HashMap<>(Map.of("hour", DataSets.hour("time_ms"), "play_time", KuaiRand::played));
        List<String> columns = new ArrayList<>(List.of("play_time_ms"));
        for (String action : actions(settings)) { // a row's clicks come in their order
            String flag = flag(action);
            String inOrder = columns.size() - 1 + "." + action;
            columns.add(flag);
            log.put(inOrder, row -> row.text(flag).filter(set -> isPlayedFor(action, row)));
            mapping.put("log.flag." + inOrder, action);
        }
        Map<String, Function<Row, Optional<?>>> user = new HashMap<>();
        for (String count : List.of("follow_user_num", "fans_user_num", "friend_user_num", "register_days")) {
            user.put(
                    count,
                    row -> row.number(count).filter(number -> number >= 0).map(Math::log1p));
        }
        return DataFormat.mapped(
                mapping,
                folder,
                Map.of(
                        "log", new MadeColumns(columns, log),
                        "items", VIDEO,
                        "users", new MadeColumns(List.copyOf(user.keySet()), user)));
    }

    private static String flag(String action) {
        return switch (action) {
            case "long-view" -> "long_view";
            case "long-click", "short-click" -> "is_click";
            default -> "is_" + action.replace('-', '_');
        };
    }

    private static boolean isPlayedFor(String action, Row row) {
        boolean isLong = played(row).orElse(0.0) >= LONG_SECONDS;
        return isLong ? !action.equals("short-click") : !action.equals("long-click");
    }

    private static Optional<Double> played(Row row) {
        return row.number("play_time_ms").map(millis -> millis / 1000);
    }

    private static Optional<LocalDate> uploaded(Row row) {
        return row.text("upload_dt").map(date -> {
            try {
                return LocalDate.parse(date);
            } catch (DateTimeException notADate) {
                throw new UnusableEventException("upload_dt", date, "must be a date such as 2022-04-10");
            }
        });
    }

    private static Optional<Double> seconds(Row row) {
        return row.number("video_duration").map(millis -> millis / 1000).filter(value -> value > 0);
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
}
