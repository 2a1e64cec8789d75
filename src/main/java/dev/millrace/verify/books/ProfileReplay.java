package dev.millrace.verify.books;

import dev.millrace.state.Outcome;
import dev.millrace.wire.PlainRecord;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Works out the outcome of each record of {@code users}; the records of a partition come in their order. */
final class ProfileReplay {

    private record Profile(long time, IdHash features) {}

    private final Map<IdHash, Profile> profiles = new HashMap<>();

    Outcome remove(IdHash user) {
        profiles.remove(user);
        return Outcome.REMOVED;
    }

    Outcome apply(IdHash user, PlainRecord profile) {
        long time = profile.integer("time", 0);
        IdHash features = IdHash.of(new TreeMap<>(profile.map("features")).toString());
        Optional<Profile> before = Optional.ofNullable(profiles.get(user));
        if (before.isPresent() && time < before.get().time()) {
            return Outcome.OUTDATED;
        }
        if (before.isPresent() && features.equals(before.get().features())) {
            return Outcome.UNCHANGED;
        }
        profiles.put(user, new Profile(time, features));
        return Outcome.APPLIED;
    }
}
