package dev.millrace.topic.fault;

import java.util.Optional;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.GroupAuthorizationException;
import org.apache.kafka.common.errors.TopicAuthorizationException;
import org.apache.kafka.common.errors.TransactionalIdAuthorizationException;

/** Thrown when the cluster does not let this process do what it must; names the operation and the resource. */
public final class MissingRightException extends RuntimeException {

    public MissingRightException(String operation, String resource, Throwable cause) {
        super(
                "the cluster does not allow " + operation + " on " + resource
                        + "; millrace topics acls prints what each command needs",
                cause);
    }

    /**
     * What the cluster refused.
     *
     * @param operation that was tried on topics, such as READ
     */
    public static MissingRightException of(AuthorizationException refused, String operation) {
        if (refused instanceof TopicAuthorizationException topics) {
            return new MissingRightException(
                    operation, "topic " + String.join(", ", topics.unauthorizedTopics()), refused);
        }
        if (refused instanceof GroupAuthorizationException group) {
            return new MissingRightException("READ or DESCRIBE", "group " + group.groupId(), refused);
        }
        if (refused instanceof TransactionalIdAuthorizationException) {
            return new MissingRightException("WRITE or DESCRIBE", "a transactional id", refused);
        }
        return new MissingRightException("an operation", "the cluster: " + refused.getMessage(), refused);
    }

    /** The right that was missing, if that is what a failure came from. */
    public static Optional<MissingRightException> in(Throwable failure) {
        Throwable above = failure;
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof MissingRightException missing) {
                return Optional.of(missing);
            }
            if (cause instanceof TopicAuthorizationException unnamed
                    && unnamed.unauthorizedTopics().isEmpty()) { // as where a topic is to be made
                return Optional.of(
                        new MissingRightException("an operation", "a topic: " + above.getMessage(), unnamed));
            }
            above = cause;
            if (cause instanceof AuthorizationException refused) {
                return Optional.of(of(refused, "READ, WRITE or DESCRIBE"));
            }
        }
        return Optional.empty();
    }
}
