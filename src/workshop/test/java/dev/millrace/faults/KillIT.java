package dev.millrace.faults;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Trainers that are killed, or asked to stop, at any time. */
@Tag("fault")
@Tag("long")
class KillIT {

    private static final SeededStream STREAM = new SeededStream(1, 20_000);

    @Test
    void f01_killedAtTwentyRandomMomentsItWritesTheSameLog() throws Exception {
        try (Experiment run = Experiment.begin("F1", "trainer: SIGKILL at 20 random moments", 1)) {
            Outcome undisturbed = run.undisturbed(STREAM);
            run.load(STREAM);

            for (int kill = 1; kill <= 20; kill++) {
                killOnce(run, undisturbed.step() * kill / 21);
            }
            run.train();

            run.judge(undisturbed, Judgement.Demand.SAME_LOG);
        }
    }

    /** Kills anywhere within a start, or, three times of four, once it has learnt up to a step. */
    private static void killOnce(Experiment run, long step) throws Exception {
        TrainerProcess trainer = run.train();
        if (run.random().nextInt(4) > 0) {
            await().atMost(Experiment.PATIENCE)
                    .pollInterval(Duration.ofMillis(2))
                    .until(() -> run.step() >= step);
            TimeUnit.MILLISECONDS.sleep(run.random().nextInt(60));
        } else {
            TimeUnit.MILLISECONDS.sleep(run.random().nextInt(6_000));
        }
        run.note("at step " + run.step() + (trainer.isReady() ? "" : ", not yet ready"));
        trainer.kill();
    }

    @Test
    void f03_stoppedTenTimesUnderLoadItRestoresNothing() throws Exception {
        try (Experiment run = Experiment.begin("F3", "trainer: SIGTERM ten times under load", 1)) {
            Outcome undisturbed = run.undisturbed(STREAM);
            run.load(STREAM);

            for (int stop = 1; stop <= 10; stop++) {
                TrainerProcess trainer = run.train();
                run.awaitStep(undisturbed.step() * stop / 11);
                trainer.stop();
            }
            run.train();

            run.judge(undisturbed, Judgement.Demand.SAME_LOG);
        }
    }
}
