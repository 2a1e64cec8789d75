package dev.millrace.recall;

import dev.millrace.feature.UserFeatures;
import java.util.Optional;

/** What is known of users now; read by many threads. */
public interface UserDirectory {

    Optional<UserFeatures> latest(String user);
}
