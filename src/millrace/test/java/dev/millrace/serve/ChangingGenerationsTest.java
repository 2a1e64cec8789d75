package dev.millrace.serve;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.serve.ChangingGenerations.Moment;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** While generations come, change, answer and go, whatever is asked gets an answer of one of them, or a problem. */
@Tag("slow")
class ChangingGenerationsTest {

    private static final int CLIENTS = 4;
    private static final int REQUESTS = Integer.getInteger("serve.requests", 8_000);
    private static final long SEED = 20;

    private final ChangingGenerations generations = new ChangingGenerations(SEED);
    private final RecallScene scene;
    private final AtomicInteger compared = new AtomicInteger(); // with an exact search

    ChangingGenerationsTest(@TempDir Path directory) throws IOException {
        scene = new RecallScene(directory, generations.feed());
    }

    @AfterEach
    void stop() {
        scene.close();
    }

    @Test
    void everyAnswerIsOfOneGenerationOrAProblem() throws Exception {
        generations.begin(scene.state());
        AtomicBoolean isOver = new AtomicBoolean();
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS + 1);
        try (LoggedWarnings logged = new LoggedWarnings()) {
            Future<?> changes = threads.submit(() -> {
                while (!isOver.get()) {
                    generations.change(scene.state());
                    LockSupport.parkNanos(50_000);
                }
            });
            List<Future<?>> clients = new ArrayList<>();
            for (int client = 0; client < CLIENTS; client++) {
                Random own = new Random(SEED + client);
                clients.add(threads.submit(() -> ask(own)));
            }
            for (Future<?> client : clients) {
                client.get();
            }
            isOver.set(true);
            changes.get();

            assertThat(logged.lines()).isEmpty();
            assertThat(compared.get()).isGreaterThan(REQUESTS / 20);
        } finally {
            isOver.set(true);
            threads.shutdownNow();
        }
    }

    private boolean ask(Random random) throws IOException {
        try (RawClient client = new RawClient(scene.port())) {
            for (int at = 0; at < REQUESTS / CLIENTS; at++) {
                if (random.nextInt(8) == 0) {
                    String item = "i" + random.nextInt(ChangingGenerations.ITEMS + 3);
                    String target = random.nextBoolean() ? "/v1/similar?item=" + item : "/v1/items/" + item;
                    assertThat(ask(client, target).status()).as(target).isIn(200, 404, 503);
                } else {
                    ask(client, random, generations.now());
                }
            }
        }
        return true;
    }

    private void ask(RawClient client, Random random, Moment before) throws IOException {
        RandomQuestion question = RandomQuestion.of(random, before);
        RawClient.Answer answer = ask(client, question.query());
        if (answer.status() == 200) {
            compared.addAndGet(question.check(answer.json(), before, generations) ? 1 : 0);
        } else {
            assertThat(question.isPlain()).as(question + ": " + answer).isFalse();
            assertThat(answer.status()).as(question + ": " + answer).isIn(400, 404, 503);
        }
    }

    private RawClient.Answer ask(RawClient client, String target) throws IOException {
        RawClient.Answer answer =
                client.send(RawClient.request("GET " + target, "")).answer().orElseThrow();
        if (answer.status() == 200) {
            assertThat(answer.header("Millrace-Generation")).isEqualTo(answer.text("/generation"));
            assertThat(answer.header("Millrace-Step")).isEqualTo(answer.text("/step"));
        } else {
            assertThat(answer.isProblem()).as(answer.toString()).isTrue();
        }
        return answer;
    }
}
