package dev.millrace.faults;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Faults of all kinds in a random order, for a set time, under a live stream.
 *
 * <p>{@code -Dfaults.seed} decides which come and when, {@code -Dfaults.minutes} how long.
 */
@Tag("fault")
@Tag("long")
class SwarmIT {

    private static final int MINUTES = Integer.getInteger("faults.minutes", 4);
    private static final int MOMENTS_PER_SECOND = 150;

    /** What can happen; each leaves at least one trainer and the broker running. */
    private enum Fault {
        KILL_TRAINER,
        STOP_TRAINER,
        FREEZE_TRAINER,
        LOSE_STATE,
        SECOND_TRAINER,
        KILL_BROKER,
        STOP_BROKER,
        FREEZE_BROKER
    }

    @Test
    void f38_eachEventCountsOnceWhateverComes() throws Exception {
        SeededStream stream = new SeededStream(Experiment.SEED, MINUTES * 60 * MOMENTS_PER_SECOND);
        try (Experiment run = Experiment.begin("F38", "swarm: random faults for " + MINUTES + " min", 1)) {
            Outcome undisturbed = run.undisturbed(stream);
            run.set("stream.session-timeout", "6s");
            run.set("stream.transaction-timeout", "5s");
            Swarm swarm = new Swarm(run);
            try (PacedLoad load = PacedLoad.start(run, stream)) {
                while (!load.isDone()) {
                    TimeUnit.MILLISECONDS.sleep(2_000 + run.random().nextInt(8_000));
                    swarm.happens(Fault.values()[run.random().nextInt(Fault.values().length)]);
                }
                load.finish();
            }
            run.judge(withResent(run, stream, undisturbed), Judgement.Demand.SAME_EXAMPLES);
        }
    }

    /** A producer whose broker is killed sends anew what was not acknowledged and may be there: once more in the topic, and no more. */
    static Outcome withResent(Experiment run, SeededStream stream, Outcome undisturbed) {
        Outcome expected = undisturbed;
        for (Map.Entry<String, Long> topic : stream.sent().entrySet()) {
            long resent = run.records(topic.getKey()).size() - topic.getValue();
            if (resent > 0) {
                run.note(resent + " records of " + topic.getKey() + " are there twice");
                expected = expected.and(topic.getKey(), "duplicate", resent);
            }
        }
        return expected;
    }

    /** A trainer, now and then a second, and a broker, and what can be done to them. */
    private static final class Swarm {
        private final Experiment run;
        private String state = "state";
        private int directories;
        private TrainerProcess trainer;

        Swarm(Experiment run) throws Exception {
            this.run = run;
            this.trainer = run.train(state);
        }

        void happens(Fault fault) throws Exception {
            run.note(fault + ", at step " + run.step());
            switch (fault) {
                case KILL_TRAINER -> {
                    trainer.kill();
                    replace();
                }
                case STOP_TRAINER -> {
                    trainer.stop();
                    replace();
                }
                case FREEZE_TRAINER -> {
                    trainer.signal("STOP");
                    TimeUnit.MILLISECONDS.sleep(run.random().nextInt(12_000));
                    trainer.signal("CONT");
                }
                case LOSE_STATE -> {
                    trainer.kill();
                    state = "state-" + ++directories;
                    replace();
                }
                case SECOND_TRAINER -> {
                    TrainerProcess second = run.train("state-" + ++directories);
                    TimeUnit.MILLISECONDS.sleep(run.random().nextInt(15_000));
                    second.stop();
                }
                case KILL_BROKER -> {
                    run.broker().kill();
                    run.broker().startAgain();
                }
                case STOP_BROKER -> {
                    run.broker().stop();
                    run.broker().startAgain();
                }
                case FREEZE_BROKER -> {
                    run.broker().signal("STOP");
                    TimeUnit.MILLISECONDS.sleep(run.random().nextInt(12_000));
                    run.broker().signal("CONT");
                }
            }
            if (!trainer.isAlive()) {
                run.note(trainer.name() + " gave up; a supervisor starts it again");
                replace();
            }
        }

        private void replace() throws Exception {
            trainer = run.train(state);
        }
    }
}
