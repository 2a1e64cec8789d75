package dev.millrace.follow;

import dev.millrace.feature.FeatureFields;
import dev.millrace.feature.UserFeatures;
import dev.millrace.recall.UserDirectory;
import dev.millrace.state.Fields;
import dev.millrace.state.Frame;
import dev.millrace.state.PrefixedKey;
import java.nio.ByteBuffer;
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
        Fields fields = new Fields().longInteger(user.time());
        FeatureFields.write(fields, user.features());
        FeatureFields.texts(fields, user.history());
        entries.put(key(user.user()), fields.framed());
    }

    void remove(String user) {
        entries.delete(key(user));
    }

    @Override
    public Optional<UserFeatures> latest(String user) {
        return entries.get(key(user)).map(value -> {
            ByteBuffer payload = Frame.open(value);
            long time = payload.getLong();
            var features = FeatureFields.read(payload);
            List<String> history = FeatureFields.texts(payload);
            return new UserFeatures(user, time, features, history);
        });
    }

    private static byte[] key(String user) {
        return PrefixedKey.of(PREFIX, user);
    }
}
