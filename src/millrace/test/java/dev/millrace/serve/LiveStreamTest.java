package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.access.AccessSettings;
import dev.millrace.access.HostNames;
import io.javalin.Javalin;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server with room for two listeners. */
class LiveStreamTest {

    private static final int LARGE = 1 << 20;

    private final AtomicLong now = new AtomicLong();
    private final AtomicLong readings = new AtomicLong(); // of the clock
    private final List<String> told = new CopyOnWriteArrayList<>(); // answers
    private final HttpSetup setup = new HttpSetup(
            "127.0.0.1",
            0,
            AccessSettings.open("serve."),
            new ClientLimits(64, 10_000, 1 << 20, Duration.ofSeconds(1), 1_000),
            1,
            Duration.ofSeconds(5));
    private final LiveStream live = new LiveStream(setup.clients(), setup.connections(), () -> {
        readings.incrementAndGet();
        return now.get();
    });
    private final Javalin server = Javalin.create(config -> {
                setup.applyTo(config, path -> "GET");
                config.jetty.modifyServer(jetty -> jetty.insertHandler(live));
                setup.tell(config, (method, path, status, nanos) -> told.add(path + " " + status));
                config.routes.get(LiveStream.PATH, request -> request.status(503));
            })
            .start();
    private final List<Listener> open = new ArrayList<>();

    @AfterEach
    void stop() throws IOException {
        for (Listener each : open) {
            each.socket.close();
        }
        live.end();
        server.stop();
        setup.threads().close();
    }

    @Test
    void allListenersGetTheSameEvents() throws IOException {
        Listener one = listen();
        Listener other = listen();

        live.send(() -> Map.of("step", 7));

        assertThat(one.awaitLine("data: ")).isEqualTo("data: {\"step\":7}");
        assertThat(other.awaitLine("data: ")).isEqualTo("data: {\"step\":7}");
        live.end();
        assertThat(one.readsToItsEnd()).isTrue();
        assertThat(told).containsExactly("/v1/live 200", "/v1/live 200"); // once each, when they began
    }

    @Test
    void theLatestEventFollowsOneThatIsOnItsWay() throws IOException {
        Listener one = listen();

        live.send(() -> Map.of("text", "x".repeat(LARGE))); // on its way until it is read
        live.send(() -> Map.of("step", 7));
        live.send(() -> Map.of("step", 8));

        assertThat(one.awaitLine("data: ")).hasSizeGreaterThan(LARGE);
        assertThat(one.awaitLine("data: ")).isEqualTo("data: {\"step\":8}");
        live.end();
        assertThat(one.readsToItsEnd()).isTrue();
    }

    @Test
    void stateIsNotAskedForWhileNobodyListens() {
        AtomicLong asked = new AtomicLong();

        live.send(() -> Map.of("asked", asked.incrementAndGet()));

        assertThat(asked).hasValue(0);
    }

    @Test
    void listenerBeyondTheLimitIsRefusedUntilAnotherHasGone() throws IOException {
        Listener one = listen();
        listen();

        assertThat(request().status()).contains("503");
        one.socket.close();
        await().atMost(Duration.ofSeconds(20)).until(() -> {
            live.send(() -> Map.of("step", 7)); // by which the server sees who has gone
            return request().status().contains("200");
        });
    }

    @Test
    void theOldestOfTheClientThatHasMostGivesWayToAnother() throws IOException {
        Listener first = listen();
        Listener second = listen();

        assertThat(requestFrom("127.0.0.2").status()).contains("200");

        assertThat(first.readsToItsEnd()).isTrue();
        assertThat(request().status()).as("of the client that gave way").contains("503");
        assertThat(requestFrom("127.0.0.3").status()).as("each has one").contains("503");
        live.send(() -> Map.of("step", 7));
        assertThat(second.awaitLine("data: ")).isEqualTo("data: {\"step\":7}");
    }

    @Test
    void aStreamThatGivesWayAndTakesNothingIsClosed() throws IOException {
        Listener slow = listen();
        listen();
        live.send(() -> Map.of("text", "x".repeat(LARGE))); // on its way until it is read

        assertThat(requestFrom("127.0.0.2").status()).contains("200");

        await().atMost(Duration.ofSeconds(20)).until(() -> setup.connections().count() == 2);
        assertThat(slow.readsToItsEnd()).isFalse();
    }

    @Test
    void aStreamEndsWhenItsTokenIsRevoked(@TempDir Path folder) throws IOException {
        Path file = RecallScene.tokens(folder.resolve("tokens"), "read one", "read other");
        AccessSettings access =
                new AccessSettings("serve.", Optional.of(file), Optional.empty(), HostNames.none("serve.hosts"));
        HttpSetup guarding = new HttpSetup("127.0.0.1", 0, access, setup.clients(), 1, Duration.ofSeconds(5));
        LiveStream stream = new LiveStream(setup.clients(), guarding.connections(), now::get);
        Javalin guarded = Javalin.create(config -> {
                    guarding.applyTo(config, path -> "GET");
                    config.jetty.modifyServer(jetty -> jetty.insertHandler(stream));
                    guarding.guard(config);
                })
                .start();
        Listener one = request(guarded.port(), "127.0.0.1", "Authorization: Bearer one\r\n");
        Listener other = request(guarded.port(), "127.0.0.1", "Authorization: Bearer other\r\n");

        RecallScene.tokens(file, "read other");
        await().atMost(Duration.ofSeconds(20))
                .until(() -> RawClient.ask(guarded.port(), "GET /nothing", "", "Authorization: Bearer one")
                                .status()
                        == 401);
        stream.send(() -> Map.of("step", 7));

        assertThat(one.awaitLine("data: ", "0")).isEqualTo("0");
        assertThat(other.awaitLine("data: ", "0")).isEqualTo("data: {\"step\":7}");
        one.socket.close();
        other.socket.close();
        stream.end();
        guarding.stop(guarded);
    }

    @Test
    void fewerThan32ConnectionsHaveRoomForNoListener() {
        ClientLimits few = new ClientLimits(31, 10_000, 1 << 20, Duration.ofSeconds(1), 1_000);

        assertThat(new LiveStream(few, setup.connections(), now::get).maxListeners())
                .isZero();
    }

    @Test
    void listenerThatTakesNothingIsClosedAndTheOthersGoOn() throws IOException {
        Listener slow = listen();
        Listener good = listen();
        Map<String, Object> large = Map.of("text", "x".repeat(LARGE));

        for (int second = 0; second < 15; second++) { // of the clock; the sockets take less than a megabyte
            live.send(() -> large);
            assertThat(good.awaitLine("data: ")).hasSizeGreaterThan(LARGE);
            now.addAndGet(Duration.ofSeconds(1).toNanos());
        }

        await().atMost(Duration.ofSeconds(20)).until(() -> setup.connections().count() == 1);
        assertThat(slow.readsToItsEnd()).isFalse();
    }

    /** A client with a head that said 200, to which nothing is on its way. */
    private Listener listen() throws IOException {
        long before = readings.get();
        Listener listener = request();
        assertThat(listener.status()).contains("200");
        listener.awaitLine("retry: ");
        await().until(() -> readings.get() == before + 2); // as it came, and as its head had gone
        return listener;
    }

    private Listener request() throws IOException {
        return requestFrom("127.0.0.1");
    }

    private Listener requestFrom(String address) throws IOException {
        return request(server.port(), address, "");
    }

    private Listener request(int port, String address, String headers) throws IOException {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(4 << 10);
        socket.bind(new InetSocketAddress(address, 0));
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        socket.setSoTimeout(20_000);
        String request = "GET /v1/live HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
        socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
        Listener listener = new Listener(socket, lines, lines.readLine());
        open.add(listener);
        return listener;
    }

    /** Lines of an answer, those between its chunks too. */
    private record Listener(Socket socket, BufferedReader lines, String status) {

        String awaitLine(String... beginnings) throws IOException {
            String line = lines.readLine();
            while (line != null && Stream.of(beginnings).noneMatch(line::startsWith)) {
                line = lines.readLine();
            }
            return String.valueOf(line);
        }

        /** Whether the answer has an end, as no chunk follows. */
        boolean readsToItsEnd() throws IOException {
            try {
                return awaitLine("0").equals("0");
            } catch (SocketException reset) {
                return false;
            }
        }
    }
}
