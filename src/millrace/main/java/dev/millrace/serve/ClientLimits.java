package dev.millrace.serve;

import dev.millrace.settings.SettingsReader;
import java.time.Duration;

/**
 * What the clients of a server may take of it.
 *
 * @param maxHeldBytes of all bodies and answers that are on their way
 * @param requestTimeout for a request to arrive whole, and again for its answer to be taken
 * @param minBytesPerSecond of a body or an answer on its way, on average after its first 5 s
 */
public record ClientLimits(
        int maxConnections, int maxBodyBytes, long maxHeldBytes, Duration requestTimeout, int minBytesPerSecond) {

    private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(30); // as browsers and proxies wait for at least
    private static final int MIN_BYTES_PER_SECOND = 1_000; // a modem has more
    private static final int HEAP_SHARE = 8; // of the heap, bodies and answers on their way may fill an eighth

    /** @param name of the server, with which its settings begin, such as {@code serve} */
    public static ClientLimits read(SettingsReader all, String name) {
        SettingsReader reader = all.named(name);
        return new ClientLimits(
                reader.integer(
                        "<server>.max-connections = 2048 in [1, 1000000]: maximum number of open connections; a further one "
                                + "displaces the one that has waited longest for its client"),
                reader.integer(
                        "<server>.max-body-bytes = 1048576 in [1024, 1073741824]: maximum bytes of the body of a request"),
                heldBytes(),
                REQUEST_TIMEOUT,
                MIN_BYTES_PER_SECOND);
    }

    /** Limits of a server that answers only small requests without a body. */
    static ClientLimits ofHealth(int maxConnections) {
        return new ClientLimits(maxConnections, 0, heldBytes(), REQUEST_TIMEOUT, MIN_BYTES_PER_SECOND);
    }

    private static long heldBytes() {
        return Runtime.getRuntime().maxMemory() / HEAP_SHARE;
    }
}
