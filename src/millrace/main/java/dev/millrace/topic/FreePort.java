package dev.millrace.topic;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.SplittableRandom;

/**
 * A port of the loopback address that nobody listens on, for who will do so later.
 *
 * <p>It is none of those that a system gives to whoever asks for any: until somebody listens on it, it would be given away.
 */
public final class FreePort {

    private static final int FIRST = 20_000;
    private static final int BEHIND = 32_000; // Linux gives 32,768 and more, other systems 49,152 and more
    private static final int MOST_TRIES = 100;

    private FreePort() {}

    /** Finds a port. */
    public static int find() {
        return new SplittableRandom()
                .ints(MOST_TRIES, FIRST, BEHIND)
                .filter(FreePort::isFree)
                .findFirst()
                .orElseThrow(() -> new UncheckedIOException(
                        new IOException("of " + MOST_TRIES + " ports from " + FIRST + " on, none is free")));
    }

    /** Returns a port if it is free, else any other. */
    static int find(int preferred) {
        return isFree(preferred) ? preferred : find();
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
            return socket.isBound();
        } catch (IOException taken) {
            return false;
        }
    }
}
