package dev.millrace.verify.books;

import dev.millrace.state.Outcome;
import dev.millrace.wire.PlainRecord;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What must have become of each record of {@code users}, in the order of its partition. */
final class ProfileReplay {

    private record Known(long time, IdHash features) {}

    private final Map<IdHash, Known> known = new HashMap<>();

    Outcome remove(IdHash user) {
        known.remove(user);
        return Outcome.REMOVED;
    }

    Outcome apply(IdHash user, PlainRecord profile) {
        long time = profile.integer("time", 0);
        IdHash features = IdHash.of(new TreeMap<>(profile.map("features")).toString());
        Optional<Known> before = Optional.ofNullable(known.get(user));
        if (before.isPresent() && time < before.get().time()) {
            return Outcome.OUTDATED;
        }
        if (before.isPresent() && features.equals(before.get().features())) {
            return Outcome.UNCHANGED;
        }
        known.put(user, new Known(time, features));
        return Outcome.APPLIED;
    }
}
