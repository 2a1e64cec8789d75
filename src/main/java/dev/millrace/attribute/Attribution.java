package dev.millrace.attribute;

import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.event.Rejected;
import dev.millrace.event.UserProfile;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.Books;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.Frame;
import dev.millrace.state.InputTopic;
import dev.millrace.state.OrderedEntries;
import dev.millrace.state.Outcome;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import java.util.function.ToLongFunction;

/**
 * Joins clicks to exposures, each with the features of the exposure's moment.
 *
 * <p>All events of one user must come to one instance. Event time drives it: a window ends when both topics have passed its end. So a topic
 * that is ahead of the other does not turn clicks into orphans. {@code attribution.max-skew} limits how long a silent topic is waited for.
 *
 * <p>Point in time: an exposure stores the user's features as they were before it. A click enters the history only after its example was
 * made. An event that arrives late sees no click later than itself. The two running counters cannot be unwound: for a late event, they may
 * include later events of the same user.
 *
 * <p>Layout: see {@link EntryKeys}. The entry of an exposure turns from open to closed at the end of its window and is deleted at the end of
 * the deduplication window. Both moments are timers. Timers are stored in the order of their times and read from a cursor on, so that
 * deleted timers are not visited again. They run at most every {@value #TIMER_COARSENESS_MILLIS} ms of event time; whether a click is late
 * depends on event times, not on timers.
 *
 * <p>A user without an event for {@code users.expire-after} is removed. Each user has one timer for this. An event does not move the timer;
 * when it ends, it checks whether there was an event since.
 */
public final class Attribution implements Durable {

    /** Receives the results of an attribution. */
    public interface Output {

        void example(TrainingExample example);

        /** Receives the user's latest features, after they changed. */
        void userFeatures(UserFeatures user);

        void userRemoved(String user);
    }

    private static final long TIMER_COARSENESS_MILLIS = 1000;
    private static final int TIMERS_A_ROUND = 1000;
    private static final int KEYS_A_ROUND = 1000;
    private static final int CLICKS_A_ROUND = 100;

    private static final byte[] NOTHING = new byte[0];

    private final AttributionSettings settings;
    private final double halfLifeMillis;
    private final long expireUsersMillis;
    private final OrderedEntries entries;
    private final Output output;
    private final Contributions contributions;
    private final Books books = new Books();
    private long exposureTime;
    private long clickTime;
    private long timerCursor;
    private long wallTime;
    private boolean clockDirty;

    public Attribution(AttributionSettings settings, OrderedEntries entries, Output output) {
        this.settings = settings;
        this.halfLifeMillis = settings.counterHalfLife().toMillis();
        this.expireUsersMillis = settings.expireUsersAfter().toMillis();
        this.entries = entries;
        this.output = output;
        this.contributions = new Contributions(settings.caps(), entries);
    }

    public void expose(Exposure exposure) {
        advance(Math.max(exposureTime, exposure.time()), clickTime);
        byte[] key = EntryKeys.exposure(exposure.user(), exposure.item(), exposure.id());
        if (entries.get(key).isPresent()) {
            books.settle(InputTopic.EXPOSURES, Outcome.DUPLICATE);
            return;
        }
        UserState user = user(exposure.user());
        UserFeatures before = user.asOf(exposure.user(), exposure.time(), halfLifeMillis);
        entries.put(key, new RememberedExposure.Open(exposure.time(), before, exposure.context(), List.of()).encoded());
        schedule(windowEnd(exposure.time()), key);
        books.await(InputTopic.EXPOSURES);
        put(exposure.user(), user.exposed(exposure.time(), halfLifeMillis));
        if (user.waitingClicks() > 0) {
            attributeWaiting(exposure, key);
        }
    }

    public void click(Click click) {
        advance(exposureTime, Math.max(clickTime, click.time()));
        if (!settings.actions().contains(click.action())) {
            books.settle(InputTopic.CLICKS, Outcome.UNTRAINED_ACTION);
            return;
        }
        byte[] seen = EntryKeys.seenClick(click.user(), click.id());
        if (entries.get(seen).isPresent()) {
            books.settle(InputTopic.CLICKS, Outcome.DUPLICATE);
            return;
        }
        entries.put(seen, ByteBuffer.allocate(Long.BYTES).putLong(click.time()).array());
        schedule(deduplicationEnd(click.time()), seen);

        if (settings.mode() == AttributionSettings.Mode.CLICKS_ONLY) {
            books.settle(InputTopic.CLICKS, Outcome.ATTRIBUTED);
            learnAtItsOwnMoment(click);
            return;
        }
        Optional<byte[]> key = exposureOf(click);
        if (key.isEmpty()) {
            entries.put(EntryKeys.waitingClick(click.user(), click.item(), click.id()), WaitingClick.encoded(click));
            schedule(waitEnd(click.time()), EntryKeys.waitingClick(click.user(), click.item(), click.id()));
            addWaiting(click.user(), 1);
            books.await(InputTopic.CLICKS);
        } else {
            books.settle(InputTopic.CLICKS, attribute(click, key.get()));
        }
    }

    public void profile(UserProfile profile) {
        UserState user = user(profile.user());
        if (profile.time() < user.profileTime()) {
            books.settle(InputTopic.USERS, Outcome.OUTDATED);
        } else if (user.profileTime() > 0 && profile.features().equals(user.profile())) {
            books.settle(InputTopic.USERS, Outcome.UNCHANGED);
        } else {
            books.settle(InputTopic.USERS, Outcome.APPLIED);
            UserState changed = user.withProfile(profile.features(), profile.time());
            put(profile.user(), changed);
            publish(profile.user(), changed);
        }
    }

    /** Deletes all entries of a user. Open exposures and waiting clicks are settled as {@code erased}. */
    public void removeUser(String user) {
        books.settle(InputTopic.USERS, Outcome.REMOVED);
        eraseAll(EntryKeys.from(EntryKeys.EXPOSURE, user), value -> {
            RememberedExposure exposure = RememberedExposure.decoded(value);
            if (exposure.open().isEmpty()) {
                return deduplicationEnd(exposure.time()) + 1;
            }
            books.settleWaiting(InputTopic.EXPOSURES, Outcome.ERASED);
            return windowEnd(exposure.time());
        });
        eraseAll(EntryKeys.from(EntryKeys.WAITING_CLICK, user), value -> {
            books.settleWaiting(InputTopic.CLICKS, Outcome.ERASED);
            return waitEnd(WaitingClick.decoded(value).time());
        });
        eraseAll(
                EntryKeys.from(EntryKeys.SEEN_CLICK, user),
                value -> deduplicationEnd(ByteBuffer.wrap(value).getLong()));
        byte[] key = EntryKeys.user(user);
        entries.delete(EntryKeys.timer(user(user).idleTimer(), key));
        entries.delete(key);
        contributions.forget(user);
        output.userRemoved(user);
    }

    /** Counts an invalid event of a topic. */
    public void reject(InputTopic topic, Rejected rejected) {
        books.settle(topic, Outcome.REJECTED, rejected.reason().label());
    }

    /**
     * Returns the latest acceptable event time: the latest wall clock seen plus {@code attribution.max-ahead}.
     *
     * @param now wall clock, epoch milliseconds; if an earlier call gave a later one, that one counts
     */
    public long latestCredible(long now) {
        if (now > wallTime) {
            wallTime = now;
            clockDirty = true;
        }
        return wallTime + settings.maxAhead().toMillis();
    }

    /** Returns the outcomes of all events so far. */
    public Books books() {
        return books;
    }

    @Override
    public void restore(byte[] key, byte[] value) {
        if (Arrays.equals(key, EntryKeys.CLOCK)) {
            var payload = Frame.open(value);
            exposureTime = payload.getLong();
            clickTime = payload.getLong();
            timerCursor = payload.getLong();
            wallTime = payload.getLong();
        } else {
            books.restore(key, value);
        }
    }

    @Override
    public void drainDirty(EntrySink sink) {
        if (clockDirty) {
            sink.put(
                    EntryKeys.CLOCK,
                    Frame.seal(Frame.allocate(4 * Long.BYTES)
                            .putLong(exposureTime)
                            .putLong(clickTime)
                            .putLong(timerCursor)
                            .putLong(wallTime)));
            clockDirty = false;
        }
        books.drainDirty(sink);
    }

    /** Sets the event time of both topics and ends the windows that are over. */
    void advance(long exposuresAt, long clicksAt) {
        clockDirty |= exposuresAt != exposureTime || clicksAt != clickTime;
        exposureTime = exposuresAt;
        clickTime = clicksAt;
        if (settledTime() - timerCursor >= TIMER_COARSENESS_MILLIS) {
            runTimers();
        }
    }

    /** Returns the event time up to which windows end: both topics have reached it, or the topic behind is no longer waited for. */
    private long settledTime() {
        if (settings.mode() == AttributionSettings.Mode.CLICKS_ONLY) {
            return clickTime;
        }
        return Math.max(
                Math.min(exposureTime, clickTime),
                Math.max(exposureTime, clickTime) - settings.maxSkew().toMillis());
    }

    private void runTimers() {
        long until = settledTime();
        // until none is left: a timer that ends may set another one that is already due
        for (List<byte[]> due = dueTimers(until); !due.isEmpty(); due = dueTimers(until)) {
            for (byte[] timer : due) {
                entries.delete(timer);
                ended(EntryKeys.timerSubject(timer), EntryKeys.timerTime(timer));
            }
        }
        timerCursor = until;
        clockDirty = true;
    }

    private List<byte[]> dueTimers(long until) {
        List<byte[]> due = new ArrayList<>();
        entries.scan(EntryKeys.timersFrom(timerCursor), EntryKeys.timersFrom(until + 1), (timer, value) -> {
            due.add(timer);
            return due.size() < TIMERS_A_ROUND;
        });
        return due;
    }

    private void ended(byte[] subject, long due) {
        Optional<byte[]> value = entries.get(subject);
        if (value.isEmpty()) {
            return; // settled or erased before its timer ended
        }
        switch (subject[0]) {
            case EntryKeys.EXPOSURE -> exposureEnded(subject, RememberedExposure.decoded(value.get()), due);
            case EntryKeys.WAITING_CLICK -> {
                Click click = WaitingClick.decoded(value.get());
                entries.delete(subject);
                addWaiting(click.user(), -1);
                books.settleWaiting(InputTopic.CLICKS, withoutOpenExposure(click, wasShown(click)));
            }
            case EntryKeys.SEEN_CLICK -> entries.delete(subject);
            case EntryKeys.USER -> idle(subject, UserState.decoded(value.get()), due);
            default -> throw new IllegalStateException("a timer about an entry of kind " + (char) subject[0]);
        }
    }

    private void exposureEnded(byte[] key, RememberedExposure exposure, long due) {
        if (due <= windowEnd(exposure.time())) {
            return; // the timer of an erased entry; this entry came later, under the same id
        }
        exposure.open().ifPresentOrElse(open -> windowEnded(key, open), () -> entries.delete(key));
    }

    private void windowEnded(byte[] key, RememberedExposure.Open open) {
        if (open.actions().isEmpty()) {
            books.settleWaiting(InputTopic.EXPOSURES, Outcome.UNCLICKED);
            sample(key, open);
        } else {
            books.settleWaiting(InputTopic.EXPOSURES, Outcome.CLICKED);
        }
        entries.put(key, new RememberedExposure.Closed(open.time()).encoded());
        schedule(deduplicationEnd(open.time()) + 1, key);
    }

    /** Outputs the example of an exposure without a click, if the settings choose it. */
    private void sample(byte[] key, RememberedExposure.Open open) {
        String[] names = EntryKeys.exposureOf(key);
        if (settings.unclicked().takes(names[0], names[1], names[2])) {
            long end = windowEnd(open.time());
            double share = contributions.next(EntryKeys.UNCLICKED, names[0], names[1], end);
            output.example(TrainingExample.unclicked(names[2], open.user(), open.context(), names[1], share, end));
        }
    }

    private void attributeWaiting(Exposure exposure, byte[] key) {
        byte[] from = EntryKeys.from(EntryKeys.WAITING_CLICK, exposure.user(), exposure.item());
        EntryRounds.forEach(entries, from, CLICKS_A_ROUND, (found, value) -> answering(exposure, value), click -> {
            delete(EntryKeys.waitingClick(click.user(), click.item(), click.id()), waitEnd(click.time()));
            addWaiting(click.user(), -1);
            books.settleWaiting(InputTopic.CLICKS, attribute(click, key));
        });
    }

    private Optional<Click> answering(Exposure exposure, byte[] waiting) {
        Click click = WaitingClick.decoded(waiting);
        boolean answers = click.exposure().map(exposure.id()::equals).orElse(covers(exposure.time(), click));
        return answers ? Optional.of(click) : Optional.empty();
    }

    /** Returns true if a click that names no exposure can answer an exposure of that time. */
    private boolean covers(long exposureTime, Click click) {
        return exposureTime <= click.time() && click.time() <= windowEnd(exposureTime);
    }

    private Optional<byte[]> exposureOf(Click click) {
        if (click.exposure().isPresent()) {
            byte[] key = EntryKeys.exposure(
                    click.user(), click.item(), click.exposure().get());
            return entries.get(key).map(found -> key);
        }
        byte[] from = EntryKeys.from(EntryKeys.EXPOSURE, click.user(), click.item());
        byte[][] latest = new byte[1][];
        long[] latestTime = {Long.MIN_VALUE};
        entries.scan(from, EntryKeys.behind(from), (key, value) -> {
            long time = RememberedExposure.decoded(value).time();
            if (covers(time, click) && time > latestTime[0]) {
                latest[0] = key;
                latestTime[0] = time;
            }
            return true;
        });
        return Optional.ofNullable(latest[0]);
    }

    /** Outputs the example of a click on a remembered exposure, if it makes one. Returns the outcome of the click. */
    private Outcome attribute(Click click, byte[] exposureKey) {
        RememberedExposure exposure = RememberedExposure.decoded(
                entries.get(exposureKey).orElseThrow(() -> new IllegalStateException("the exposure found is gone")));
        Optional<RememberedExposure.Open> open = exposure.open();
        if (open.isEmpty() || click.time() > windowEnd(exposure.time())) {
            return withoutOpenExposure(click, true);
        }
        if (open.get().actions().contains(click.action())) {
            return Outcome.REPEATED_ACTION;
        }
        entries.put(exposureKey, open.get().with(click.action()).encoded());
        output.example(example(click, open.get().user(), open.get().context()));
        fold(click);
        return Outcome.ATTRIBUTED;
    }

    /** Returns true if an exposure of this item before the click is still remembered. */
    private boolean wasShown(Click click) {
        byte[] from = EntryKeys.from(EntryKeys.EXPOSURE, click.user(), click.item());
        boolean[] found = {false};
        entries.scan(from, EntryKeys.behind(from), (key, value) -> {
            found[0] = RememberedExposure.decoded(value).time() <= click.time();
            return !found[0];
        });
        return found[0];
    }

    /** @param isLate true if an exposure of the item is remembered whose window has ended; false if none is remembered */
    private Outcome withoutOpenExposure(Click click, boolean isLate) {
        return switch (settings.late()) {
            case DROP -> isLate ? Outcome.LATE : Outcome.ORPHAN;
            case POSITIVE -> {
                learnAtItsOwnMoment(click);
                yield isLate ? Outcome.LATE_ATTRIBUTED : Outcome.ORPHAN_ATTRIBUTED;
            }
        };
    }

    private void learnAtItsOwnMoment(Click click) {
        UserFeatures before = user(click.user()).asOf(click.user(), click.time(), halfLifeMillis);
        output.example(example(click, before, click.context()));
        fold(click);
    }

    /** Makes the example of a click. It counts less if the user's clicks have counted much. */
    private TrainingExample example(Click click, UserFeatures user, Features context) {
        return new TrainingExample(
                click.id(),
                user,
                context,
                click.item(),
                click.action(),
                click.weight() * contributions.next(EntryKeys.CLICKED, click.user(), click.item(), click.time()),
                click.time(),
                click.producedAt());
    }

    private void fold(Click click) {
        UserState clicked =
                user(click.user()).clicked(click.item(), click.time(), settings.historyLength(), halfLifeMillis);
        put(click.user(), clicked);
        publish(click.user(), clicked);
    }

    private void publish(String user, UserState state) {
        output.userFeatures(state.asOf(user, state.latestEvent(), halfLifeMillis));
    }

    /**
     * Deletes the entries of a range and their timers.
     *
     * @param end settles the entry with that value and returns when it would have ended
     */
    private void eraseAll(byte[] from, ToLongFunction<byte[]> end) {
        BiFunction<byte[], byte[], Optional<Map.Entry<byte[], Long>>> ends =
                (key, value) -> Optional.of(Map.entry(key, end.applyAsLong(value)));
        EntryRounds.forEach(entries, from, KEYS_A_ROUND, ends, one -> delete(one.getKey(), one.getValue()));
    }

    /** Deletes an entry and its timer. One set for a past time is at the cursor of that moment; if the cursor moved since, it has run. */
    private void delete(byte[] key, long end) {
        entries.delete(key);
        entries.delete(EntryKeys.timer(end + 1, key));
        entries.delete(EntryKeys.timer(timerCursor, key));
    }

    private long deduplicationEnd(long eventTime) {
        return eventTime + settings.deduplicationWindow().toMillis();
    }

    private long waitEnd(long clickTime) {
        return clickTime + settings.clickWait().toMillis();
    }

    private long windowEnd(long exposureTime) {
        return exposureTime + settings.window().toMillis();
    }

    /** Sets a timer. Returns when it is due. */
    private long schedule(long time, byte[] about) {
        // 1 ms later, as the end still belongs to the window; never before the cursor, where timers are not read again
        long due = Math.max(time + 1, timerCursor);
        entries.put(EntryKeys.timer(due, about), NOTHING);
        return due;
    }

    private UserState user(String user) {
        return entries.get(EntryKeys.user(user)).map(UserState::decoded).orElse(UserState.NEW);
    }

    private void addWaiting(String user, int change) {
        put(user, user(user).withWaiting(change));
    }

    /** Stores a user's state, or deletes the entry of an empty one. The user's first event sets the timer of {@link #idle}. */
    private void put(String user, UserState state) {
        byte[] key = EntryKeys.user(user);
        if (state.isNew()) {
            entries.delete(key);
        } else if (state.idleTimer() == 0 && state.latestEvent() > 0 && expireUsersMillis > 0) {
            putUntil(state.latestEvent() + expireUsersMillis, key, state);
        } else {
            entries.put(key, state.encoded());
        }
    }

    private void putUntil(long end, byte[] key, UserState state) {
        entries.put(key, state.withIdleTimer(schedule(end, key)).encoded());
    }

    /** Handles the end of a user's timer: sets it again if there were events since or a click waits; else removes the user. */
    private void idle(byte[] key, UserState state, long due) {
        long end = state.latestEvent() + expireUsersMillis;
        if (state.waitingClicks() > 0) {
            end = Math.max(end, due + settings.clickWait().toMillis());
        }
        if (end >= due) {
            putUntil(end, key, state);
            return;
        }
        String user = EntryKeys.userOf(key);
        entries.delete(key);
        contributions.forget(user);
        if (state.isPublished()) {
            output.userRemoved(user);
        }
    }
}
