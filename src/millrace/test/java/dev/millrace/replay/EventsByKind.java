package dev.millrace.replay;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.UserProfile;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The events of one kind out of a replay, in its order. */
public final class EventsByKind implements ReplayEvent.Visitor {

    private final List<CatalogueItem> items = new ArrayList<>();
    private final List<UserProfile> profiles = new ArrayList<>();
    private final List<Exposure> exposures = new ArrayList<>();
    private final List<Click> clicks = new ArrayList<>();
    private final List<String> told = new ArrayList<>();

    private EventsByKind(List<ReplayEvent> events) {
        events.forEach(event -> event.accept(this));
    }

    /** All events of a data set. */
    public static List<ReplayEvent> all(DataSet data, Consumer<? super BadRow> bad) {
        try (Stream<ReplayEvent> events = data.events(bad)) {
            return events.toList();
        }
    }

    public static List<CatalogueItem> items(List<ReplayEvent> events) {
        return new EventsByKind(events).items;
    }

    public static List<UserProfile> profiles(List<ReplayEvent> events) {
        return new EventsByKind(events).profiles;
    }

    public static List<Exposure> exposures(List<ReplayEvent> events) {
        return new EventsByKind(events).exposures;
    }

    public static List<Click> clicks(List<ReplayEvent> events) {
        return new EventsByKind(events).clicks;
    }

    /** The items that were clicked, and the windows as {@code window NAME}. */
    public static List<String> told(List<ReplayEvent> events) {
        return new EventsByKind(events).told;
    }

    @Override
    public void item(CatalogueItem item) {
        items.add(item);
    }

    @Override
    public void profile(UserProfile profile) {
        profiles.add(profile);
    }

    @Override
    public void exposure(Exposure exposure) {
        exposures.add(exposure);
    }

    @Override
    public void click(Click click) {
        clicks.add(click);
        told.add(click.item());
    }

    @Override
    public void window(ReplayEvent.WindowMark mark) {
        told.add("window " + mark.window());
    }
}
