package dev.millrace.attribute;

import dev.millrace.event.Click;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.feature.FeatureFields;
import dev.millrace.state.CorruptEntryException;
import dev.millrace.state.EntrySource;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import dev.millrace.state.OrderedEntries;
import dev.millrace.state.Utf8;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Moves the entries of the first layout to the one of {@link EntryKeys}: those of a user when an event or a timer of the user comes, so that
 * no start waits for all of them. Nothing is lost on the way; what comes of the events is the same.
 *
 * <p>The first layout. Every key held the user's name, and every open exposure the user's features of its moment.
 *
 * <pre>
 * u user                      counters, profile and history
 * x user NUL item NUL id      an exposure
 * w user NUL item NUL id      a click that waits
 * s user NUL id               a click that was seen
 * p user, n user              what the user's examples have counted
 * t time (8 bytes) key        a timer, and the entry it is about
 * </pre>
 */
final class OldLayout {

    private static final int KEYS_A_ROUND = 1000;
    private static final byte[] FIRST_KEY =
            Utf8.bytes("a"); // its kinds are small letters, those of the new one capitals
    private static final byte[] NOTHING = new byte[0];
    private static final int OPEN = 1; // kind of an exposure

    private final AttributionSettings settings;
    private final OrderedEntries entries;
    private final Timers timers;
    private final Users users;
    private boolean isAny;

    OldLayout(AttributionSettings settings, OrderedEntries entries, Timers timers, Users users) {
        this.settings = settings;
        this.entries = entries;
        this.timers = timers;
        this.users = users;
        look();
    }

    /** Whether there are entries of that layout. */
    boolean isAny() {
        return isAny;
    }

    /** Moves the users whose timers end up to an event time. */
    void moveDue(long until) {
        List<byte[]> due = new ArrayList<>();
        do {
            due.clear();
            entries.scan(timer(0, NOTHING), timer(until + 1, NOTHING), (timer, value) -> {
                due.add(timer);
                return due.size() < KEYS_A_ROUND;
            });
            for (byte[] timer : due) {
                entries.delete(timer);
                move(names(Arrays.copyOfRange(timer, 1 + Long.BYTES, timer.length))[0]);
            }
        } while (!due.isEmpty());
        look();
    }

    /** Moves all that there is of a user. */
    void move(String user) {
        byte[] key = key('u', user);
        if (entries.get(key).isEmpty() && !hasAny('x', user) && !hasAny('w', user) && !hasAny('s', user)) {
            return;
        }
        UserState state = users.begin(user);
        ProfileAndHistory[] latest = {ProfileAndHistory.NONE};
        take('x', user, (found, value) -> moveExposure(state, latest, found, value));
        entries.get(key).ifPresent(value -> moveState(state, latest, key, value));
        take('w', user, (found, value) -> moveWaiting(state, found, value));
        take('s', user, (found, value) -> moveSeen(state, found, value));
        moveContributions(key('p', user), EntryKeys.of(EntryKeys.CLICKED, state.number));
        moveContributions(key('n', user), EntryKeys.of(EntryKeys.UNCLICKED, state.number));
        users.put(user, state);
    }

    private void moveExposure(UserState state, ProfileAndHistory[] latest, byte[] key, byte[] value) {
        String[] names = names(key); // user, item, id
        ByteBuffer payload = Frame.open(value);
        long time = payload.getLong();
        boolean isOpen = payload.getInt() == OPEN;
        byte[] moved = EntryKeys.exposure(state.number, names[1], names[2]);
        state.remember(settings.forgottenAfter(time));
        if (!isOpen) {
            deleteTimer(settings.forgottenAfter(time), key);
            timers.set(settings.forgottenAfter(time), EntryKeys.as(EntryKeys.FORGOTTEN_EXPOSURE, moved));
            entries.put(moved, RememberedExposure.closed(time).encoded());
            return;
        }
        Fields.text(payload); // the user
        payload.getLong(); // and again the time
        SortedMap<String, FeatureValue> features =
                new TreeMap<>(FeatureFields.read(payload).values());
        Counters.Logarithms counters = new Counters.Logarithms(
                quantity(features.remove(ProfileAndHistory.EXPOSURES)),
                quantity(features.remove(ProfileAndHistory.CLICKS)));
        List<ProfileAndHistory.Visit> visits = FeatureFields.texts(payload).stream()
                .map(item -> new ProfileAndHistory.Visit(item, time))
                .toList();
        change(state, latest, new ProfileAndHistory(Features.of(features), visits));
        Features context = FeatureFields.read(payload);
        List<String> actions = FeatureFields.texts(payload);
        deleteTimer(settings.windowEnd(time), key);
        long ends = timers.set(settings.windowEnd(time), moved);
        state.readUntil = Math.max(state.readUntil, ends);
        RememberedExposure exposure = new RememberedExposure(
                time,
                ends,
                state.version,
                counters,
                context,
                actions,
                RememberedExposure.Sample.of(settings, names[0], names[1], names[2]));
        entries.put(moved, exposure.encoded());
    }

    private void moveState(UserState state, ProfileAndHistory[] latest, byte[] key, byte[] value) {
        ByteBuffer payload = Frame.open(value);
        state.profileTime = payload.getLong();
        Features profile = FeatureFields.read(payload);
        state.counters = Counters.read(payload);
        state.waitingClicks = payload.getInt();
        long idleTimer = payload.getLong();
        change(state, latest, new ProfileAndHistory(profile, ProfileAndHistory.visits(payload)));
        if (idleTimer > 0) {
            entries.delete(timer(idleTimer, key));
            users.watchUntil(idleTimer - 1, state);
        }
        entries.delete(key);
    }

    private void moveWaiting(UserState state, byte[] key, byte[] value) {
        Click click = WaitingClick.decoded(value);
        deleteTimer(settings.waitEnd(click.time()), key);
        users.await(state.number, click, value);
    }

    private void moveSeen(UserState state, byte[] key, byte[] value) {
        byte[] moved = EntryKeys.seenClick(state.number, names(key)[1]);
        long end = settings.deduplicationEnd(ByteBuffer.wrap(value).getLong());
        deleteTimer(end, key);
        timers.set(end, moved);
        state.remember(end);
        entries.put(moved, value);
    }

    private void moveContributions(byte[] key, byte[] moved) {
        entries.get(key).ifPresent(value -> {
            entries.put(moved, value);
            entries.delete(key);
        });
    }

    private void change(UserState state, ProfileAndHistory[] latest, ProfileAndHistory changed) {
        if (!changed.equals(latest[0])) {
            users.change(state, changed);
            latest[0] = changed;
        }
    }

    /** Hands over the entries of a kind and user, and deletes each. */
    private void take(char kind, String user, BiConsumer<byte[], byte[]> taker) {
        EntryRounds.forEach(
                entries,
                key(kind, user + '\0'),
                KEYS_A_ROUND,
                (key, value) -> Optional.of(Map.entry(key, value)),
                entry -> {
                    taker.accept(entry.getKey(), entry.getValue());
                    entries.delete(entry.getKey());
                });
    }

    private boolean hasAny(char kind, String user) {
        byte[] from = key(kind, user + '\0');
        boolean[] isAny = {false};
        entries.scan(from, EntrySource.behind(from), (found, value) -> {
            isAny[0] = true;
            return false;
        });
        return isAny[0];
    }

    private void look() {
        isAny = false;
        entries.scan(FIRST_KEY, (key, value) -> {
            isAny = true;
            return false;
        });
    }

    /** Deletes the timer of an entry. One that was set for a past time is at the cursor. */
    private void deleteTimer(long end, byte[] about) {
        entries.delete(timer(end + 1, about));
        entries.delete(timer(timers.cursor(), about));
    }

    private static byte[] timer(long time, byte[] about) {
        return ByteBuffer.allocate(1 + Long.BYTES + about.length)
                .put((byte) 't')
                .putLong(time)
                .put(about)
                .array();
    }

    /** Returns the parts of an entry's key behind its kind. */
    private static String[] names(byte[] key) {
        return Utf8.text(key, 1, key.length).split("\0", -1);
    }

    private static byte[] key(char kind, String rest) {
        return Utf8.bytes(kind + rest);
    }

    private static double quantity(@Nullable FeatureValue value) {
        if (value instanceof FeatureValue.Quantity quantity) {
            return quantity.value();
        }
        throw new CorruptEntryException("an exposure without the user's counters");
    }
}
