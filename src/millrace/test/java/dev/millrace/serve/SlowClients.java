package dev.millrace.serve;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;

/** Clients that never finish: one thread that gives, or takes, one byte of each every second. Those that are closed come back. */
final class SlowClients implements AutoCloseable {

    private static final long TICK_MILLIS = 1_000;
    private static final int WINDOW_BYTES = 4 << 10;
    private static final String HEAD = " HTTP/1.1\r\nHost: localhost\r\n";

    /** What a client is slow at. */
    private enum Kind {
        HEADERS("GET /v1/recall?user=u1" + HEAD, true),
        LENGTH_BODY("POST /v1/recall" + HEAD + "Content-Length: 1000\r\n\r\n", true),
        CHUNKED_BODY("POST /v1/recall" + HEAD + "Transfer-Encoding: chunked\r\n\r\n3e8\r\n", true),
        HEALTH_BODY("GET /livez" + HEAD + "Content-Length: 1000\r\n\r\n", true),
        /** Asks for much at once, and takes little of it. */
        ANSWERS(("GET /v1/recall?user=u1&k=1000" + HEAD + "\r\n").repeat(100), false);

        private final String beginning;
        private final boolean isSending;

        Kind(String beginning, boolean isSending) {
            this.beginning = beginning;
            this.isSending = isSending;
        }
    }

    /** One client; without a channel until it comes back. */
    private static final class Client {
        private final Kind kind;
        private Optional<SocketChannel> channel = Optional.empty();

        Client(Kind kind) {
            this.kind = kind;
        }
    }

    private final int port;
    private final List<Client> clients = new ArrayList<>();
    private final Thread thread = new Thread(this::run, "slow-clients");
    private volatile boolean isOpen = true;

    /** @param count of the clients, of all kinds */
    SlowClients(int port, int count) {
        this.port = port;
        for (int at = 0; at < count; at++) {
            clients.add(new Client(Kind.values()[at % Kind.values().length]));
        }
        clients.forEach(this::come);
        thread.start();
    }

    private void run() {
        while (isOpen) {
            long began = System.nanoTime();
            for (Client client : clients) {
                if (!isConnected(client)) {
                    come(client);
                }
            }
            long left = TICK_MILLIS - (System.nanoTime() - began) / 1_000_000;
            if (left > 0) {
                LockSupport.parkNanos(left * 1_000_000);
            }
        }
    }

    private static boolean isConnected(Client client) {
        try {
            SocketChannel channel = client.channel.orElseThrow(IOException::new);
            ByteBuffer one = ByteBuffer.wrap(new byte[] {'a'});
            if (client.kind.isSending) {
                channel.write(one);
                return channel.read(ByteBuffer.allocate(1_000)) >= 0;
            }
            return channel.read(one) >= 0;
        } catch (IOException closed) {
            return false;
        }
    }

    private void come(Client client) {
        try {
            if (client.channel.isPresent()) {
                client.channel.get().close();
            }
            SocketChannel channel = SocketChannel.open();
            client.channel = Optional.of(channel);
            if (!client.kind.isSending) {
                channel.setOption(StandardSocketOptions.SO_RCVBUF, WINDOW_BYTES);
            }
            channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            channel.write(ByteBuffer.wrap(client.kind.beginning.getBytes(StandardCharsets.US_ASCII)));
            channel.configureBlocking(false);
        } catch (IOException closed) {
            client.channel = Optional.empty();
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        isOpen = false;
        thread.join();
        for (Client client : clients) {
            if (client.channel.isPresent()) {
                client.channel.get().close();
            }
        }
    }
}
