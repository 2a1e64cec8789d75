package dev.millrace.event;

/**
 * A user's own features, whole: it replaces what was known before.
 *
 * @param user whose
 * @param time since when they hold, epoch milliseconds, event time; an older profile never replaces a newer one
 * @param features age group, country, language …
 */
public record UserProfile(String user, long time, Features features) {
    public UserProfile {
        Require.id(RejectReason.BAD_USER, user);
        Require.time(time);
    }
}
