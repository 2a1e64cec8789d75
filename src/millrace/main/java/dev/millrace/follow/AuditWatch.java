package dev.millrace.follow;

import dev.millrace.operation.OperatorAction;
import dev.millrace.operation.OperatorAction.Kind;
import dev.millrace.topic.ClientSettings;
import dev.millrace.topic.TopicFollower;
import dev.millrace.wire.AvroWire;
import dev.millrace.wire.Topic;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** Follows the topic of operators' actions, and keeps the latest of each kind. Safe for threads. */
public final class AuditWatch implements AutoCloseable {

    private final Map<Kind, OperatorAction> latest = new ConcurrentHashMap<>();
    private final TopicFollower follower;

    public AuditWatch(ClientSettings clients, String topic, AvroWire wire) {
        this.follower = TopicFollower.start(clients, topic, record -> wire.decode(Topic.OPERATOR_ACTIONS, record)
                .ifPresent(action -> latest.put(action.kind(), action)));
    }

    /** The latest action of a kind; absent before the first. */
    public Optional<OperatorAction> latest(Kind kind) {
        return Optional.ofNullable(latest.get(kind));
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
