package dev.millrace.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.faults.FlakyProxy.Direction;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Networks between trainer and broker that are cut, dead in one direction, slow, or lose connections. */
@Tag("fault")
@Tag("long")
class NetworkIT {

    private static final SeededStream STREAM = new SeededStream(1, 20_000);
    private static final SeededStream SHORT_STREAM = new SeededStream(1, 4_000);

    /** The brokers end a transaction in the meantime, or it goes on after the cut. */
    @ParameterizedTest(name = "transactions of up to {0}")
    @ValueSource(strings = {"10s", "30s", "60s"})
    void f11_aCutOf20SecondsLosesNothing(String timeout) throws Exception {
        String what = "network: cut for 20 s; transactions of up to " + timeout;
        silence("F11-" + timeout, what, timeout, 20, Direction.TO_BROKER, Direction.TO_CLIENT);
    }

    @Test
    void f11_requestsDroppedFor30SecondsLoseNothing() throws Exception {
        silence("F11-requests", "network: requests dropped for 30 s", "10s", 30, Direction.TO_BROKER);
    }

    @Test
    void f11_answersDroppedFor30SecondsLoseNothing() throws Exception {
        silence("F11-answers", "network: answers dropped for 30 s", "10s", 30, Direction.TO_CLIENT);
    }

    @Test
    void f12_aSlowNetworkThatResetsAndFlapsLosesNothing() throws Exception {
        String what = "network: +100 ms, 256 KB/s, 1 % resets, flapping";
        Experiment.sameLog("F12", what, SHORT_STREAM, (run, undisturbed) -> {
            try (FlakyProxy proxy = new FlakyProxy(run.random())) {
                run.broker().startBehind(proxy);
                proxy.delay(100);
                proxy.limit(256 << 10);
                proxy.reset(0.01);
                run.train("state", "kafka.bootstrap.servers", proxy.address());
                for (int flap = 1; flap <= 5; flap++) {
                    run.awaitStep(undisturbed.step() * flap / 6);
                    int millis = 200 + run.random().nextInt(1_800);
                    run.note("at step " + run.step() + ", silent for " + millis + " ms");
                    proxy.silence(Direction.TO_BROKER, Direction.TO_CLIENT);
                    TimeUnit.MILLISECONDS.sleep(millis);
                    proxy.speak();
                }
                run.awaitBooks(undisturbed.books());
                run.stopTrainers();
                run.note(proxy.resets() + " connections reset, " + proxy.bytes() / 1024 + " KB delivered");
                assertThat(proxy.resets()).isPositive();
            }
        });
    }

    /** Drops what goes in these directions for so many seconds, in mid-stream. */
    private static void silence(String id, String what, String timeout, int seconds, Direction... directions)
            throws Exception {
        Experiment.sameLog(id, what, STREAM, (run, undisturbed) -> {
            try (FlakyProxy proxy = new FlakyProxy(run.random())) {
                run.broker().startBehind(proxy);
                run.set("stream.transaction-timeout", timeout);
                TrainerProcess trainer = run.train("state", "kafka.bootstrap.servers", proxy.address());
                run.awaitPart(undisturbed, 1, 1);
                proxy.silence(directions);
                run.note("silence, at step " + run.step());
                TimeUnit.SECONDS.sleep(seconds);
                long reached = run.step();
                assertThat(trainer.isAlive()).isTrue();
                assertThat(reached).as("learnt in spite of it").isLessThan(undisturbed.step());
                proxy.speak();
                run.note("over, at step " + reached);
                run.awaitStep(reached + 1);
                run.note("a step is committed");
                run.awaitBooks(undisturbed.books());
                run.stopTrainers();
                run.note("attribution was ready "
                        + trainer.readyLines("attribute").size() + " times, the learner "
                        + trainer.readyLines("learn").size() + " times; " + trainer.replacedThreads()
                        + " threads were replaced");
            }
        });
    }
}
