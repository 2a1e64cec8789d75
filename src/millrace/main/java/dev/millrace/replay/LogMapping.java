package dev.millrace.replay;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.event.RejectReason;
import dev.millrace.event.UnusableEventException;
import dev.millrace.event.UserProfile;
import dev.millrace.feature.FeatureSpec.Source;
import dev.millrace.settings.SettingsReader;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Turns rows of a mapped log into events: rows of {@code exposures}, of {@code clicks}, or of {@code log}, which holds both in one row. */
final class LogMapping {

    static final Set<String> NO_ACTION = Set.of("", "none", "0", "false");

    private final TableMapping table;
    private final boolean isExposure;
    private final boolean isClick;
    private final TableMapping.Column user;
    private final TableMapping.Column item;
    private final TableMapping.TimeUnit timeUnit;
    private final WindowMapping windows;
    private final Optional<TableMapping.Column> time;
    private final Optional<TableMapping.Column> id;
    private final Optional<TableMapping.Column> exposure;
    private final Optional<TableMapping.Column> clicked;
    private final Map<TableMapping.Column, String> flags;
    private final Optional<TableMapping.Column> action;
    private final String clickAction;
    private final long clickDelayMillis;
    private final Optional<TableMapping.Column> clickTime;
    private final Optional<TableMapping.Column> weight;
    private final Map<RejectReason, TableMapping.Column> columns = new EnumMap<>(RejectReason.class);
    private final Map<TableMapping.Column, String> where;
    private final List<FeatureColumn> userFeatures;
    private final List<FeatureColumn> itemFeatures;
    private final List<FeatureColumn> context;
    private final List<FeatureColumn> clickContext;

    LogMapping(SettingsReader reader, TableMapping table, boolean isExposure, boolean isClick) {
        this.table = table;
        this.isExposure = isExposure;
        this.isClick = isClick;
        user = table.column("user", "user", "column of the user's id");
        item = table.column("item", "item", "column of the item's id");
        windows = new WindowMapping(reader, table);
        time = windows.givesTimes()
                ? Optional.empty()
                : Optional.of(table.column("time", "time", "column of the event time"));
        timeUnit = table.timeUnit();
        id = table.optionalColumn("id", "column of the event's own id; without it equal rows are the same event");
        boolean isBoth = isExposure && isClick;
        exposure = table.optionalColumn(
                isClick && !isExposure, "exposure", "column of the exposure's id that the click answers");
        clicked = table.optionalColumn(isBoth, "clicked", "column of a flag: the exposure was clicked");
        flags = isBoth ? table.flags("flag") : Map.of();
        action = table.optionalColumn(
                isClick, "action", "column of the action; in a log of both, empty where there was none");
        clickAction =
                isClick ? table.action("click.action", "click", "the action of a click that names none") : "click";
        clickTime = table.optionalColumn(isBoth, "click.time", "column of the click's own time");
        clickDelayMillis = isBoth
                ? reader.longInteger(table.key("click.delay.millis")
                        + " = 1000 in [0, 86400000]: how long after its exposure a click without a time is dated")
                : 0;
        weight = table.optionalColumn(isClick, "weight", "column of the click's weight");
        if (isBoth) {
            reader.require(
                    clicked.isPresent() || action.isPresent() || !flags.isEmpty(),
                    table.key("clicked"),
                    "",
                    "must name a column, or else " + table.key("action") + " or " + table.key("flag.COLUMN")
                            + " must be given");
        }
        columns.put(RejectReason.BAD_USER, user);
        columns.put(RejectReason.BAD_ITEM, item);
        id.ifPresent(column -> columns.put(RejectReason.BAD_ID, column));
        exposure.ifPresent(column -> columns.put(RejectReason.BAD_EXPOSURE, column));
        action.ifPresent(column -> columns.put(RejectReason.BAD_ACTION, column));
        weight.ifPresent(column -> columns.put(RejectReason.BAD_WEIGHT, column));
        where = table.family("where", "only rows whose column holds one of these values, comma-separated");
        userFeatures = table.features("user-feature");
        itemFeatures = table.features("item-feature");
        context = table.features("context-feature");
        clickContext = isBoth ? table.features("click.context-feature") : List.of();
    }

    /** Whether the log has no times of its own. */
    boolean givesTimes() {
        return windows.givesTimes();
    }

    void declare(DeclaredFeatures declared) {
        declared.add(Source.USER, userFeatures);
        declared.add(Source.ITEM, itemFeatures);
        declared.add(Source.CONTEXT, context);
    }

    /** Returns the files of the log with the decoders of their rows. */
    List<LogFile> files(List<RowFile> files) {
        windows.open(files);
        return files.stream()
                .map(file -> new LogFile(file, row -> decode(file, table.made(row))))
                .toList();
    }

    private List<ReplayEvent> decode(RowFile file, Row row) {
        try {
            return events(file, row);
        } catch (UnusableEventException unusable) {
            TableMapping.Column column = columns.get(unusable.rejected().reason());
            throw column == null ? unusable : column.named(unusable);
        }
    }

    private List<ReplayEvent> events(RowFile file, Row row) {
        if (!isWanted(row)) {
            return List.of();
        }
        String userId = user.in(row);
        String itemId = item.in(row);
        Optional<String> window = windows.window(file, row);
        long at = time.map(column -> timeUnit.millis(column, row)).orElseGet(() -> windows.time(file, row));
        Features moment = FeatureColumn.read(context, row);
        String eventId = id.flatMap(column -> column.given(row)).orElse(row.fingerprint());
        List<ReplayEvent> events = new ArrayList<>();
        window.ifPresent(name -> events.add(new ReplayEvent.WindowMark(name, at)));
        if (!userFeatures.isEmpty()) {
            events.add(
                    new ReplayEvent.ProfileUpdate(new UserProfile(userId, at, FeatureColumn.read(userFeatures, row))));
        }
        if (!itemFeatures.isEmpty()) {
            events.add(
                    new ReplayEvent.ItemListing(new CatalogueItem(itemId, at, FeatureColumn.read(itemFeatures, row))));
        }
        if (isExposure) {
            events.add(new ReplayEvent.ItemExposure(new Exposure(eventId, userId, itemId, at, 0, moment)));
        }
        for (String done : isClick ? actions(row) : List.<String>of()) {
            events.add(new ReplayEvent.ItemClick(new Click(
                    isExposure ? eventId + "." + done : eventId,
                    userId,
                    itemId,
                    isExposure ? Optional.of(eventId) : exposure.flatMap(column -> column.given(row)),
                    done,
                    weight.flatMap(column -> row.number(column.name())).orElse(1.0),
                    isExposure ? clickTime(row, at) : at,
                    0,
                    FeatureRow.laidOver(moment, FeatureColumn.read(clickContext, row)))));
        }
        return events;
    }

    private boolean isWanted(Row row) {
        return where.entrySet().stream().allMatch(condition -> Stream.of(
                        condition.getValue().split(",", -1))
                .anyMatch(wanted -> wanted.strip().equals(condition.getKey().in(row))));
    }

    private List<String> actions(Row row) {
        if (!isExposure) {
            return List.of(action.flatMap(column -> column.given(row)).orElse(clickAction));
        }
        List<String> actions = new ArrayList<>();
        action.flatMap(column -> column.given(row))
                .filter(name -> !NO_ACTION.contains(name))
                .ifPresent(actions::add);
        if (clicked.isPresent() && row.flag(clicked.get().name())) {
            actions.add(clickAction);
        }
        flags.forEach((flag, name) -> {
            if (row.flag(flag.name())) {
                actions.add(name);
            }
        });
        return actions.stream().distinct().toList();
    }

    private long clickTime(Row row, long shown) {
        return clickTime
                .filter(column -> column.given(row).isPresent())
                .map(column -> timeUnit.millis(column, row))
                .orElse(shown + clickDelayMillis);
    }
}
