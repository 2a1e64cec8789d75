package dev.millrace.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.millrace.topic.FreePort;
import java.io.File;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The clients in Python and TypeScript, as they are packed: their own tests against servers, and the example. Without {@code python3} and {@code npm} it is
 * skipped, or fails where CI is set.
 */
@Tag("slow")
class ClientsIT {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final int USERS = 100;
    private static final int TASTES = 4;
    private static final int ITEMS_OF_A_TASTE = 10;
    private static final int CLICKS_OF_THE_LOG = 2_000;
    private static final int CLICKS_OF_A_TEST = 40;

    private final Path directory;
    private final Path sources;

    ClientsIT(@TempDir Path directory) throws Exception {
        this.directory = directory;
        this.sources = Files.createDirectories(directory.resolve("sources/src"));
        assumeThat((isInstalled("python3") && isInstalled("npm")) || System.getenv("CI") != null)
                .isTrue();
        run(
                Path.of(""),
                Map.of(),
                "cp",
                "-r",
                "schemas",
                directory.resolve("sources").toString());
        run(Path.of(""), Map.of(), "cp", "-r", "src/client", sources.toString());
    }

    @Test
    void eachEventCountsOnceHoweverOftenItIsSent() throws Exception {
        String trainerPort = Integer.toString(FreePort.find());
        try (ProgramCluster cluster = new ProgramCluster(directory)) {
            cluster.run("topics", "create");
            cluster.start(List.of("train.http.port=" + trainerPort, "batch.size=32"), "train");
            MillraceProcess serve = cluster.start(List.of("serve.port=0"), "serve");
            MillraceProcess ingest = cluster.start(List.of("ingest.port=0"), "ingest");
            String recall = serve.awaitOutput("recall API (\\S+)");
            HttpProbe events = new HttpProbe(ingest.awaitOutput("events (http://\\S+)/v1/events"));
            await("ingest").atMost(PATIENCE).until(events::isReady);
            try (LossyDoor door = new LossyDoor(events)) {
                Map<String, String> servers = Map.of("MILLRACE_RECALL", recall, "MILLRACE_INGEST", door.url());

                List<Double> recalls = recallOverTime(servers);
                testPython(servers);
                testTypeScript(servers);

                // of the items of all tastes alike, ten are a quarter; who knows the taste finds all
                assertThat(recalls).hasSize(7);
                assertThat(recalls.get(6)).isGreaterThan(0.5).isGreaterThan(recalls.get(0));
                HttpProbe trainer = new HttpProbe("http://127.0.0.1:" + trainerPort);
                long sent = CLICKS_OF_THE_LOG + 2 * CLICKS_OF_A_TEST;
                await("books").atMost(PATIENCE).untilAsserted(() -> {
                    String metrics = trainer.text("/metrics");
                    assertThat(clicks("duplicate", metrics)).isEqualTo(sent);
                    assertThat(clicks("[^\"]+", metrics)).isEqualTo(2 * sent);
                });
            }
        }
    }

    /** Runs the example on a log of users who click items of their taste. Returns the recall of each window. */
    private List<Double> recallOverTime(Map<String, String> servers) throws Exception {
        long begin = System.currentTimeMillis() - Duration.ofHours(1).toMillis();
        Random random = new Random(1);
        StringBuilder log = new StringBuilder("user,item,time\n");
        for (int at = 0; at < CLICKS_OF_THE_LOG; at++) {
            int user = random.nextInt(USERS);
            int item = (user % TASTES) * ITEMS_OF_A_TASTE + random.nextInt(ITEMS_OF_A_TASTE);
            log.append("u%d,i%d,%d\n".formatted(user, item, begin + at * 1_000L));
        }
        Path file = Files.writeString(directory.resolve("log.csv"), log);
        String said = run(
                sources.resolve("client/python/examples"),
                Map.of("PYTHONPATH", wheel()),
                "python3",
                "recall_over_time.py",
                file.toString(),
                "--window=250",
                "--recall=" + servers.get("MILLRACE_RECALL"),
                "--ingest=" + servers.get("MILLRACE_INGEST"));
        List<Double> recalls = new ArrayList<>();
        Matcher line = Pattern.compile("Recall@10 (\\S+)").matcher(said);
        while (line.find()) {
            recalls.add(Double.valueOf(line.group(1)));
        }
        return recalls;
    }

    private void testPython(Map<String, String> servers) throws Exception {
        Map<String, String> environment = new HashMap<>(servers);
        environment.put("PYTHONPATH", wheel());
        run(sources.resolve("client/python/tests"), environment, "python3", "-m", "unittest", "test_millrace");
    }

    /** The wheel, which Python imports from as it is. */
    private String wheel() throws Exception {
        Path wheels = directory.resolve("wheels");
        if (Files.notExists(wheels)) {
            Path python = sources.resolve("client/python");
            run(python, Map.of(), "python3", "-m", "pip", "wheel", "--no-deps", "--wheel-dir", wheels.toString(), ".");
        }
        try (Stream<Path> made = Files.list(wheels)) {
            return made.findFirst().orElseThrow().toString();
        }
    }

    private void testTypeScript(Map<String, String> servers) throws Exception {
        Path client = sources.resolve("client/typescript");
        run(client, Map.of(), "npm", "ci", "--no-audit", "--no-fund");
        run(client, Map.of(), "npm", "run", "build");
        run(client, servers, "npm", "test");
    }

    private static long clicks(String outcome, String metrics) {
        Pattern counter =
                Pattern.compile("(?m)^millrace_events_total\\{outcome=\"" + outcome + "\",topic=\"clicks\"} (\\S+)$");
        return counter.matcher(metrics)
                .results()
                .mapToLong(line -> Math.round(Double.parseDouble(line.group(1))))
                .sum();
    }

    private static boolean isInstalled(String program) {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator, -1))
                .anyMatch(folder -> Files.isExecutable(Path.of(folder, program)));
    }

    /** Runs a program, which must succeed. Returns what it prints. */
    private String run(Path in, Map<String, String> environment, String... command) throws Exception {
        Path said = Files.createTempFile(directory, command[0], ".log");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(in.toAbsolutePath().toFile())
                .redirectErrorStream(true)
                .redirectOutput(said.toFile());
        builder.environment().putAll(environment);
        int status = builder.start().waitFor();
        String text = Files.readString(said);
        assertThat(status).as(String.join(" ", command) + "\n" + text).isZero();
        return text;
    }

    /** Hands requests on to a server, and loses the first answer to each. */
    private static final class LossyDoor implements AutoCloseable {

        private final HttpProbe behind;
        private final Set<String> seen = ConcurrentHashMap.newKeySet();
        private final HttpServer server;

        LossyDoor(HttpProbe behind) throws IOException {
            this.behind = behind;
            this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.createContext("/", this::handOn);
            server.start();
        }

        String url() {
            return "http://127.0.0.1:" + server.getAddress().getPort();
        }

        private void handOn(HttpExchange exchange) throws IOException {
            String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            HttpResponse<String> answer;
            try {
                answer = behind.post(exchange.getRequestURI().toString(), body);
            } catch (InterruptedException interrupted) {
                throw new InterruptedIOException();
            }
            if (!seen.add(body)) {
                byte[] text = answer.body().getBytes(StandardCharsets.UTF_8);
                answer.headers().firstValue("Content-Type").ifPresent(type -> exchange.getResponseHeaders()
                        .add("Content-Type", type));
                exchange.sendResponseHeaders(answer.statusCode(), text.length);
                exchange.getResponseBody().write(text);
            }
            exchange.close();
        }

        @Override
        public void close() {
            server.stop(0);
        }
    }
}
