package dev.millrace.batch;

import dev.millrace.attribute.TopicClock;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.catalogue.CatalogueChange;
import dev.millrace.event.CatalogueItem;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Form;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Items, and new features of items, whose time has not come, and the clock that says when it has. One thread.
 *
 * <p>The clock is the time that more than half of the recent users of examples have reached ({@link TopicClock}), so that no single client
 * moves it. Where the stream is live, the caller moves it on with the wall clock.
 *
 * <p>An item has one announcement that waits: the latest. An earlier one no longer counts, as in a compacted topic.
 */
final class AnnouncedItems implements Durable {

    /** Time of the clock after which a user without an example has no voice. */
    private static final Duration RECENT = Duration.ofMinutes(30);

    /** @param number in the order in which they came */
    private record Announcement(CatalogueItem item, long number) {

        static final Comparator<Announcement> BY_TIME =
                Comparator.comparingLong(Announcement::time).thenComparingLong(Announcement::number);

        long time() {
            return item.time();
        }
    }

    private final byte prefix;
    private final byte itemKind;
    private final byte voiceKind;
    private final TopicClock users = new TopicClock(RECENT.toMillis());
    private final Map<String, Announcement> waiting = new HashMap<>(); // of each item
    private final TreeSet<Announcement> byTime = new TreeSet<>(Announcement.BY_TIME);
    private final TreeMap<Long, CatalogueItem> unwritten = new TreeMap<>(); // by number
    private final TreeSet<Long> gone = new TreeSet<>(); // numbers whose entries are to be deleted
    private long reached;
    /** Before the first example, up to this time items come, though the clock does not run yet. Not stored. */
    private long shown;

    /** @param prefix first byte of this state's keys, before the kind of an item's and of a voice's */
    AnnouncedItems(byte prefix, byte itemKind, byte voiceKind) {
        this.prefix = prefix;
        this.itemKind = itemKind;
        this.voiceKind = voiceKind;
    }

    /** Returns the time up to which items have come, epoch milliseconds; 0 before the first example. */
    long clock() {
        return Math.max(reached, users.time());
    }

    /** Lets the clock follow the users of examples. */
    void hear(TrainingExample example) {
        users.hear(example.user().user(), example.time());
    }

    void forgetUser(String user) {
        users.forget(user);
    }

    /**
     * Moves the clock on to a time, if it is behind. Before the first example there is no clock, as an old log may follow: items of up to
     * the time come, and the clock does not begin.
     */
    void reach(long time) {
        if (clock() == 0) {
            shown = Math.max(shown, time);
        } else {
            reached = Math.max(reached, time);
        }
    }

    /** Takes over the clock of a batch that another learner closed. */
    void follow(long clock) {
        reached = Math.max(reached, clock);
    }

    /** Returns the time up to which items come with the next batch. */
    private long dueUpTo() {
        return clock() == 0 ? shown : clock();
    }

    /** Returns true if the clock was last moved by {@link #reach}. */
    boolean isOnTime() {
        return reached > 0 && reached >= users.time();
    }

    boolean isAhead(CatalogueItem item) {
        return item.time() > dueUpTo();
    }

    /**
     * Keeps an item until its time, in place of an earlier announcement.
     *
     * @param number larger than all before
     */
    void await(CatalogueItem item, long number) {
        cancel(item.item());
        add(new Announcement(item, number));
        unwritten.put(number, item);
    }

    private void add(Announcement announcement) {
        waiting.put(announcement.item().item(), announcement);
        byTime.add(announcement);
    }

    /** Returns what waits of an item, which waits no longer. */
    Optional<CatalogueItem> cancel(String item) {
        Announcement left = waiting.remove(item);
        if (left == null) {
            return Optional.empty();
        }
        byTime.remove(left);
        if (unwritten.remove(left.number()) == null) {
            gone.add(left.number());
        }
        return Optional.of(left.item());
    }

    /** Returns true if an item waits, and its time has come. */
    boolean isDue(String item) {
        Announcement left = waiting.get(item);
        return left != null && !isAhead(left.item());
    }

    /** Returns the number of items whose time has come, up to a limit. */
    int due(int most) {
        int due = 0;
        for (Announcement next : byTime) {
            if (due == most || isAhead(next.item())) {
                break;
            }
            due++;
        }
        return due;
    }

    /** Returns items whose time has come, the earliest first, and those of one time in the order in which they came; they wait no longer. */
    List<CatalogueChange> take(int most) {
        List<CatalogueChange> taken = new ArrayList<>();
        while (taken.size() < most && due(1) > 0) {
            CatalogueItem next = byTime.first().item();
            cancel(next.item());
            taken.add(new CatalogueChange.Upsert(next));
        }
        return taken;
    }

    /** Returns when the next item comes, epoch milliseconds. */
    OptionalLong next() {
        return byTime.isEmpty()
                ? OptionalLong.empty()
                : OptionalLong.of(byTime.first().time());
    }

    int count() {
        return waiting.size();
    }

    /** Returns the number of items that are ahead by a time or more. */
    int countAhead(Duration by) {
        long time = dueUpTo() + by.toMillis();
        int count = 0;
        for (Announcement last : byTime.descendingSet()) {
            if (last.time() < time) {
                break;
            }
            count++;
        }
        return count;
    }

    /** Writes or reads the clock. */
    void clock(Form form) {
        reached = form.longInteger(reached);
        users.fields(form);
    }

    boolean isOwn(byte[] key) {
        return key[0] == prefix && (key[1] == itemKind || key[1] == voiceKind);
    }

    @Override
    public void restore(byte[] key, byte[] value) {
        if (key[1] == voiceKind) {
            users.restoreVoice(Byte.toUnsignedInt(key[2]), value);
            return;
        }
        long number = ByteBuffer.wrap(key).getLong(2);
        BatchFields.read(value, example -> {}, change -> restore(change, number), user -> {});
    }

    private void restore(CatalogueChange change, long number) {
        if (change instanceof CatalogueChange.Upsert upsert) {
            add(new Announcement(upsert.item(), number));
        }
    }

    @Override
    public void drainDirty(EntrySink sink) {
        users.drainVoices(slot -> new byte[] {prefix, voiceKind, (byte) slot}, sink);
        gone.forEach(number -> sink.delete(key(number)));
        unwritten.forEach(
                (number, item) -> sink.put(key(number), BatchFields.encoded(new CatalogueChange.Upsert(item))));
        gone.clear();
        unwritten.clear();
    }

    private byte[] key(long number) {
        return ByteBuffer.allocate(2 + Long.BYTES)
                .put(prefix)
                .put(itemKind)
                .putLong(number)
                .array();
    }
}
