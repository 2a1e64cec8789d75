package dev.millrace.event;

/**
 * All features of a user. It replaces the user's earlier profile.
 *
 * @param user id of the user
 * @param time event time from which the features hold, epoch milliseconds; an older profile never replaces a newer one
 * @param features age group, country, language …
 */
public record UserProfile(String user, long time, Features features) {
    public UserProfile {
        Require.id(RejectReason.BAD_USER, user);
        Require.time(time);
    }

    /** Returns an id that a user may have. */
    public static String requireId(String user) {
        Require.id(RejectReason.BAD_USER, user);
        return user;
    }
}
