package dev.millrace.verify.books;

import dev.millrace.wire.PlainRecord;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What must have become of each record of {@code users}, in the order of its partition. */
final class Profiles {

    private record Known(long time, Name features) {}

    private final Map<Name, Known> known = new HashMap<>();

    String remove(Name user) {
        known.remove(user);
        return "removed";
    }

    String apply(Name user, PlainRecord profile) {
        long time = profile.integer("time", 0);
        Name features = Name.of(new TreeMap<>(profile.map("features")).toString());
        Optional<Known> before = Optional.ofNullable(known.get(user));
        if (before.isPresent() && time < before.get().time()) {
            return "outdated";
        }
        if (before.isPresent() && features.equals(before.get().features())) {
            return "unchanged";
        }
        known.put(user, new Known(time, features));
        return "applied";
    }
}
