package dev.millrace.verify.books;

import dev.millrace.feature.FeatureFields;
import dev.millrace.feature.UserFeatures;
import dev.millrace.state.EntrySink;
import dev.millrace.state.EntrySource;
import dev.millrace.state.Form;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Compares the latest features of each user: those that the replays make with those that the topic has. Of the features it holds 16 bytes.
 *
 * <p>The trainer may be running. So the topic may have what a commit behind the books made: it is compared with all that was made of the user since.
 */
final class UserStates {

    private static final IdHash REMOVED = IdHash.of("");
    private static final byte[] KEY = {1}; // of entries; those of an attribution begin with letters

    /** What the topic has of a user. */
    private record Found(IdHash state, RecordAddress place) {}

    private final Map<IdHash, Found> found = new HashMap<>();
    private final Map<IdHash, IdHash> made = new HashMap<>();
    private final Map<IdHash, IdHash> ofPartition = new HashMap<>();
    private final Map<IdHash, Set<IdHash>> later = new HashMap<>();

    private static IdHash hash(Optional<UserFeatures> state) {
        return state.map(user -> IdHash.of(Form.written(form -> {
                    UserFeatures unused = FeatureFields.user(form, user.user(), user);
                })))
                .orElse(REMOVED);
    }

    /** Takes the next record of the topic. */
    void found(String user, Optional<UserFeatures> state, RecordAddress place) {
        found.put(IdHash.of(user), new Found(hash(state), place));
    }

    /**
     * Takes the next state of a user.
     *
     * @param state absent if the user was removed
     * @param isCounted whether the books count what made it
     */
    void made(String user, Optional<UserFeatures> state, boolean isCounted) {
        IdHash hash = hash(state);
        if (isCounted) {
            ofPartition.put(IdHash.of(user), hash);
        } else {
            later.computeIfAbsent(IdHash.of(user), none -> new HashSet<>()).add(hash);
        }
    }

    /** Begins a partition with what {@link #store} put among its entries. */
    void beginPartition(EntrySource entries) {
        ofPartition.clear();
        entries.scan(KEY, EntrySource.behind(KEY), (key, value) -> {
            ofPartition.put(
                    IdHash.read(ByteBuffer.wrap(key, KEY.length, key.length - KEY.length)),
                    IdHash.read(ByteBuffer.wrap(value)));
            return true;
        });
    }

    /** Takes it that what the topic has of a user of the partition is right. */
    void trust(String user) {
        Optional.ofNullable(found.get(IdHash.of(user))).ifPresent(has -> ofPartition.put(IdHash.of(user), has.state));
    }

    /** Puts what the replay of a partition has made so far among its entries. */
    void store(EntrySink entries) {
        ofPartition.forEach((user, state) -> {
            byte[] key = user.write(
                            ByteBuffer.allocate(KEY.length + IdHash.BYTES).put(KEY))
                    .array();
            if (state.equals(REMOVED)) {
                entries.delete(key);
            } else {
                entries.put(key, state.write(ByteBuffer.allocate(IdHash.BYTES)).array());
            }
        });
    }

    /** The replay of a partition has ended. A removal may come to partitions that do not know the user. */
    void endPartition() {
        ofPartition.forEach(
                (user, state) -> made.merge(user, state, (before, now) -> now.equals(REMOVED) ? before : now));
        ofPartition.clear();
    }

    /** Compares the users of all replays. */
    List<String> faults(String topic) {
        List<String> faults = new ArrayList<>();
        found.forEach((user, has) -> {
            boolean isRight = has.state.equals(made.getOrDefault(user, REMOVED))
                    || later.getOrDefault(user, Set.of()).contains(has.state);
            if (!isRight) {
                faults.add("the features at " + has.place + " are not what the events of their user make");
            }
        });
        made.forEach((user, state) -> {
            if (!state.equals(REMOVED) && !found.containsKey(user)) {
                faults.add(topic + " lacks the features of a user whose id has the hash " + user);
            }
        });
        return faults;
    }
}
