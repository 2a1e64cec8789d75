package dev.millrace.attribute;

import dev.millrace.state.Form;

/** What changes with each event of a user. Profile and history are entries of their own, as they change less often. */
final class UserState {

    /** Number of the user, above 0. */
    long number;

    /** Decayed numbers of exposures and clicks. */
    Counters counters = Counters.NONE;

    /** Event time of the profile, epoch milliseconds; 0 before any. */
    long profileTime;

    /** Event time of the latest click in the history, epoch milliseconds; 0 if it is empty. */
    long latestVisit;

    /** Version of profile and history; 0 if there are none. */
    int version;

    /** Moment at which the last exposure ends that takes its features from this version; 0 if none does. */
    long readUntil;

    /** Version of the profile; without a profile, of the one to come. */
    int profileVersion = 1;

    /** Moment at which the last exposure ends that takes its features from this version of the profile; 0 if none does. */
    long profileReadUntil;

    /** Clicks that wait for their exposure. */
    int waitingClicks;

    /** Event time up to which exposures or clicks are remembered under the number, epoch milliseconds. */
    long rememberedUntil;

    /**
     * The timers' cursor when the user was last heard, epoch milliseconds. Producers date events as they like, so event times do not say
     * how long ago the user was active.
     */
    long heardAt;

    /** Event time of the latest action that hid an item, epoch milliseconds; 0 before any. */
    long latestHiding;

    /** Moment of the timer that checks whether the user is idle; 0 if there is none. */
    long idleTimer;

    /** Bytes of an encoded one. */
    static final int BYTES = 108;

    UserState(long number) {
        this.number = number;
    }

    /** Returns true if the user's features were published. */
    boolean isPublished() {
        return profileTime > 0 || latestVisit > 0 || latestHiding > 0;
    }

    /** Returns the event time of the user's latest event, epoch milliseconds; 0 if there were only clicks that found no exposure. */
    long latestEvent() {
        return Math.max(Math.max(counters.asOf(), profileTime), Math.max(latestVisit, latestHiding));
    }

    /** Returns the event time up to which the user is known to be active, epoch milliseconds; 0 if there were only clicks that found no exposure. */
    long activeUntil() {
        return latestEvent() == 0 ? 0 : Math.max(latestEvent(), heardAt);
    }

    void hear(long cursor) {
        heardAt = Math.max(heardAt, cursor);
    }

    /** @param moment at which an exposure ends that takes its features from the current versions */
    void read(long moment) {
        readUntil = Math.max(readUntil, moment);
        if (profileTime > 0) {
            profileReadUntil = Math.max(profileReadUntil, moment);
        }
    }

    void remember(long until) {
        rememberedUntil = Math.max(rememberedUntil, until);
    }

    /** Forgets all but what is needed to recognise repeated events. */
    void forget() {
        counters = Counters.NONE;
        profileTime = 0;
        latestVisit = 0;
        readUntil = 0;
        latestHiding = 0;
        heardAt = 0;
        idleTimer = 0;
    }

    static UserState decoded(byte[] value) {
        return Form.read(value, new UserState(0)::fields);
    }

    UserState fields(Form form) {
        number = form.longInteger(number);
        counters = counters.fields(form);
        profileTime = form.longInteger(profileTime);
        latestVisit = form.longInteger(latestVisit);
        version = form.integer(version);
        readUntil = form.longInteger(readUntil);
        profileVersion = form.integer(profileVersion);
        profileReadUntil = form.longInteger(profileReadUntil);
        waitingClicks = form.integer(waitingClicks);
        rememberedUntil = form.longInteger(rememberedUntil);
        heardAt = form.longInteger(heardAt);
        idleTimer = form.longInteger(idleTimer);
        latestHiding = form.goesOn(latestHiding > 0) ? form.longInteger(latestHiding) : 0;
        return this;
    }
}
