package dev.millrace.faults;

import dev.millrace.topic.FreePort;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A network between clients and a broker that can be slow, lose connections and fall silent, as a test wants it.
 *
 * <p>Bytes that are held back in a silence are delivered after it, in order, as TCP does over a cut that heals; a connection
 * that either side gave up meanwhile is gone. What is drawn at random is drawn from a seed, though in the order in which
 * connections happen to speak. Safe for threads.
 */
final class FlakyProxy implements AutoCloseable {

    /** Where bytes go. */
    enum Direction {
        TO_BROKER,
        TO_CLIENT
    }

    /** What is underway at once in a direction of a connection; it shares the delay. */
    private static final int CHUNK_BYTES = 64 << 10;

    /** How long a connection that is held back waits before it looks again. */
    private static final long LOOK_MILLIS = 10;

    private final ServerSocket server = new ServerSocket();
    private final int brokerPort;
    private final Random random;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final Set<Direction> silent = ConcurrentHashMap.newKeySet();
    private final Map<Direction, AtomicLong> freeAtNanos = Map.of(
            Direction.TO_BROKER, new AtomicLong(System.nanoTime()),
            Direction.TO_CLIENT, new AtomicLong(System.nanoTime()));
    private final AtomicLong resets = new AtomicLong();
    private final AtomicLong bytes = new AtomicLong();
    private volatile long delayNanos;
    private volatile long bytesPerSecond = Long.MAX_VALUE;
    private volatile double resetProbability;
    private volatile boolean closed;

    /** A network that does nothing yet, to a broker that will listen at a port of its own. */
    FlakyProxy(Random random) throws IOException {
        this.random = random;
        server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        brokerPort = FreePort.find();
        start("accept", this::accept);
    }

    /** Where clients connect, host:port; what the broker must say it is. */
    String address() {
        return "127.0.0.1:" + server.getLocalPort();
    }

    /** Where the broker must listen. */
    int brokerPort() {
        return brokerPort;
    }

    /** Delivers each byte so much later, in either direction. */
    void delay(long millis) {
        delayNanos = TimeUnit.MILLISECONDS.toNanos(millis);
    }

    /** Lets so many bytes a second through in each direction, over all connections. */
    void limit(long bytesPerSecond) {
        this.bytesPerSecond = bytesPerSecond;
    }

    /** Resets a connection, with this probability, whenever it delivers. */
    void reset(double probability) {
        resetProbability = probability;
    }

    /** Holds everything back that goes in a direction, new connections' too. */
    void silence(Direction... directions) {
        silent.addAll(Set.of(directions));
    }

    /** Ends the silence. */
    void speak() {
        silent.clear();
    }

    /** Connections reset so far. */
    long resets() {
        return resets.get();
    }

    /** Bytes delivered so far, in both directions. */
    long bytes() {
        return bytes.get();
    }

    @Override
    public void close() throws IOException {
        closed = true;
        server.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    private void accept() {
        while (!closed) {
            try {
                Socket client = server.accept();
                sockets.add(client);
                Socket broker = new Socket();
                sockets.add(broker);
                try {
                    broker.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), brokerPort));
                } catch (IOException away) {
                    end(client, broker);
                    continue;
                }
                forward(client, broker, Direction.TO_BROKER);
                forward(broker, client, Direction.TO_CLIENT);
            } catch (IOException ended) {
                // closed, or a client that was gone before it was taken
            }
        }
    }

    private void forward(Socket from, Socket to, Direction direction) {
        start("forward " + direction, () -> {
            byte[] buffer = new byte[CHUNK_BYTES];
            try {
                InputStream in = from.getInputStream();
                OutputStream out = to.getOutputStream();
                for (int length = in.read(buffer); length >= 0; length = in.read(buffer)) {
                    awaitNanos(Math.max(System.nanoTime() + delayNanos, turn(direction, length)));
                    while (silent.contains(direction) && !closed) {
                        TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
                    }
                    if (isReset()) {
                        // closing then sends RST, instead of a proper end
                        from.setSoLinger(true, 0);
                        to.setSoLinger(true, 0);
                        resets.incrementAndGet();
                        break;
                    }
                    out.write(buffer, 0, length);
                    bytes.addAndGet(length);
                }
            } catch (IOException gone) {
                // ended by either side
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            } finally {
                end(from, to);
            }
        });
    }

    /** When so many bytes have gone through, after those before them. */
    private long turn(Direction direction, int length) {
        long rate = bytesPerSecond;
        long takes = rate == Long.MAX_VALUE ? 0 : TimeUnit.SECONDS.toNanos(length) / rate;
        long now = System.nanoTime();
        return Objects.requireNonNull(freeAtNanos.get(direction)).updateAndGet(free -> Math.max(free, now) + takes);
    }

    private boolean isReset() {
        if (resetProbability == 0) {
            return false;
        }
        synchronized (random) {
            return random.nextDouble() < resetProbability;
        }
    }

    private void end(Socket... both) {
        for (Socket socket : both) {
            sockets.remove(socket);
            try {
                socket.close();
            } catch (IOException alreadyOfNoUse) {
                // it is closed
            }
        }
    }

    private static void awaitNanos(long due) throws InterruptedException {
        long left = due - System.nanoTime();
        if (left > 0) {
            TimeUnit.NANOSECONDS.sleep(left);
        }
    }

    private static void start(String name, Runnable work) {
        Thread thread = new Thread(work, "proxy " + name);
        thread.setDaemon(true);
        thread.start();
    }
}
