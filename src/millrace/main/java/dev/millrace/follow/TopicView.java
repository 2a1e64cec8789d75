package dev.millrace.follow;

import dev.millrace.topic.Cluster;
import dev.millrace.topic.TopicFollower;
import dev.millrace.wire.Topic;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** Follows a topic, and keeps the latest value of each key. Safe for threads. */
public final class TopicView<K, V> implements AutoCloseable {

    private final Map<K, V> latest = new ConcurrentHashMap<>();
    private final TopicFollower follower;

    /**
     * @param name of the topic in the cluster
     * @param key that a value is the latest of
     */
    public TopicView(Cluster cluster, Topic<V> topic, String name, Function<V, K> key) {
        this.follower = TopicFollower.start(cluster.clients(), name, record -> cluster.wire()
                .decode(topic, record)
                .ifPresent(value -> latest.put(key.apply(value), value)));
    }

    /** The latest value of a key; absent before the first. */
    public Optional<V> latest(K key) {
        return Optional.ofNullable(latest.get(key));
    }

    /** The latest value of each key. */
    public Collection<V> values() {
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
