package dev.millrace.attribute;

import dev.millrace.event.Click;
import dev.millrace.event.EventLimits;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.feature.FeatureFields;
import dev.millrace.state.Form;
import dev.millrace.state.OrderedEntries;
import dev.millrace.state.Utf8;
import java.util.Optional;

/**
 * The users of one partition: the state of each, and the versions of profile and history that open exposures still take their features from.
 *
 * <p>A version is written when profile or history change. If exposures were opened under the version before, that one stays until the last
 * of them has ended; else it is overwritten. So an exposure holds no features of its user, and still has those of its own moment. A profile
 * has versions and an entry of its own, because it may be large and a click does not change it. Versions of the history name it.
 */
final class Users {

    /** The form of a click, for reading one. */
    private static final Click NO_CLICK =
            new Click("-", "-", "-", Optional.empty(), "-", 1, EventLimits.EARLIEST_MILLIS, 0, Features.NONE);

    private final AttributionSettings settings;
    private final long expireMillis;
    private final OrderedEntries entries;
    private final EntryCache cache;
    private final Timers timers;
    private final EntryKeys keys = new EntryKeys();
    private final Form.Writer writer = new Form.Writer();
    private long lastNumber;

    Users(AttributionSettings settings, OrderedEntries entries, EntryCache cache, Timers timers) {
        this.settings = settings;
        this.expireMillis = settings.expireUsersAfter().toMillis();
        this.entries = entries;
        this.cache = cache;
        this.timers = timers;
    }

    /** Returns a user's state, if there is any. A caller that changes it must put it. */
    Optional<UserState> known(String user) {
        return cache.get(EntryKeys.user(user), UserState::decoded);
    }

    /** Gives a new user a number. The caller stores the state. */
    UserState begin(String user) {
        UserState state = new UserState(++lastNumber);
        entries.put(EntryKeys.of(EntryKeys.ID, state.number), Utf8.bytes(user));
        return state;
    }

    /** Stores a click that waits, and sets the timer of its wait, which counts from the click's time, or from the timers' cursor if that is later. */
    void await(long number, Click click) {
        byte[] waiting = keys.waitingClick(number, click);
        byte[] end = keys.waitEnd(number, click.id());
        entries.put(waiting, writer.written(form -> fields(form, click)));
        entries.put(end, waiting);
        timers.set(settings.waitEnd(Math.max(click.time(), timers.cursor())), end);
    }

    /** Returns a click that waits, from the value of its entry. */
    static Click waiting(byte[] value) {
        return Form.read(value, form -> fields(form, NO_CLICK));
    }

    private static Click fields(Form form, Click now) {
        return new Click(
                form.text(now.id()),
                form.text(now.user()),
                form.text(now.item()),
                Optional.of(form.text(now.exposure().orElse(""))).filter(id -> !id.isEmpty()),
                form.text(now.action()),
                form.number(now.weight()),
                form.longInteger(now.time()),
                form.longInteger(now.producedAt()),
                FeatureFields.features(form, now.context()));
    }

    /** Returns the user of a number; absent if the user has gone. */
    Optional<String> user(long number) {
        return entries.get(EntryKeys.of(EntryKeys.ID, number)).map(Utf8::text);
    }

    /** Stores a user's state. The first time, it sets the timer that checks whether the user is idle. */
    void put(String user, UserState state) {
        if (state.idleTimer == 0) {
            long active = state.activeUntil();
            watchUntil(active > 0 ? active + expireMillis : state.rememberedUntil, state);
        }
        cache.putLate(EntryKeys.user(user), state, UserState.BYTES, known -> writer.written(known::fields));
    }

    /** Sets the timer that checks whether a user is idle, if the user is to go one day. The caller stores the state. */
    void watchUntil(long end, UserState state) {
        if (expireMillis > 0 || state.latestEvent() == 0) {
            state.idleTimer = timers.set(end, EntryKeys.of(EntryKeys.IDLE_USER, state.number));
        }
    }

    /** Deletes what is kept under the user's name, and the name. */
    void delete(String user, UserState state) {
        if (state.version > 0) {
            deleteVersion(EntryKeys.version(state.number, state.version));
        }
        if (state.profileTime > 0) {
            deleteVersion(EntryKeys.profile(state.number, state.profileVersion));
        }
        entries.delete(EntryKeys.of(EntryKeys.ID, state.number));
        cache.delete(EntryKeys.user(user));
    }

    ProfileAndHistory profileAndHistory(UserState state) {
        return profileAndHistory(state.number, state.version);
    }

    ProfileAndHistory profileAndHistory(long number, int version) {
        if (version == 0) {
            return ProfileAndHistory.NONE;
        }
        return cache.get(
                        EntryKeys.version(number, version),
                        value -> ProfileAndHistory.decoded(value, ofProfile -> profile(number, ofProfile)))
                .orElseThrow(() -> new IllegalStateException(
                        "version " + version + " of profile and history of user number " + number + " is gone"));
    }

    private Features profile(long number, int version) {
        return cache.get(
                        EntryKeys.profile(number, version),
                        value -> Form.read(value, form -> FeatureFields.features(form, Features.NONE)))
                .orElseThrow(() -> new IllegalStateException(
                        "version " + version + " of the profile of user number " + number + " is gone"));
    }

    /** Stores a profile. Returns the user's history with it. The caller makes that the current one, and stores the state. */
    ProfileAndHistory with(UserProfile profile, UserState state) {
        ProfileAndHistory known = profileAndHistory(state);
        endProfile(state);
        state.profileTime = profile.time();
        cache.put(
                EntryKeys.profile(state.number, state.profileVersion),
                profile.features(),
                features -> writer.written(form -> FeatureFields.features(form, features)));
        return known.with(state.profileVersion, profile.features());
    }

    /** Deletes the current profile, if there is one: at once, or when the last exposure has ended that takes its features from it. */
    private void endProfile(UserState state) {
        if (state.profileTime > 0) {
            byte[] key = EntryKeys.profile(state.number, state.profileVersion);
            if (timers.isPast(state.profileReadUntil)) {
                deleteVersion(key);
            } else {
                timers.setAt(state.profileReadUntil + 2, key); // as in change
                state.profileVersion++;
            }
            state.profileReadUntil = 0;
        }
    }

    /** Makes profile and history the user's current ones. The caller stores the state. */
    void change(UserState state, ProfileAndHistory changed) {
        if (state.version == 0 || !timers.isPast(state.readUntil)) {
            if (state.version > 0) {
                // 1 ms later, as the exposures that end at that moment read it
                timers.setAt(state.readUntil + 2, EntryKeys.version(state.number, state.version));
            }
            state.version++;
        }
        state.readUntil = 0;
        state.latestVisit = changed.latestVisit();
        cache.put(EntryKeys.version(state.number, state.version), changed, history -> writer.written(history::write));
    }

    /** Forgets all but what recognises repeated events. The caller stores the state. */
    void forget(UserState state) {
        if (state.version > 0) {
            change(state, ProfileAndHistory.NONE);
        }
        endProfile(state);
        state.forget();
    }

    void deleteVersion(byte[] key) {
        cache.delete(key);
    }

    void fields(Form form) {
        lastNumber = form.longInteger(lastNumber);
    }
}
