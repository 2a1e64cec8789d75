package dev.millrace.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.millrace.cli.MillraceProcess;
import dev.millrace.stream.KillPoint;
import dev.millrace.stream.run.HaltingTrainer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Several trainers that come, go, and take over from each other, one of which does not know that it is gone. */
@Tag("fault")
@Tag("long")
class TakeoverIT {

    private static final SeededStream STREAM = new SeededStream(1, 20_000);
    private static final MillraceProcess.Launch WAITING = MillraceProcess.Launch.PROGRAM.of(HaltingTrainer.class);
    /** What the learner says when its commit comes too late, whether its transaction was ended or its epoch is over. */
    private static final String REFUSED =
            "(?m)^(.*learn.*(?:InvalidTxnState|InvalidProducerEpoch|ProducerFenced|TaskMigrated|fenced).*)$";

    @Test
    void f04_aSleepersUncommittedWorkIsRefused() throws Exception {
        String what = "trainer: SIGSTOP before a commit, another takes over, SIGCONT";
        Experiment.sameLog("F4", what, STREAM, (run, undisturbed) -> {
            try (UncommittedSpy spy = new UncommittedSpy(
                    run.settings().clients(), run.settings().topics().names().itemEmbeddings())) {
                run.set("stream.session-timeout", "6s");

                TrainerProcess zombie = run.train(
                        WAITING,
                        "state",
                        List.of(
                                KillPoint.PRODUCED_BEFORE_COMMIT.name(),
                                Integer.toString(3 + run.random().nextInt(5)),
                                "10"));
                zombie.awaitOutput("(waiting at " + KillPoint.PRODUCED_BEFORE_COMMIT + ")");
                zombie.signal("STOP");
                List<UncommittedSpy.Place> written = spy.undecided();
                int starts = zombie.readyLines("learn").size();
                long step = run.step();
                run.train("state-2");
                run.awaitStep(step + 1);
                run.note("another has taken over behind step " + step);
                zombie.signal("CONT");
                run.note("it says: " + zombie.awaitOutput(REFUSED));
                Experiment.awaits(
                        "it processes records again, or stands by",
                        () -> zombie.readyLines("learn").size() > starts);

                run.awaitBooks(undisturbed.books());
                assertThat(written).isNotEmpty();
                assertThat(spy.committed()).doesNotContainAnyElementsOf(written);
                run.note("none of the " + written.size() + " vectors that it had written is committed");
            }
        });
    }

    @Test
    void f04_sleepingThroughTheSessionChangesNothing() throws Exception {
        String what = "trainer: SIGSTOP at a random moment, another takes over, SIGCONT";
        Experiment.sameLog("F4-any", what, STREAM, (run, undisturbed) -> {
            run.set("stream.session-timeout", "6s");
            run.set("stream.transaction-timeout", "5s");

            TrainerProcess zombie = run.train();
            for (int sleep = 1; sleep <= 2; sleep++) {
                run.awaitStep(undisturbed.step() * sleep / 4 + run.random().nextInt(20));
                TimeUnit.MILLISECONDS.sleep(run.random().nextInt(100));
                zombie.signal("STOP");
                long step = run.step();
                TrainerProcess other = run.train("state-" + (sleep + 1));
                run.awaitStep(step + 1);
                run.note("another has taken over behind step " + step);
                zombie.signal("CONT");
                zombie = other;
            }
        });
    }

    @Test
    void f05_restartedOneByOneUnderLoadEachKeepsItsPlace() throws Exception {
        String what = "two trainers: restarted one by one under load, twice";
        Experiment.underLoad("F5", what, 2, STREAM, (run, undisturbed) -> {
            run.set("stream.session-timeout", "10m"); // so that even a slow machine has it back in time

            TrainerProcess one = named(run, MillraceProcess.Launch.PROGRAM, "one");
            TrainerProcess two = named(run, MillraceProcess.Launch.PROGRAM, "two");
            goesOn(run);

            for (int round = 1; round <= 2; round++) {
                one = restarted(run, one, "one", two);
                two = restarted(run, two, "two", one);
            }
        });
    }

    /** From the build that {@code -Dfaults.from} names, an unpacked archive; skipped without. */
    @Test
    void f05_upgradedOneByOneUnderLoad() throws Exception {
        String from = System.getProperty("faults.from", "");
        assumeTrue(!from.isEmpty(), "-Dfaults.from names no folder of an older build");
        MillraceProcess.Launch older =
                MillraceProcess.Launch.PROGRAM.onClassPath(Path.of(from, "lib").toAbsolutePath() + "/*");
        String what = "two trainers: upgraded one by one under load";
        Experiment.underLoad("F5-upgrade", what, 2, STREAM, (run, undisturbed) -> {
            run.set("stream.session-timeout", "10m"); // so that even a slow machine has it back in time

            TrainerProcess one = named(run, older, "one");
            TrainerProcess two = named(run, older, "two");
            goesOn(run);

            TrainerProcess upgraded = restarted(run, one, "one", two);
            goesOn(run); // both builds beside each other
            restarted(run, two, "two", upgraded);
        });
    }

    private static TrainerProcess named(Experiment run, MillraceProcess.Launch launch, String name) throws Exception {
        TrainerProcess trainer = run.train(launch, "state-" + name, List.of("train"), "stream.instance-id", name);
        trainer.awaitReady();
        return trainer;
    }

    /** Stops and starts a trainer, which finds all it left; the other is interrupted once an application at most. */
    private static TrainerProcess restarted(Experiment run, TrainerProcess old, String name, TrainerProcess other)
            throws Exception {
        int before = timesReady(other);
        old.stop();
        TrainerProcess again = named(run, MillraceProcess.Launch.PROGRAM, name);
        goesOn(run);
        int interruptions = timesReady(other) - before;
        List<String> back = List.of(
                again.readyLines("attribute").get(0), again.readyLines("learn").get(0));
        run.note(name + " is back: " + String.join(", ", back) + "; the other was interrupted " + interruptions
                + " times");
        assertThat(back).allMatch(line -> line.endsWith("restored 0 records"));
        assertThat(interruptions).isLessThanOrEqualTo(2);
        return again;
    }

    private static int timesReady(TrainerProcess trainer) {
        return trainer.readyLines("attribute").size()
                + trainer.readyLines("learn").size();
    }

    @Test
    void f06_oneTwoThreeAndOneTrainerUnderLoad() throws Exception {
        Experiment.underLoad("F6", "trainers: 1, 2, 3, 1 under load", 2, STREAM, (run, undisturbed) -> {
            Map<String, TrainerProcess> trainers = new TreeMap<>();
            for (String state : List.of("state", "state-2", "state-3")) {
                trainers.put(state, joined(run, state));
            }
            while (trainers.size() > 1) {
                TrainerProcess learner = removed(run, trainers);
                learner.stop();
                noteTakeover(run, trainers);
                goesOn(run);
            }
        });
    }

    @ParameterizedTest(name = "standbys {0}, session {1}")
    @CsvSource({"1, 6s", "1, 10s", "0, 6s", "0, 10s"})
    void f06_anotherTakesOverFromAKilledOne(int standbys, String session) throws Exception {
        String what = "trainer: SIGKILL, another takes over; standbys " + standbys + ", session " + session;
        Experiment.underLoad("F6-" + standbys + "-" + session, what, 2, STREAM, (run, undisturbed) -> {
            run.set("stream.standby-replicas", Integer.toString(standbys));
            run.set("stream.session-timeout", session);

            Map<String, TrainerProcess> trainers = new TreeMap<>();
            trainers.put("state", joined(run, "state"));
            trainers.put("state-2", joined(run, "state-2"));
            TimeUnit.MILLISECONDS.sleep(run.random().nextInt(2_000));

            TrainerProcess learner = removed(run, trainers);
            learner.kill();
            noteTakeover(run, trainers);
        });
    }

    /** The worst moment for others: it has written and not committed. They cannot read on before the brokers have ended that. */
    @ParameterizedTest(name = "transactions of up to {0}")
    @ValueSource(strings = {"10s", "30s", "60s"})
    void f06_takeoverWaitsForTheKilledOnesTransaction(String timeout) throws Exception {
        String what = "trainer: SIGKILL before a commit, another takes over; transactions of up to " + timeout;
        Experiment.sameLog("F6-transaction-" + timeout, what, STREAM, (run, undisturbed) -> {
            run.set("stream.transaction-timeout", timeout);

            TrainerProcess killed =
                    run.train(WAITING, "state", List.of(KillPoint.PRODUCED_BEFORE_COMMIT.name(), "5", "10"));
            killed.awaitOutput("(waiting at " + KillPoint.PRODUCED_BEFORE_COMMIT + ")");
            killed.kill();
            noteTakeover(run, Map.of("state-2", run.train("state-2")));
        });
    }

    private static TrainerProcess joined(Experiment run, String state) throws Exception {
        TrainerProcess trainer = run.train(state);
        trainer.awaitReady();
        goesOn(run);
        return trainer;
    }

    /** The trainer that learns, taken out of these. */
    private static TrainerProcess removed(Experiment run, Map<String, TrainerProcess> trainers) throws Exception {
        String state = run.learning(trainers.keySet());
        run.note(state + " has the learner");
        return Optional.ofNullable(trainers.remove(state)).orElseThrow();
    }

    /** Waits until several steps more are learnt. */
    private static void goesOn(Experiment run) {
        run.awaitStep(run.step() + 10);
    }

    /** How long it takes from now, when a trainer is gone, until another has learnt a step. */
    private static void noteTakeover(Experiment run, Map<String, TrainerProcess> left) throws Exception {
        long begun = System.nanoTime();
        TimeUnit.MILLISECONDS.sleep(500); // what it has committed is seen by then
        long last = run.step();
        run.awaitStep(last + 1);
        double seconds = Duration.ofNanos(System.nanoTime() - begun).toMillis() / 1e3;
        run.note(String.format(Locale.ROOT, "step %d is committed after %.1f s", last + 1, seconds));
        for (TrainerProcess trainer : left.values()) {
            trainer.awaitReady(); // on a slow machine one application may be long after the other
            for (String application : List.of("attribute", "learn")) {
                List<String> lines = trainer.readyLines(application);
                run.note(trainer.name() + ": " + lines.get(lines.size() - 1));
            }
        }
    }
}
