package dev.millrace.faults;

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
        Experiment.sameLog("F1", "trainer: SIGKILL at 20 random moments", STREAM, (run, undisturbed) -> {
            for (int kill = 1; kill <= 20; kill++) {
                killOnce(run, undisturbed.step() * kill / 21);
            }
            run.train();
        });
    }

    /** Kills anywhere within a start, or, three times of four, once it has learnt up to a step. */
    private static void killOnce(Experiment run, long step) throws Exception {
        TrainerProcess trainer = run.train();
        if (run.random().nextInt(4) > 0) {
            run.awaitStep(step);
            TimeUnit.MILLISECONDS.sleep(run.random().nextInt(60));
        } else {
            TimeUnit.MILLISECONDS.sleep(run.random().nextInt(6_000));
        }
        run.note("at step " + run.step() + (trainer.isReady() ? "" : ", not yet ready"));
        trainer.kill();
    }

    @Test
    void f03_stoppedTenTimesUnderLoadItRestoresNothing() throws Exception {
        Experiment.sameLog("F3", "trainer: SIGTERM ten times under load", STREAM, (run, undisturbed) -> {
            for (int stop = 1; stop <= 10; stop++) {
                TrainerProcess trainer = run.train();
                run.awaitStep(undisturbed.step() * stop / 11);
                trainer.stop();
            }
            run.train();
        });
    }
}
