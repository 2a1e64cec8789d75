package dev.millrace.cli;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** A Chromium without a window, driven by the DevTools protocol over its WebSocket. */
final class Chromium implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final List<String> NAMES = List.of("chromium", "chromium-browser", "google-chrome");

    private final ObjectMapper mapper = new ObjectMapper();
    private final HttpClient http = HttpClient.newHttpClient();
    private final Map<Integer, CompletableFuture<JsonNode>> calls = new ConcurrentHashMap<>();
    private final List<String> complaints = new CopyOnWriteArrayList<>();
    private final AtomicInteger lastCall = new AtomicInteger();
    private final Process process;
    private final WebSocket socket;

    private Chromium(Process process, Path profile) throws IOException, InterruptedException {
        this.process = process;
        Path port = profile.resolve("DevToolsActivePort");
        await("Chromium listens").atMost(PATIENCE).until(() -> Files.exists(port) && Files.size(port) > 0);
        URI targets = URI.create("http://127.0.0.1:" + Files.readAllLines(port).get(0) + "/json");
        JsonNode page = await("a page")
                .atMost(PATIENCE)
                .until(() -> page(targets), Optional::isPresent)
                .orElseThrow();
        socket = http.newWebSocketBuilder()
                .buildAsync(URI.create(page.path("webSocketDebuggerUrl").asText()), new Messages())
                .join();
        for (String domain : List.of("Page", "Runtime", "Log")) {
            call(domain + ".enable", Map.of());
        }
    }

    private Optional<JsonNode> page(URI targets) throws IOException, InterruptedException {
        String all = http.send(HttpRequest.newBuilder(targets).build(), HttpResponse.BodyHandlers.ofString())
                .body();
        return mapper.readTree(all).findParents("webSocketDebuggerUrl").stream()
                .filter(target -> target.path("type").asText().equals("page"))
                .findFirst();
    }

    /** The browser of this machine; absent if it has none. */
    static Optional<Path> installed() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
                .flatMap(folder -> NAMES.stream().map(name -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** @param profile an empty folder */
    static Chromium start(Path browser, Path profile) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(
                        browser.toString(),
                        "--headless=new",
                        "--no-sandbox", // which root has none of
                        "--disable-gpu",
                        "--remote-debugging-port=0",
                        "--user-data-dir=" + profile,
                        "about:blank")
                .redirectErrorStream(true)
                .redirectOutput(profile.resolve("browser.log").toFile())
                .start();
        return new Chromium(process, profile);
    }

    /** Sends a command of the protocol, and waits for its result. */
    JsonNode call(String method, Map<String, Object> parameters) throws IOException {
        int number = lastCall.incrementAndGet();
        CompletableFuture<JsonNode> answer = new CompletableFuture<>();
        calls.put(number, answer);
        Map<String, Object> command = Map.of("id", number, "method", method, "params", parameters);
        socket.sendText(mapper.writeValueAsString(command), true).join();
        JsonNode said = answer.orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS).join();
        if (said.has("error")) {
            throw new AssertionError(method + ": " + said.path("error"));
        }
        return said.path("result");
    }

    /** Opens an address in a window of this size. */
    void open(String url, int width, int height, boolean isDark) throws IOException {
        resize(width, height, isDark);
        evaluate("globalThis.isLeft = true"); // what is shown until the new page is there
        call("Page.navigate", Map.of("url", url));
        await(url)
                .atMost(PATIENCE)
                .ignoreExceptionsMatching(AssertionError.class::isInstance) // the old page goes while it is asked
                .until(() -> evaluate("!globalThis.isLeft && document.readyState === 'complete'")
                        .asBoolean());
    }

    void resize(int width, int height, boolean isDark) throws IOException {
        call("Emulation.setScrollbarsHidden", Map.of("hidden", true));
        call(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
        Map<String, String> scheme = Map.of("name", "prefers-color-scheme", "value", isDark ? "dark" : "light");
        call("Emulation.setEmulatedMedia", Map.of("features", List.of(scheme)));
    }

    /** The value of an expression in the page. */
    JsonNode evaluate(String expression) throws IOException {
        JsonNode result =
                call("Runtime.evaluate", Map.of("expression", expression, "awaitPromise", true, "returnByValue", true));
        if (result.has("exceptionDetails")) {
            throw new AssertionError(expression + ": " + result.path("exceptionDetails"));
        }
        return result.path("result").path("value");
    }

    void awaitTrue(String expression) {
        await(expression).atMost(PATIENCE).until(() -> evaluate("Boolean(" + expression + ")")
                .asBoolean());
    }

    /** Presses a key, and lets it go. */
    void press(String key, String text, int code) throws IOException {
        call(
                "Input.dispatchKeyEvent",
                Map.of("type", "keyDown", "key", key, "text", text, "windowsVirtualKeyCode", code));
        call("Input.dispatchKeyEvent", Map.of("type", "keyUp", "key", key, "windowsVirtualKeyCode", code));
    }

    /** Enters a text where the focus is. */
    void type(String text) throws IOException {
        call("Input.insertText", Map.of("text", text));
    }

    /** What the window shows, as a PNG. */
    byte[] screenshot() throws IOException {
        return Base64.getDecoder()
                .decode(call("Page.captureScreenshot", Map.of("format", "png"))
                        .path("data")
                        .asText());
    }

    /** What the browser has complained of: exceptions, and whatever the page was not let do. */
    List<String> complaints() {
        return complaints;
    }

    @Override
    public void close() throws IOException, InterruptedException {
        call("Browser.close", Map.of());
        if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            process.destroyForcibly().waitFor();
        }
        socket.abort();
    }

    /** Puts messages together, and gives answers to who waits for them. */
    private final class Messages implements WebSocket.Listener {

        private final StringBuilder parts = new StringBuilder();

        @Override
        public CompletionStage<?> onText(WebSocket from, CharSequence part, boolean isLast) {
            parts.append(part);
            if (isLast) {
                take(parts.toString());
                parts.setLength(0);
            }
            from.request(1);
            return CompletableFuture.allOf();
        }

        private void take(String text) {
            try {
                JsonNode message = mapper.readTree(text);
                String method = message.path("method").asText();
                if (message.has("id")) {
                    Optional.ofNullable(calls.remove(message.path("id").asInt()))
                            .ifPresent(call -> call.complete(message));
                } else if (method.equals("Runtime.exceptionThrown") || method.equals("Log.entryAdded")) {
                    complaints.add(message.path("params").toString());
                }
            } catch (IOException malformed) {
                complaints.add(text);
            }
        }
    }
}
