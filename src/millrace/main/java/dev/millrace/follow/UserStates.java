package dev.millrace.follow;

import dev.millrace.event.Features;
import dev.millrace.feature.FeatureFields;
import dev.millrace.feature.UserFeatures;
import dev.millrace.recall.UserDirectory;
import dev.millrace.state.Form;
import dev.millrace.state.PrefixedKey;
import java.util.List;
import java.util.Optional;

/** The latest features of each user, on disk. */
final class UserStates implements UserDirectory {

    private static final byte PREFIX = 'u';

    private final DiskEntries entries;

    UserStates(DiskEntries entries) {
        this.entries = entries;
    }

    void put(UserFeatures user) {
        entries.put(key(user.user()), Form.written(form -> FeatureFields.user(form, user.user(), user)));
    }

    void remove(String user) {
        entries.delete(key(user));
    }

    @Override
    public Optional<UserFeatures> latest(String user) {
        UserFeatures empty = new UserFeatures(user, 0, Features.NONE, List.of());
        return entries.get(key(user)).map(value -> Form.read(value, form -> FeatureFields.user(form, user, empty)));
    }

    private static byte[] key(String user) {
        return PrefixedKey.of(PREFIX, user);
    }
}
