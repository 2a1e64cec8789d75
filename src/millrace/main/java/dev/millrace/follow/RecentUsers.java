package dev.millrace.follow;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The few users whose features came last. Safe for threads. */
final class RecentUsers {

    private static final int KEPT = 12;

    private final Set<String> users = new LinkedHashSet<>();

    synchronized void saw(String user) {
        users.remove(user);
        if (users.size() == KEPT) {
            users.remove(users.iterator().next());
        }
        users.add(user);
    }

    synchronized void remove(String user) {
        users.remove(user);
    }

    synchronized List<String> latestFirst() {
        List<String> latest = new ArrayList<>(users);
        Collections.reverse(latest);
        return latest;
    }
}
