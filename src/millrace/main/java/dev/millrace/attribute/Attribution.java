package dev.millrace.attribute;

import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.ExperimentSums;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.Books;
import dev.millrace.state.Durable;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySource;
import dev.millrace.state.Form;
import dev.millrace.state.InputTopic;
import dev.millrace.state.OrderedEntries;
import dev.millrace.state.Outcome;
import dev.millrace.state.StoredFields;
import dev.millrace.state.Utf8;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * Joins clicks to exposures, each with the features of the exposure's moment.
 *
 * <p>All events of one user must come to one instance. Event time drives it: a window ends when both topics have passed its end. So a topic
 * that is ahead of the other does not turn clicks into orphans. {@code attribution.max-skew} limits how long a silent topic is waited for.
 *
 * <p>Point in time: an exposure names the version of the user's profile and history that was current before it. A click enters the history only
 * after its example was made. An event that arrives late sees no click later than itself. The two running counters cannot be unwound: for a
 * late event, they may include later events of the same user.
 *
 * <p>Layout: see {@link EntryKeys}. What belongs to a user is read once and written once a commit ({@link EntryCache}). An exposure is written
 * when it comes and when it is clicked. Its window is open until the moment that stands in it has passed; it is deleted at the end of the
 * deduplication window. Both moments are {@link Timers}. They run at most every {@value #TIMER_COARSENESS_MILLIS} ms of event time; whether a
 * click is late depends on event times, not on timers.
 *
 * <p>A user without an event for {@code users.expire-after} is removed. Each user has one timer for this. An event does not move the timer.
 * When the timer ends, it checks whether there was an event since. The user's number stays for as long as anything is remembered under it.
 */
public final class Attribution implements Durable {

    /** Receives the results of an attribution. */
    public interface Output {

        /**
         * Receives an example: of a click, once it is known which exposure it answers or that it answers none; of an exposure without a
         * click, at the end of its window.
         */
        void example(TrainingExample example);

        /** Receives the user's latest features, after they changed. */
        void userFeatures(UserFeatures user);

        /** Receives the id of a user whose features are gone. */
        void userRemoved(String user);
    }

    /** Version of the rules: another one may make other examples of the same {@link AttributionCommit}s. */
    public static final int RULES = 1;

    private static final long TIMER_COARSENESS_MILLIS = 1000;
    private static final int KEYS_A_ROUND = 1000;
    private static final int CLICKS_A_ROUND = 100;

    private final AttributionSettings settings;
    private final long expireUsersMillis;
    private final OrderedEntries entries;
    private final Output output;
    private final EntryKeys keys = new EntryKeys();
    private final EntryCache cache;
    private final Timers timers;
    private final Users users;
    private final Exposures exposures;
    private final PassedItems passed;
    private final Set<Long> passers =
            new LinkedHashSet<>(); // numbers of users who pass items by in a run of the timers
    private final ClickWeights weights;
    private final Contributions contributions;
    private final ExperimentCounts experiment;
    private final Books books = new Books();
    private final TopicClock exposureClock;
    private final TopicClock clickClock;
    private long wallTime;
    private final StoredFields clocks = new StoredFields(this::clocks);

    /**
     * @param entries the store of users, exposures and clicks; after a restart, as the last drain left it
     * @param output called on the caller's thread, within the call that brought the event
     */
    public Attribution(AttributionSettings settings, OrderedEntries entries, Output output) {
        this.settings = settings;
        this.expireUsersMillis = settings.expireUsersAfter().toMillis();
        this.entries = entries;
        this.output = output;
        this.cache = new EntryCache(entries);
        this.timers = new Timers(entries);
        this.users = new Users(settings, entries, cache, timers);
        this.exposures = new Exposures(settings, entries, timers);
        this.passed = new PassedItems(settings, entries);
        this.weights = new ClickWeights(settings);
        this.contributions = new Contributions(settings.caps(), cache);
        this.experiment = new ExperimentCounts(cache);
        this.exposureClock = new TopicClock(settings.window().toMillis());
        this.clickClock = new TopicClock(settings.window().toMillis());
    }

    /** Takes an exposure. Clicks that waited for it become examples. */
    public void expose(Exposure exposure) {
        hear(exposureClock, exposure.user(), exposure.time());
        UserState user = user(exposure.user());
        byte[] key = keys.exposure(user.number, exposure.item(), exposure.id());
        if (entries.get(key).isPresent()) {
            books.settle(InputTopic.EXPOSURES, Outcome.DUPLICATE);
            return;
        }
        long ends = exposures.open(exposure, user, key, experiment.expose(exposure, user.number));
        passed.show(key, exposure.item(), exposures.windowEnd(exposure));
        books.await(InputTopic.EXPOSURES);
        user.counters = user.counters.exposed(exposure.time());
        user.hear(timers.cursor());
        user.read(ends);
        user.remember(Math.max(settings.forgottenAfter(exposure.time()), Timers.time(ends) + 1));
        users.put(exposure.user(), user);
        if (user.waitingClicks > 0) {
            attributeWaiting(exposure, user.number, key);
        }
    }

    /**
     * Takes a click. It becomes an example at once if its exposure is known. Otherwise it waits for {@code attribution.click-wait}, unless
     * its action hides an item or brings one back.
     */
    public void click(Click click) {
        hear(clickClock, click.user(), click.time());
        if (!settings.isHeard(click.action())) {
            books.settle(InputTopic.CLICKS, Outcome.UNTRAINED_ACTION);
            return;
        }
        UserState user = user(click.user());
        byte[] seen = keys.seenClick(user.number, click.id());
        if (entries.get(seen).isPresent()) {
            books.settle(InputTopic.CLICKS, Outcome.DUPLICATE);
            return;
        }
        entries.put(seen, ByteBuffer.allocate(Long.BYTES).putLong(click.time()).array());
        long forgottenAfter = settings.deduplicationEnd(Math.max(click.time(), timers.cursor()));
        timers.set(forgottenAfter, seen);
        user.hear(timers.cursor());
        user.remember(forgottenAfter);
        users.put(click.user(), user);
        weights.hear(click);

        if (!settings.actions().contains(click.action())) {
            if (settings.hiding().actions().contains(click.action())) {
                hide(click, user);
            } else {
                unhide(click, user);
            }
            return;
        }
        if (settings.mode() == AttributionSettings.Mode.CLICKS_ONLY) {
            Outcome outcome = learnAtItsOwnMoment(click, Outcome.ATTRIBUTED);
            if (outcome == Outcome.ATTRIBUTED) {
                experiment.act(click.user(), user.number, click.action());
            }
            settle(click, outcome);
            return;
        }
        Optional<Exposures.Found> found = exposures.answeredBy(click, user.number);
        if (found.isEmpty()) {
            users.await(user.number, click);
            addWaiting(click.user(), 1);
            books.await(InputTopic.CLICKS);
        } else {
            settle(click, attribute(click, found.get()));
        }
    }

    /** Takes a user's profile. Exposures from now on have its features; an older profile changes nothing. */
    public void profile(UserProfile profile) {
        UserState user = user(profile.user());
        ProfileAndHistory known = users.profileAndHistory(user);
        if (profile.time() < user.profileTime) {
            books.settle(InputTopic.USERS, Outcome.OUTDATED);
        } else if (user.profileTime > 0 && profile.features().equals(known.profile())) {
            books.settle(InputTopic.USERS, Outcome.UNCHANGED);
        } else {
            books.settle(InputTopic.USERS, Outcome.APPLIED);
            user.hear(timers.cursor());
            change(profile.user(), user, users.with(profile, user));
        }
    }

    /** Deletes all entries of a user. Open exposures and waiting clicks are settled as {@code erased}. */
    public void removeUser(String user) {
        books.settle(InputTopic.USERS, Outcome.REMOVED);
        exposureClock.forget(user);
        clickClock.forget(user);
        weights.forget(user);
        users.known(user).ifPresent(state -> {
            cache.drain(); // so that a scan sees all versions
            long number = state.number;
            eraseAll(EntryKeys.EXPOSURE, number, exposure -> {
                if (exposures.isOpen(RememberedExposure.decoded(exposure.value()))) {
                    books.settleWaiting(InputTopic.EXPOSURES, Outcome.ERASED);
                }
                entries.delete(exposure.key());
            });
            eraseAll(EntryKeys.WAITING_CLICK, number, click -> {
                books.settleWaiting(InputTopic.CLICKS, Outcome.ERASED);
                entries.delete(click.key());
            });
            for (byte kind : new byte[] {EntryKeys.WAIT_END, EntryKeys.SEEN_CLICK}) {
                eraseAll(kind, number, entry -> entries.delete(entry.key()));
            }
            for (byte kind : new byte[] {EntryKeys.VERSION, EntryKeys.PROFILE}) {
                eraseAll(kind, number, version -> users.deleteVersion(version.key()));
            }
            passed.forget(number);
            contributions.forget(number);
            experiment.forget(number);
            users.delete(user, state);
        });
        output.userRemoved(user);
    }

    /**
     * Takes a state of an experiment. From here on, events of the topic count by it.
     *
     * @param topic that it came in: exposures, or clicks if the goal is by user
     * @param order place among the states; one that is not higher than the last one changes nothing
     */
    public void experiment(InputTopic topic, Experiment state, long order) {
        books.settle(topic, Outcome.EXPERIMENT);
        experiment.take(state, order);
    }

    /** Returns the latest experiment, as far as its states have come; absent before any. */
    public Optional<Experiment> experiment() {
        return experiment.latest();
    }

    /** Returns what was counted in the latest experiment. */
    public ExperimentSums experimentSums() {
        return experiment.sums();
    }

    /**
     * Counts an invalid event of a topic.
     *
     * @param reason its label
     */
    public void reject(InputTopic topic, String reason) {
        books.settle(topic, Outcome.REJECTED, reason);
    }

    /**
     * Returns the latest wall clock seen.
     *
     * @param now wall clock, epoch milliseconds; if it has gone back, the latest one counts
     */
    public long clock(long now) {
        if (now > wallTime) {
            wallTime = now;
            clocks.change();
        }
        return wallTime;
    }

    /** Returns the outcomes of all events so far. */
    public Books books() {
        return books;
    }

    /** Restores what was drained, from entries that also hold those of the store. */
    public void restoreFrom(EntrySource all) {
        for (byte[] kind : EntryKeys.ON_THE_HEAP) {
            all.scan(kind, EntrySource.behind(kind), (key, value) -> {
                restore(key, value);
                return true;
            });
        }
    }

    /** Hands over the ids of all users whose state is among entries. */
    public static void users(EntrySource all, Consumer<String> user) {
        byte[] kind = EntryKeys.user("");
        all.scan(kind, EntrySource.behind(kind), (key, value) -> {
            user.accept(Utf8.text(key, kind.length, key.length));
            return true;
        });
    }

    @Override
    public void restore(byte[] key, byte[] value) {
        if (Arrays.equals(key, EntryKeys.CLOCK)) {
            clocks.restore(value);
        } else if (Arrays.equals(key, EntryKeys.EXPERIMENT)) {
            experiment.restore(value);
        } else if (key[0] == EntryKeys.VOICE) {
            restoreVoice(key[1], EntryKeys.slotOf(key), value);
        } else {
            books.restore(key, value);
        }
    }

    /** Also writes the entries that changed since the last call. */
    @Override
    public void drainDirty(EntrySink sink) {
        cache.drain();
        timers.drain();
        clocks.drain(EntryKeys.CLOCK, sink);
        experiment.drain(sink);
        exposureClock.drainVoices(slot -> EntryKeys.voice(EntryKeys.EXPOSURE, slot), sink);
        clickClock.drainVoices(slot -> EntryKeys.voice(EntryKeys.CLICKED, slot), sink);
        weights.drainVoices(slot -> EntryKeys.voice(EntryKeys.NUMBER, slot), sink);
        books.drainDirty(sink);
    }

    private void clocks(Form form) {
        wallTime = form.longInteger(wallTime);
        timers.fields(form);
        users.fields(form);
        exposureClock.fields(form);
        clickClock.fields(form);
        weights.fields(form);
    }

    private void restoreVoice(byte of, int slot, byte[] value) {
        switch (of) {
            case EntryKeys.EXPOSURE -> exposureClock.restoreVoice(slot, value);
            case EntryKeys.CLICKED -> clickClock.restoreVoice(slot, value);
            case EntryKeys.NUMBER -> weights.restoreVoice(slot, value);
            default -> throw new IllegalStateException("a voice of kind " + (char) of);
        }
    }

    private void hear(TopicClock clock, String user, long time) {
        clock.hear(user, time);
        clocks.change();
        advance(exposureClock.time(), clickClock.time());
    }

    /** Ends the windows that are over at these times of the two topics. */
    void advance(long exposuresAt, long clicksAt) {
        long settled = settledTime(exposuresAt, clicksAt);
        if (settled - timers.cursor() >= TIMER_COARSENESS_MILLIS) {
            timers.run(settled, this::ended);
            passers.forEach(this::publishPassed);
            passers.clear();
        }
    }

    private void publishPassed(long number) {
        users.user(number).ifPresent(user -> users.known(user)
                .filter(state -> state.latestEvent() > 0)
                .ifPresent(state -> output.userFeatures(asOf(
                        user, state, users.profileAndHistory(state), Math.max(state.latestEvent(), timers.cursor())))));
    }

    /** Returns the event time up to which windows end: both topics have reached it, or the topic behind is no longer waited for. */
    private long settledTime(long exposuresAt, long clicksAt) {
        if (settings.mode() == AttributionSettings.Mode.CLICKS_ONLY) {
            return clicksAt;
        }
        return Math.max(
                Math.min(exposuresAt, clicksAt),
                Math.max(exposuresAt, clicksAt) - settings.maxSkew().toMillis());
    }

    private void ended(byte[] subject, long moment) {
        switch (subject[0]) {
            case EntryKeys.EXPOSURE -> entries.get(subject).ifPresent(value -> windowEnded(subject, value));
            case EntryKeys.FORGOTTEN_EXPOSURE -> entries.delete(EntryKeys.as(EntryKeys.EXPOSURE, subject));
            case EntryKeys.WAIT_END ->
                entries.get(subject).ifPresent(waiting -> {
                    entries.delete(subject);
                    entries.get(waiting).ifPresent(value -> waitEnded(waiting, Users.waiting(value)));
                });
            case EntryKeys.SEEN_CLICK -> entries.delete(subject);
            case EntryKeys.VERSION, EntryKeys.PROFILE -> users.deleteVersion(subject);
            case EntryKeys.IDLE_USER ->
                users.user(EntryKeys.numberOf(subject)).ifPresent(user -> users.known(user)
                        .filter(state -> state.idleTimer == moment)
                        .ifPresent(state -> idle(user, state)));
            case EntryKeys.HIDDEN_END ->
                users.user(EntryKeys.numberOf(subject)).ifPresent(user -> users.known(user)
                        .ifPresent(state -> bringBack(user, state, hidden -> hidden.until() < Timers.time(moment))));
            default -> throw new IllegalStateException("a timer about an entry of kind " + (char) subject[0]);
        }
    }

    private void windowEnded(byte[] key, byte[] value) {
        RememberedExposure.End end = RememberedExposure.end(value);
        books.settleWaiting(
                InputTopic.EXPOSURES, end == RememberedExposure.End.CLICKED ? Outcome.CLICKED : Outcome.UNCLICKED);
        if (end == RememberedExposure.End.SAMPLED) {
            RememberedExposure exposure = RememberedExposure.decoded(value);
            exposure.sample().ifPresent(shown -> sample(EntryKeys.numberOf(key), exposure, shown));
        }
        if (end != RememberedExposure.End.CLICKED && passed.isOn()) {
            passers.add(EntryKeys.numberOf(key));
        }
        exposures.close(key, value);
    }

    /** Outputs the example of an exposure without a click. */
    private void sample(long number, RememberedExposure exposure, RememberedExposure.Sample shown) {
        String user =
                users.user(number).orElseThrow(() -> new IllegalStateException("the user of an exposure is gone"));
        long end = settings.windowEnd(exposure.time());
        double amount = contributions.next(EntryKeys.UNCLICKED, number, shown.item(), countedAt(end), 1);
        if (amount > 0) {
            output.example(TrainingExample.unclicked(
                    shown.id(), featuresAt(exposure, user, number), exposure.context(), shown.item(), amount, end));
        }
    }

    private void waitEnded(byte[] key, Click click) {
        entries.delete(key);
        addWaiting(click.user(), -1);
        settleWaiting(click, withoutOpenExposure(click, exposures.wasShown(click, EntryKeys.numberOf(key))));
    }

    private UserFeatures featuresAt(RememberedExposure exposure, String user, long number) {
        return users.profileAndHistory(number, exposure.version())
                .asOf(user, exposure.time(), exposure.counters(), passed.asOf(number, exposure.time()));
    }

    /** Attributes the clicks that waited for an exposure. It reads no others, however many wait beside them. */
    private void attributeWaiting(Exposure exposure, long number, byte[] exposureKey) {
        byte[] naming = keys.waitingClicks(number, exposure.item(), exposure.id());
        forEach(
                keys.waitingClicks(number, exposure.item(), exposure.time()),
                keys.waitingClicks(number, exposure.item(), settings.windowEnd(exposure.time()) + 1),
                CLICKS_A_ROUND,
                unnamed -> true,
                unnamed -> { // so all waiting clicks come in the order of their ids
                    entries.delete(unnamed.key());
                    entries.put(EntryKeys.naming(naming, unnamed.key()), unnamed.value());
                });
        forEach(
                naming,
                EntrySource.behind(naming),
                CLICKS_A_ROUND,
                waiting -> answers(Users.waiting(waiting.value()), exposure),
                waiting -> {
                    Click click = Users.waiting(waiting.value());
                    entries.delete(waiting.key());
                    addWaiting(exposure.user(), -1);
                    settleWaiting(click, attribute(click, exposures.require(exposureKey)));
                });
    }

    private boolean answers(Click click, Exposure exposure) {
        return click.exposure().map(exposure.id()::equals).orElse(settings.covers(exposure.time(), click));
    }

    /** Takes a click on a remembered exposure, and outputs its example, if it makes one. Returns the outcome of the click. */
    private Outcome attribute(Click click, Exposures.Found found) {
        RememberedExposure exposure = RememberedExposure.decoded(found.value());
        if (!isInTime(click, exposure)) {
            return withoutOpenExposure(click, true);
        }
        if (exposure.actions().contains(click.action())) {
            return Outcome.REPEATED_ACTION;
        }
        exposures.put(found.key(), exposure.with(click.action()));
        long number = EntryKeys.numberOf(found.key());
        UserFeatures user = featuresAt(exposure, click.user(), number);
        Outcome outcome = learn(click, number, user, exposure.context(), Outcome.ATTRIBUTED);
        if (outcome == Outcome.ATTRIBUTED) {
            experiment.act(number, exposure.counted(), click.action());
        }
        return outcome;
    }

    private boolean isInTime(Click click, RememberedExposure exposure) {
        return exposures.isOpen(exposure) && click.time() <= settings.windowEnd(exposure.time());
    }

    /**
     * Hides the item of a click from its user. Outputs the click's example, unless the user's examples have counted too much for one more.
     * The click waits for no exposure: without an open one, its example has the features of its own moment.
     */
    private void hide(Click click, UserState user) {
        Optional<RememberedExposure> shown = exposures
                .answeredBy(click, user.number)
                .map(found -> RememberedExposure.decoded(found.value()))
                .filter(exposure -> isInTime(click, exposure));
        double amount = contributions.next(
                EntryKeys.CLICKED, user.number, click.item(), countedAt(click.time()), weights.of(click));
        if (amount > 0) {
            output.example(new TrainingExample(
                    click.id(),
                    shown.map(exposure -> featuresAt(exposure, click.user(), user.number))
                            .orElseGet(() -> featuresNow(click, user)),
                    shown.map(RememberedExposure::context).orElse(click.context()),
                    click.item(),
                    click.action(),
                    amount,
                    click.time(),
                    click.producedAt(),
                    false));
        }
        long end = Math.max(click.time(), timers.cursor())
                + settings.hiding().time().toMillis();
        timers.set(end, EntryKeys.of(EntryKeys.HIDDEN_END, user.number));
        ProfileAndHistory known = users.profileAndHistory(user);
        ProfileAndHistory changed = known.hiding(new ProfileAndHistory.Hidden(click.item(), click.time(), end));
        user.latestHiding = Math.max(user.latestHiding, click.time());
        change(click.user(), user, changed);
        boolean isFull =
                changed.hidden().size() <= known.without(isOf(click)).hidden().size();
        Outcome outcome = amount > 0 ? Outcome.HIDDEN : Outcome.HIDDEN_CAPPED;
        books.settle(InputTopic.CLICKS, outcome, isFull ? Outcome.FULL : reason(click, outcome));
    }

    private void unhide(Click click, UserState user) {
        boolean wasHidden = bringBack(click.user(), user, isOf(click));
        books.settle(InputTopic.CLICKS, Outcome.UNHIDDEN, wasHidden ? "" : Outcome.NOT_HIDDEN);
    }

    private static Predicate<ProfileAndHistory.Hidden> isOf(Click click) {
        return hidden -> hidden.item().equals(click.item());
    }

    /** Brings back the hidden items that meet the condition. Returns true if there are any. */
    private boolean bringBack(String user, UserState state, Predicate<ProfileAndHistory.Hidden> isMeant) {
        ProfileAndHistory known = users.profileAndHistory(state);
        ProfileAndHistory changed = known.without(isMeant);
        boolean isChange = changed.hidden().size() < known.hidden().size();
        if (isChange) {
            change(user, state, changed);
        }
        return isChange;
    }

    /** @param isLate true if an exposure of the item is remembered whose window has ended; false if none is remembered */
    private Outcome withoutOpenExposure(Click click, boolean isLate) {
        return switch (settings.late()) {
            case DROP -> isLate ? Outcome.LATE : Outcome.ORPHAN;
            case POSITIVE -> learnAtItsOwnMoment(click, isLate ? Outcome.LATE_ATTRIBUTED : Outcome.ORPHAN_ATTRIBUTED);
        };
    }

    private Outcome learnAtItsOwnMoment(Click click, Outcome learnt) {
        UserState user = user(click.user());
        return learn(click, user.number, featuresNow(click, user), click.context(), learnt);
    }

    private UserFeatures featuresNow(Click click, UserState user) {
        return asOf(click.user(), user, users.profileAndHistory(user), click.time());
    }

    /**
     * Outputs the example of a click, unless the user's examples have counted too much for one more. The click enters the user's history in
     * both cases. Without an example it leaves an item where it already stands: the latest item of a history becomes a neighbour of the
     * next one, so moving it would still teach.
     *
     * @param learnt outcome of the click if there is an example
     */
    private Outcome learn(Click click, long number, UserFeatures user, Features context, Outcome learnt) {
        double amount =
                contributions.next(EntryKeys.CLICKED, number, click.item(), countedAt(click.time()), weights.of(click));
        if (amount > 0) {
            output.example(new TrainingExample(
                    click.id(), user, context, click.item(), click.action(), amount, click.time(), click.producedAt()));
        }
        fold(click, amount > 0);
        return amount > 0 ? learnt : Outcome.CAPPED;
    }

    /**
     * Returns the time as of which an example counts: its own, or the earliest that an honest event can have now, if that is later. An
     * account dates its events as it likes. Without this bound, dates of one a day from 1980 on would each find the budget of a day.
     */
    private long countedAt(long eventTime) {
        return Math.max(eventTime, timers.cursor() - settings.countedLateMillis());
    }

    private void settle(Click click, Outcome outcome) {
        books.settle(InputTopic.CLICKS, outcome, reason(click, outcome));
    }

    private void settleWaiting(Click click, Outcome outcome) {
        books.settleWaiting(InputTopic.CLICKS, outcome, reason(click, outcome), 1);
    }

    /** Returns a reason if the click has an example that counts less than the click asked for; else none. */
    private String reason(Click click, Outcome outcome) {
        return weights.of(click) > settings.caps().mostWeight() && outcome.hasExample() ? Outcome.CUT_WEIGHT : "";
    }

    private void fold(Click click, boolean isVisit) {
        UserState user = user(click.user());
        passed.click(user.number, click.item());
        ProfileAndHistory known = users.profileAndHistory(user);
        boolean stays = !isVisit
                && known.history().stream().anyMatch(visit -> visit.item().equals(click.item()));
        user.counters = user.counters.clicked(click.time());
        change(click.user(), user, stays ? known : known.clicked(click.item(), click.time(), settings.historyLength()));
    }

    /** Stores and publishes a user whose profile or history changed. */
    private void change(String user, UserState state, ProfileAndHistory changed) {
        users.change(state, changed);
        users.put(user, state);
        long latest = state.latestEvent();
        output.userFeatures(asOf(user, state, changed, latest));
    }

    private UserFeatures asOf(String user, UserState state, ProfileAndHistory known, long time) {
        return known.asOf(user, time, state.counters.at(time), passed.asOf(state.number, time));
    }

    /**
     * Hands over entries of a range, some at a time: a user may have any number, and they may change between the rounds.
     *
     * @param to the key behind the last
     * @param most entries held at once
     * @param isChosen false to leave an entry out
     * @param taker called after the scan of a round; may put and delete entries
     */
    private void forEach(
            byte[] from, byte[] to, int most, Predicate<Exposures.Found> isChosen, Consumer<Exposures.Found> taker) {
        byte[][] next = {from};
        List<Exposures.Found> round = new ArrayList<>();
        do {
            round.clear();
            entries.scan(next[0], to, (key, value) -> {
                Exposures.Found found = new Exposures.Found(key, value);
                if (isChosen.test(found)) {
                    round.add(found);
                }
                next[0] = Arrays.copyOf(key, key.length + 1); // the least key behind this one
                return round.size() < most;
            });
            round.forEach(taker);
        } while (round.size() == most);
    }

    private void eraseAll(byte kind, long number, Consumer<Exposures.Found> eraser) {
        byte[] from = EntryKeys.of(kind, number);
        forEach(from, EntrySource.behind(from), KEYS_A_ROUND, all -> true, eraser);
    }

    /** Returns the state of a user, begun if there is none. */
    private UserState user(String user) {
        clocks.change(); // a number may be given
        return users.known(user).orElseGet(() -> users.begin(user));
    }

    private void addWaiting(String user, int change) {
        UserState state = user(user);
        state.waitingClicks = Math.max(0, state.waitingClicks + change);
        users.put(user, state);
    }

    /** Handles the end of a user's timer. Sets it again if there were events since, or a click waits; else removes the user. */
    private void idle(String user, UserState state) {
        long due = Timers.time(state.idleTimer);
        long waitsUntil = state.waitingClicks > 0 ? due + settings.clickWait().toMillis() : 0;
        state.idleTimer = 0;
        if (state.latestEvent() > 0) {
            long end = Math.max(state.activeUntil() + expireUsersMillis, waitsUntil);
            if (expireUsersMillis == 0 || end >= due) {
                users.watchUntil(end, state);
                users.put(user, state);
                return;
            }
            passed.forget(state.number);
            contributions.forget(state.number);
            experiment.forget(state.number);
            weights.forget(user);
            if (state.isPublished() || passed.isOn()) {
                output.userRemoved(user);
            }
            users.forget(state);
        }
        long end = Math.max(state.rememberedUntil, waitsUntil);
        if (end >= due) {
            users.watchUntil(end, state);
            users.put(user, state);
        } else {
            users.delete(user, state);
        }
    }
}
