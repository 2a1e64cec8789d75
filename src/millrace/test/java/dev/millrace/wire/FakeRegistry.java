package dev.millrace.wire;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.millrace.stream.Streams;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;

/** A schema registry that answers as it is told, and registers what is posted under the next id. It remembers what was asked. */
final class FakeRegistry {

    record Answer(int status, String body) {
        static final Answer WITHOUT_END = new Answer(200, "without end");
    }

    final Map<String, Answer> answers = new ConcurrentHashMap<>(Map.of("/subjects", new Answer(200, "[]")));
    final Map<String, Answer> answersOnce = new ConcurrentHashMap<>();
    final List<String> asked = new CopyOnWriteArrayList<>();
    final List<String> authorizations = new CopyOnWriteArrayList<>();
    volatile Optional<Answer> all = Optional.empty();
    volatile Duration perQuestion = Duration.ZERO;
    private final AtomicLong clock;
    private final CountDownLatch end = new CountDownLatch(1);
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final ObjectMapper json = new ObjectMapper();
    private final HttpServer server;
    private int ids;

    /** @param clock nanoseconds; each question takes {@link #perQuestion} of it */
    FakeRegistry(AtomicLong clock) {
        this.clock = clock;
        try {
            server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        } catch (IOException failed) {
            throw new UncheckedIOException(failed);
        }
        server.createContext("/", this::answer);
        server.setExecutor(threads);
        server.start();
    }

    URI url() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    }

    /** Who asks this registry, by its clock. */
    AvroWire wire(WireSettings.Format format, String authorization) {
        return new AvroWire(
                new WireSettings(format, Optional.of(url()), authorization, Optional.empty(), Streams.limits()),
                clock::get);
    }

    ObjectNode schema(String text) {
        return json.createObjectNode().put("schema", text);
    }

    /** Returns the id of the schema; the first is 1. */
    synchronized int add(JsonNode schema) {
        answers.put("/schemas/ids/" + ++ids, new Answer(200, schema.toString()));
        return ids;
    }

    void stop() {
        end.countDown();
        server.stop(0);
        threads.shutdown();
    }

    private void answer(HttpExchange exchange) throws IOException {
        String path = exchange.getRequestURI().getPath();
        asked.add(exchange.getRequestURI().toString());
        authorizations.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
        clock.addAndGet(perQuestion.toNanos());
        Answer answer = all.orElse(null);
        if (answer == null && exchange.getRequestMethod().equals("POST")) {
            answer = new Answer(200, "{\"id\": " + add(json.readTree(exchange.getRequestBody())) + "}");
        } else if (answer == null) {
            answer = Optional.ofNullable(answersOnce.remove(path))
                    .orElseGet(() -> answers.getOrDefault(path, new Answer(404, "{}")));
        }
        byte[] bytes = answer.body().getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(
                answer.status(), answer.equals(Answer.WITHOUT_END) ? 0 : bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        if (answer.equals(Answer.WITHOUT_END)) {
            exchange.getResponseBody().flush();
            try {
                end.await();
            } catch (InterruptedException interrupted) {
                Thread.currentThread().interrupt();
            }
        }
        exchange.close();
    }
}
