package dev.millrace.follow;

import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.TopicFollower;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.ServingProgress;
import dev.millrace.wire.Topic;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Follows what servers tell of their answers, and keeps the latest of each server and arm. Safe for threads. */
public final class ServingWatch implements AutoCloseable {

    private final Map<String, ServingProgress> latest = new ConcurrentHashMap<>();
    private final TopicFollower follower;

    public ServingWatch(ClientSettings clients, String topic, AvroWire wire) {
        this.follower = TopicFollower.start(clients, topic, record -> wire.decode(Topic.SERVING_PROGRESS, record)
                .ifPresent(told -> latest.put(told.key(), told)));
    }

    /** The latest of each server and arm. */
    public Collection<ServingProgress> latest() {
        return List.copyOf(latest.values());
    }

    /** Whether everything has been read that was in the topic when following began. */
    public boolean isCaughtUp() {
        return follower.isCaughtUp();
    }

    /** Why following ended, such as a right that is missing; absent while it goes on. */
    public Optional<Throwable> failure() {
        return follower.failure();
    }

    @Override
    public void close() {
        follower.close();
    }
}
