package dev.millrace.recall;

import dev.millrace.feature.UserFeatures;
import java.util.Optional;

/** What is known of users now; read by many threads. */
public interface UserDirectory {

    /** Returns a user's latest features; absent if nothing is known. */
    Optional<UserFeatures> latest(String user);
}
