package dev.millrace.topic;

import dev.millrace.topic.fault.BrokerUnreachableException;
import dev.millrace.topic.fault.MissingRightException;
import dev.millrace.topic.fault.UnauthenticatedException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.TimeoutException;

/**
 * Asks the cluster about itself.
 *
 * @param clients how to reach it
 * @param patience how long it may take to answer
 */
public record ClusterAdmin(ClientSettings clients, Duration patience) {

    private static final int SHORTEST_TIMEOUT_MILLIS = 1_000;

    /** A series of requests. */
    public interface Questions<T> {
        T ask(Admin admin) throws ExecutionException, InterruptedException;
    }

    /** @throws BrokerUnreachableException if no broker answers */
    public <T> T ask(Questions<T> questions) {
        try (Admin admin = admin()) {
            return questions.ask(admin);
        } catch (ExecutionException failed) {
            throw failure(failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while asking the cluster", interrupted);
        }
    }

    /** A client; the caller closes it. */
    public Admin admin() {
        Map<String, Object> config = new HashMap<>(clients.asMap());
        int millis = Math.max(SHORTEST_TIMEOUT_MILLIS, (int) patience.toMillis());
        config.put(AdminClientConfig.DEFAULT_API_TIMEOUT_MS_CONFIG, millis);
        config.put(AdminClientConfig.REQUEST_TIMEOUT_MS_CONFIG, millis);
        try {
            return Admin.create(config);
        } catch (KafkaException failed) {
            throw clients.noClient(failed);
        }
    }

    /** Waits before the cluster is asked again. */
    public static void pause(Duration pause) {
        try {
            Thread.sleep(pause.toMillis());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for the cluster", interrupted);
        }
    }

    private RuntimeException failure(ExecutionException failed) {
        Throwable cause = failed.getCause() == null ? failed : failed.getCause();
        if (cause instanceof TimeoutException) {
            return clients.unreachable(patience, cause);
        }
        if (cause instanceof AuthorizationException refused) {
            return MissingRightException.of(refused, "DESCRIBE");
        }
        if (cause instanceof AuthenticationException refused) {
            return UnauthenticatedException.of(refused);
        }
        return new IllegalStateException("asking the cluster at " + clients.bootstrapServers(), cause);
    }
}
