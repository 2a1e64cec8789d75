package dev.millrace.replay;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.EventLimits;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.event.UnusableEventException;
import dev.millrace.event.UserProfile;
import dev.millrace.feature.FeatureFields;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * Merges tables and log files into one stream of events in time order.
 *
 * <p>Layout, from the file to the stream: {@code GroupReader} turns the usable rows of one file into groups of events; the groups of all files are
 * ordered by their earliest time, in memory or by merging sorted files; {@code TimeOrder} orders the events of overlapping
 * groups; {@code Changes} drops features that do not change anything and lists an item before its first exposure or click.
 *
 * <p>Invariant: event times never decrease, and every item is listed before it is seen.
 *
 * <p>Cost: the tables, and the last features of every item and user, are in memory. {@link #sortedInMemory} holds all rows too, each in some
 * 100 bytes beside its cells, {@link #streamed} one row a file. One thread.
 *
 * @param items of the catalogue
 * @param users with a profile
 * @param log files in order: at equal times the events of an earlier file come first
 */
record Timeline(FeatureTable items, FeatureTable users, List<LogFile> log) {

    Timeline {
        log = List.copyOf(log);
    }

    /** Reads all rows, then sorts them. The files may be in any order. */
    Stream<ReplayEvent> sortedInMemory(Consumer<? super BadRow> badRows) {
        List<StoredRow> rows = new ArrayList<>();
        for (LogFile file : log) {
            try (GroupReader groups = new GroupReader(file, badRows)) {
                while (groups.hasNext()) {
                    Group group = groups.next();
                    rows.add(new StoredRow(group.time(), file, StoredRow.encoded(group.row())));
                }
            }
        }
        rows.sort(Comparator.comparingLong(StoredRow::time)); // stable
        return stream(rows.stream().map(StoredRow::events).iterator());
    }

    /** Reads row by row. The rows of each file must be in time order: a row earlier than the one before it is a bad row. */
    Stream<ReplayEvent> streamed(Consumer<? super BadRow> badRows) {
        List<GroupReader> files = new ArrayList<>();
        for (LogFile file : log) {
            files.add(new GroupReader(file, badRows));
        }
        Iterator<List<ReplayEvent>> groups = new Iterator<>() {
            @Override
            public boolean hasNext() {
                return files.stream().anyMatch(Iterator::hasNext);
            }

            @Override
            public List<ReplayEvent> next() {
                // min() keeps the first of equals, which is the earlier file
                return files.stream()
                        .filter(Iterator::hasNext)
                        .min(Comparator.comparingLong(GroupReader::time))
                        .orElseThrow()
                        .inOrder()
                        .events();
            }
        };
        return stream(groups).onClose(() -> files.forEach(GroupReader::close));
    }

    private Stream<ReplayEvent> stream(Iterator<List<ReplayEvent>> groups) {
        TimeOrder merged = new TimeOrder(groups);
        ReplayEvent first = merged.peek();
        if (first == null) {
            return Stream.of();
        }
        long beginning = Math.max(first.time() - 1, EventLimits.EARLIEST_MILLIS);
        List<ReplayEvent> before = new ArrayList<>();
        Map<String, Features> listable = new HashMap<>();
        for (FeatureTable.Entry entry : items.entries()) {
            listable.putIfAbsent(entry.id(), entry.features());
            long since = Math.max(beginning, entry.since().orElse(beginning));
            ReplayEvent event = new ReplayEvent.ItemListing(new CatalogueItem(entry.id(), since, entry.features()));
            place(event, beginning, before, merged);
        }
        for (FeatureTable.Entry entry : users.entries()) {
            long since = Math.max(beginning, entry.since().orElse(beginning));
            ReplayEvent event = new ReplayEvent.ProfileUpdate(new UserProfile(entry.id(), since, entry.features()));
            place(event, beginning, before, merged);
        }
        Iterator<ReplayEvent> all = new Changes(before.iterator(), merged, listable);
        return StreamSupport.stream(
                Spliterators.spliteratorUnknownSize(all, Spliterator.ORDERED | Spliterator.NONNULL), false);
    }

    private static void place(ReplayEvent event, long beginning, List<ReplayEvent> before, TimeOrder merged) {
        if (event.time() == beginning) {
            before.add(event);
        } else {
            merged.add(event);
        }
    }

    /**
     * The events of one row.
     *
     * @param time of the earliest event
     */
    private record Group(long time, Row row, List<ReplayEvent> events) {}

    /** A row in memory. Its events are not held: they are decoded again when the row is read. */
    private record StoredRow(long time, LogFile file, byte[] row) {

        static byte[] encoded(Row row) {
            Fields fields = new Fields().longInteger(row.line()).text(row.fingerprint());
            FeatureFields.texts(fields, row.cells());
            return fields.framed();
        }

        List<ReplayEvent> events() {
            ByteBuffer stored = Frame.open(row);
            return file.decoder()
                    .apply(new Row(
                            stored.getLong(), Fields.text(stored), file.rows().columns(), FeatureFields.texts(stored)));
        }
    }

    /** Reads the usable rows of one file with their events. */
    private static final class GroupReader extends Lookahead<Group> implements AutoCloseable {
        private final LogFile file;
        private final Consumer<? super BadRow> badRows;
        private final RowReader rows;

        GroupReader(LogFile file, Consumer<? super BadRow> badRows) {
            this.file = file;
            this.badRows = badRows;
            rows = file.rows().rows(badRows);
        }

        /** Takes the next row, and skips the following rows that are earlier. */
        Group inOrder() {
            Group group = next();
            for (Group later = peek(); later != null && later.time() < group.time(); later = peek()) {
                bad(later.row(), "is earlier than the row before it, yet the mapping says that rows are sorted");
                next();
            }
            return group;
        }

        /** Earliest time of the next row. */
        long time() {
            Group next = peek();
            return next == null ? Long.MAX_VALUE : next.time();
        }

        @Override
        public void close() {
            rows.close();
        }

        @Override
        @Nullable
        Group compute() {
            while (rows.hasNext()) {
                Row row = rows.next();
                try {
                    List<ReplayEvent> events = file.decoder().apply(row);
                    if (!events.isEmpty()) {
                        return new Group(TimeOrder.earliest(events), row, events);
                    }
                } catch (UnusableEventException unusable) {
                    bad(row, String.valueOf(unusable.getMessage()));
                }
            }
            return null;
        }

        private void bad(Row row, String message) {
            badRows.accept(new BadRow(file.rows().name(), row.line(), message));
        }
    }

    /**
     * Drops features and marks that do not change anything, merges the features of a log's row with those of the tables, and lists an item
     * before its first exposure or click.
     */
    private static final class Changes extends Lookahead<ReplayEvent> implements ReplayEvent.Visitor {
        private final Iterator<ReplayEvent> before;
        private final TimeOrder log;
        private final Map<String, Features> listable;
        private final Map<String, Features> items = new HashMap<>();
        private final Map<String, Features> users = new HashMap<>();
        private final Deque<ReplayEvent> ready = new ArrayDeque<>();
        private Optional<String> window = Optional.empty();

        Changes(Iterator<ReplayEvent> before, TimeOrder log, Map<String, Features> listable) {
            this.before = before;
            this.log = log;
            this.listable = listable;
        }

        @Override
        @Nullable
        ReplayEvent compute() {
            while (ready.isEmpty() && (before.hasNext() || log.hasNext())) {
                (before.hasNext() ? before : log).next().accept(this);
            }
            return ready.poll();
        }

        @Override
        public void item(CatalogueItem item) {
            list(item.item(), item.time(), FeatureRow.laidOver(items.get(item.item()), item.features()));
        }

        @Override
        public void profile(UserProfile profile) {
            String user = profile.user();
            Features features = FeatureRow.laidOver(users.get(user), profile.features());
            if (!features.equals(users.put(user, features))) {
                ready.add(new ReplayEvent.ProfileUpdate(new UserProfile(user, profile.time(), features)));
            }
        }

        @Override
        public void exposure(Exposure exposure) {
            see(exposure.item(), exposure.time());
            ready.add(new ReplayEvent.ItemExposure(exposure));
        }

        @Override
        public void click(Click click) {
            see(click.item(), click.time());
            ready.add(new ReplayEvent.ItemClick(click));
        }

        @Override
        public void window(ReplayEvent.WindowMark mark) {
            if (!window.equals(Optional.of(mark.window()))) {
                window = Optional.of(mark.window());
                ready.add(mark);
            }
        }

        private void see(String item, long time) {
            if (!items.containsKey(item)) {
                list(item, time, listable.getOrDefault(item, Features.NONE));
            }
        }

        private void list(String item, long time, Features features) {
            if (!features.equals(items.put(item, features))) {
                ready.add(new ReplayEvent.ItemListing(new CatalogueItem(item, time, features)));
            }
        }
    }

    /**
     * Puts events in time order. Events come in groups, such as the exposure and the later click of one row; the earliest times of the groups are
     * in order. Events with equal times keep the order of arrival. Memory holds only the events later than the current group.
     */
    private static final class TimeOrder extends Lookahead<ReplayEvent> {

        private final Iterator<List<ReplayEvent>> groups;
        private final PriorityQueue<Waiting> waiting =
                new PriorityQueue<>(Comparator.comparingLong(Waiting::time).thenComparingLong(Waiting::arrival));
        private long latestGroup = Long.MIN_VALUE;
        private long arrivals;

        /**
         * @param groups none empty, earliest times ascending
         */
        TimeOrder(Iterator<List<ReplayEvent>> groups) {
            this.groups = groups;
        }

        @Override
        @Nullable
        ReplayEvent compute() {
            // a group holds no event earlier than its own earliest time
            while (groups.hasNext()
                    && (waiting.isEmpty() || latestGroup < waiting.peek().time())) {
                List<ReplayEvent> group = groups.next();
                latestGroup = earliest(group);
                group.forEach(this::add);
            }
            Waiting next = waiting.poll();
            return next == null ? null : next.event();
        }

        /** Adds an event, which must not be earlier than any event that was taken. */
        void add(ReplayEvent event) {
            waiting.add(new Waiting(event.time(), arrivals++, event));
        }

        static long earliest(List<ReplayEvent> group) {
            return group.stream().mapToLong(ReplayEvent::time).min().orElseThrow();
        }

        private record Waiting(long time, long arrival, ReplayEvent event) {}
    }
}
