package dev.millrace.fuzz;

import dev.millrace.replay.BadRow;
import dev.millrace.replay.DataFormat;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.settings.InvalidSettingsException;
import dev.millrace.settings.SettingsReader;
import java.io.ByteArrayOutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Rows of a user's own log, in CSV and JSON lines. The first byte chooses one of some mappings.
 *
 * <p>Each row is an event or a bad row, which does not affect the next: a good row behind all others is always read, but where quotes
 * may hold it.
 */
public final class RowFuzz {

    private static final SettingsReader SETTINGS = new SettingsReader(Map.of());

    private static final String JSON_ROW =
            "{\"user\": \"last\", \"item\": \"i\", \"time\": 1767225600000, \"clicked\": 1}";
    private static final String CSV_ROW = "last,i,1767225600000,1,7,a|b,1 2";
    private static final String COLUMNS =
            "log.columns = user,item,time,clicked,price,tags,picture\nlog.header = false\n";
    private static final String FEATURES =
            """
            log.item-feature.price = number
            log.item-feature.tags = bag |
            log.user-feature.picture = vector space
            log.context-feature.price = category as cost
            """;

    /**
     * A mapping.
     *
     * @param lastRow a good row
     * @param isLastRead whether it is read whatever comes before
     */
    private record Mapping(DataFormat format, String text, String lastRow, boolean isLastRead) {}

    private static final List<Mapping> MAPPINGS = List.of(
            new Mapping(DataFormat.JSONL, "log.files = log\nlog.clicked = clicked\n" + FEATURES, JSON_ROW, true),
            new Mapping(
                    DataFormat.JSONL,
                    "clicks.files = log\nclicks.time.unit = iso-8601\nclicks.user = a.b\n",
                    "",
                    false),
            new Mapping(
                    DataFormat.CSV,
                    "log.files = log\nlog.clicked = clicked\nlog.quote = none\n" + COLUMNS + FEATURES,
                    CSV_ROW,
                    true),
            new Mapping(
                    DataFormat.CSV, "log.files = log\nlog.clicked = clicked\n" + COLUMNS + FEATURES, CSV_ROW, false),
            new Mapping(
                    DataFormat.CSV,
                    "sorted = true\nlog.files = log\nlog.action = clicked\nlog.where.price = 7\nlog.time.unit = s\n"
                            + COLUMNS,
                    CSV_ROW,
                    false),
            new Mapping(DataFormat.CSV, "log.files = log\nlog.clicked = clicked\nlog.charset = UTF-16\n", "", false));

    private static final List<Path> DIRECTORIES = directories();

    private RowFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        Input input = new Input(data);
        int chosen = input.choice(0, MAPPINGS.size());
        Mapping mapping = MAPPINGS.get(chosen);
        byte[] rows = input.from(1);
        boolean isCompressed = rows.length > 1 && rows[0] == 0x1f && rows[1] == (byte) 0x8b;
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        log.writeBytes(rows);
        if (!isCompressed) {
            log.writeBytes(("\n" + mapping.lastRow() + "\n").getBytes(StandardCharsets.UTF_8));
        }
        Input.write(DIRECTORIES.get(chosen).resolve("log"), log.toByteArray());

        List<BadRow> bad = new ArrayList<>();
        boolean[] isLastRead = new boolean[1];
        try (Stream<ReplayEvent> events =
                mapping.format().open(DIRECTORIES.get(chosen), SETTINGS).events(bad::add)) {
            events.forEach(event -> isLastRead[0] |= event instanceof ReplayEvent.ItemClick click
                    && click.click().user().equals("last"));
        } catch (UncheckedIOException unreadable) {
            Input.require(isCompressed, "a file that is not compressed can be read");
            return;
        } catch (InvalidSettingsException header) {
            Input.require(chosen == MAPPINGS.size() - 1, "only a header can be a fault");
            return;
        }
        Input.require(isLastRead[0] || isCompressed || !mapping.isLastRead(), "the last row is read");
        bad.forEach(row -> Input.require(!row.message().isBlank(), "a bad row says why"));
    }

    private static List<Path> directories() {
        List<Path> directories = new ArrayList<>();
        for (Mapping mapping : MAPPINGS) {
            Path directory = Input.directory();
            Input.write(directory.resolve("mapping.properties"), mapping.text().getBytes(StandardCharsets.UTF_8));
            directories.add(directory);
        }
        return directories;
    }
}
