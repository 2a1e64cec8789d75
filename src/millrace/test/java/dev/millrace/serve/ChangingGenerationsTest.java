package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.millrace.serve.ChangingGenerations.Moment;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** While generations come, change, answer and go, whatever is asked gets an answer of one of them, or a problem. */
@Tag("slow")
class ChangingGenerationsTest {

    private static final int CLIENTS = 4;
    private static final int REQUESTS = Integer.getInteger("serve.requests", 8_000);
    private static final long SEED = 20;
    private static final List<String> ILLEGAL = List.of(
            "/v1/recall?user=u1&k=0",
            "/v1/recall?user=u1&w.nothing=1",
            "/v1/recall?user=u1&w.click=NaN",
            "/v1/recall?user=u1&w.popularity=1e400",
            "/v1/recall?user=u1&w.popularity=1&w.popularity=1",
            "/v1/recall?user=u1&filter.nothing=1",
            "/v1/recall?user=u1&filter.category=",
            "/v1/recall?user=u1&generation=",
            "/v1/recall?user=u1&generation=never",
            "/v1/recall?user=u1&generation=g0&generation=g1",
            "/v1/recall?user=%0d%0aMillrace-Step:%201",
            "/v1/recall",
            "/v1/similar?item=never",
            "/v1/similar?item=i1&generation=g0",
            "/v1/items/never");
    private static final List<String> ILLEGAL_BODIES = List.of(
            "",
            "{",
            "{\"user\": \"u1\", \"k\": -1}",
            "{\"user\": \"u1\", \"weights\": {\"popularity\": 1e999}}",
            "{\"user\": \"u1\", \"weights\": {\"popularity\": NaN}}",
            "{\"user\": \"u1\", \"features\": {\"a\": [[[]]]}}",
            "{\"user\": \"u1\", \"features\": {\"a\": 1e31}}",
            "{\"user\": \"u1\", \"history\": [\"\\u0000\"]}",
            "{\"user\": \"u1\", \"generation\": \"never\"}",
            "{\"user\": \"u1\", \"generation\": 7}",
            "{\"requests\": [{}, {}, {}, {}]}");

    private final ChangingGenerations generations = new ChangingGenerations(SEED);
    private final RecallScene scene;
    private final ObjectMapper mapper = new ObjectMapper();
    private final Map<String, LongAdder> counts = new ConcurrentSkipListMap<>();
    private LoggedWarnings logged;
    private volatile boolean hasFailed; // then the others stop

    ChangingGenerationsTest(@TempDir Path directory) throws IOException {
        scene = new RecallScene(directory, generations);
    }

    @BeforeEach
    void start() {
        generations.begin(scene.state());
        logged = new LoggedWarnings();
    }

    @AfterEach
    void stop() {
        scene.close();
        logged.close();
    }

    @Test
    void everyAnswerIsOfOneGenerationOrAProblem() throws Exception {
        AtomicBoolean isOver = new AtomicBoolean();
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS + 1);
        Future<?> changes = threads.submit(() -> change(isOver));
        List<Future<?>> clients = new ArrayList<>();
        for (int client = 0; client < CLIENTS; client++) {
            Random own = new Random(SEED + client);
            clients.add(threads.submit(() -> {
                boolean isDone = false;
                try {
                    ask(own, REQUESTS / CLIENTS);
                    isDone = true;
                } finally {
                    hasFailed |= !isDone;
                }
                return true;
            }));
        }
        try {
            for (Future<?> client : clients) {
                client.get();
            }
        } finally {
            isOver.set(true);
            threads.shutdown();
        }
        changes.get();

        System.out.println("changing generations: " + counts + ", " + generations.promotions() + " promotions");
        assertThat(logged.lines()).isEmpty();
        assertThat(count("answer checked against exact search").sum()).isGreaterThan(REQUESTS / 20);
    }

    private void change(AtomicBoolean isOver) {
        while (!isOver.get()) {
            generations.change(scene.state());
            count("change").increment();
            LockSupport.parkNanos(50_000);
        }
    }

    private void ask(Random random, int requests) throws IOException {
        RawClient client = new RawClient(scene.port());
        try {
            for (int at = 0; at < requests && !hasFailed; at++) {
                if (!asked(client, random)) {
                    client.close();
                    client = new RawClient(scene.port());
                }
            }
        } finally {
            client.close();
        }
    }

    /** Sends one request and checks its answer. Returns whether the connection is open still. */
    private boolean asked(RawClient client, Random random) throws IOException {
        Moment before = generations.now();
        int kind = random.nextInt(10);
        RandomQuestion question = RandomQuestion.of(random, before);
        if (kind < 4) {
            RawClient.Answer answer = answer(client, get(question.query()));
            check(question, answer.status(), mapper.readTree(answer.body()), before);
            checkHeaders(answer);
            return isKept(answer);
        }
        if (kind < 6) {
            RawClient.Answer answer = answer(client, post(question.body()));
            check(question, answer.status(), mapper.readTree(answer.body()), before);
            checkHeaders(answer);
            return isKept(answer);
        }
        if (kind < 7) {
            RandomQuestion other = RandomQuestion.of(random, before);
            RawClient.Answer answer =
                    answer(client, post("{\"requests\": [" + question.body() + ", " + other.body() + "]}"));
            JsonNode answers = mapper.readTree(answer.body()).path("answers");
            if (answer.status() == 200) {
                check(question, answers.path(0).path("status").asInt(200), answers.path(0), before);
                check(other, answers.path(1).path("status").asInt(200), answers.path(1), before);
            } else {
                assertThat(answer.status()).as(answer.toString()).isEqualTo(503);
            }
            return isKept(answer);
        }
        if (kind < 8) {
            boolean isBody = random.nextBoolean();
            List<String> from = isBody ? ILLEGAL_BODIES : ILLEGAL;
            String request = from.get(random.nextInt(from.size()));
            RawClient.Answer answer = answer(client, isBody ? post(request) : get(request));
            assertThat(answer.status()).as(request + ": " + answer).isIn(400, 404, 503);
            return isKept(answer);
        }
        if (kind < 9) {
            String item = "i" + random.nextInt(ChangingGenerations.ITEMS + 3);
            RawClient.Answer answer =
                    answer(client, get(random.nextBoolean() ? "/v1/similar?item=" + item : "/v1/items/" + item));
            assertThat(answer.status()).as(answer.toString()).isIn(200, 404, 503);
            checkHeaders(answer);
            return isKept(answer);
        }
        return askedMutated(client, random, question);
    }

    /** Sends a question of which some bytes are others; whether it is a question still, nobody knows. */
    private boolean askedMutated(RawClient client, Random random, RandomQuestion question) throws IOException {
        boolean isBody = random.nextBoolean();
        StringBuilder text = new StringBuilder(isBody ? question.body() : question.query());
        for (int at = random.nextInt(4); at >= 0; at--) {
            char other = (char) random.nextInt(256);
            text.setCharAt(random.nextInt(text.length()), isBody || other > ' ' ? other : '%');
        }
        RawClient.Answer answer = answer(client, isBody ? post(text.toString()) : get(text.toString()));
        assertThat(answer.status()).as(text + ": " + answer).isIn(200, 400, 404, 405, 503);
        return isKept(answer);
    }

    private RawClient.Answer answer(RawClient client, String request) throws IOException {
        Optional<RawClient.Answer> answer = client.send(request).answer();
        assertThat(answer).as("an answer to " + request).isPresent();
        count("status " + answer.get().status()).increment();
        if (answer.get().status() >= 400) {
            assertThat(answer.get().isProblem()).as(answer.get().toString()).isTrue();
            assertThat(mapper.readTree(answer.get().body()).path("detail").asText())
                    .isNotBlank();
        }
        return answer.get();
    }

    private void check(RandomQuestion question, int status, JsonNode answer, Moment before) {
        if (status == 200) {
            if (question.check(answer, before, generations)) {
                count("answer checked against exact search").increment();
            }
            count("answer of one generation").increment();
        } else {
            assertThat(status)
                    .as(question + ": " + answer)
                    .isIn(question.isPlain() ? List.of(200) : List.of(400, 404, 503));
        }
    }

    private void checkHeaders(RawClient.Answer answer) throws IOException {
        if (answer.status() == 200) {
            JsonNode body = mapper.readTree(answer.body());
            assertThat(answer.head().lines().map(String::strip).collect(Collectors.toSet()))
                    .contains(
                            "Millrace-Generation: " + body.path("generation").asText(),
                            "Millrace-Step: " + body.path("step").asLong());
        }
    }

    private static boolean isKept(RawClient.Answer answer) {
        return !answer.head().toLowerCase(Locale.ROOT).contains("connection: close");
    }

    private static String get(String target) {
        return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    }

    private static String post(String body) {
        return "POST /v1/recall HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
    }

    private LongAdder count(String of) {
        return counts.computeIfAbsent(of, name -> new LongAdder());
    }
}
