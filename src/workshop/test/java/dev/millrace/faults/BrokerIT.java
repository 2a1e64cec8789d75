package dev.millrace.faults;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.millrace.cli.HttpProbe;
import dev.millrace.cli.MillraceProcess;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Brokers that stop, are killed, are away for long, or are not there yet. */
@Tag("fault")
@Tag("slow")
class BrokerIT {

    private static final SeededStream STREAM = new SeededStream(1, 20_000);
    private static final SeededStream SHORT_STREAM = new SeededStream(1, 4_000);

    /** Twice what clients wait for an answer by default, and more. */
    private static final Duration OUTAGE = Duration.ofSeconds(70);

    private static final int UNAVAILABLE = 69;
    private static final String QUICK_ROLLBACK = "transaction.abort.timed.out.transaction.cleanup.interval.ms=1000";

    /** What a garbage collector may still take while nothing goes on; 70 s of leaking at each attempt would be more. */
    private static final long GROWTH_KILOBYTES = 64 << 10;

    @Test
    @Tag("long")
    void f07_brokerStoppedAndStartedAgainLosesNothing() throws Exception {
        Experiment.sameLog("F7", "broker: SIGTERM and start", STREAM, (run, undisturbed) -> {
            run.train();
            run.awaitPart(undisturbed, 1, 1);
            run.broker().stop();
            run.note("broker stopped, at step " + run.step());
            run.startBroker();
        });
    }

    @Test
    @Tag("long")
    void f08_brokerKilledThreeTimesLosesNothing() throws Exception {
        Experiment.sameLog("F8", "broker: SIGKILL and start, three times", STREAM, (run, undisturbed) -> {
            run.train();
            for (int kill = 1; kill <= 3; kill++) {
                run.awaitPart(undisturbed, kill, 3);
                run.killBroker();
                run.startBroker();
            }
        });
    }

    @Test
    @Tag("long")
    void f09_brokerKilledAndAwayFor70SecondsIsWaitedFor() throws Exception {
        Experiment.sameLog("F9", "broker: SIGKILL, away for 70 s", STREAM, BrokerIT::killed);
    }

    /**
     * The broker rolls back what grew too old as soon as it starts, when its partitions may not have leaders: a broker of 4.3 or 4.4 then loses the
     * ends of these transactions.
     */
    @Test
    @Tag("long")
    void f09_endsOfTransactionsThatTheBrokerLosesAreSettled() throws Exception {
        Experiment.sameLog("F9-orphans", "as F9, and the broker rolls back at once", STREAM, (run, undisturbed) -> {
            settleOrNot(run);
            killed(run, undisturbed);
        });
    }

    /** Whatever was committed when a kill came must be there afterwards, whatever the broker has lost of its end. */
    @Test
    @Tag("long")
    void f41_killedBrokersLoseNoEndOfTransactions() throws Exception {
        int kills = Integer.getInteger("faults.kills", 10);
        String what = "broker: SIGKILL and start, " + kills + " times in a row";
        Experiment.sameLog("F41", what, STREAM, (run, undisturbed) -> {
            settleOrNot(run);
            run.train();
            for (int kill = 1; kill <= kills; kill++) {
                run.awaitPart(undisturbed, kill, kills);
                run.killBroker();
                TimeUnit.MILLISECONDS.sleep(run.random().nextInt(12_000));
                run.startBroker();
            }
        });
    }

    /** Without, as the negative control, it must fail on a broker with the fault. */
    private static void settleOrNot(Experiment run) {
        run.set("stream.settle-transactions", Boolean.toString(!Boolean.getBoolean("faults.unsettled")));
        run.broker().set(QUICK_ROLLBACK);
    }

    @Test
    @Tag("long")
    void f09_brokerFrozenFor70SecondsIsWaitedFor() throws Exception {
        Experiment.sameLog("F9-frozen", "broker: SIGSTOP for 70 s, SIGCONT", STREAM, BrokerIT::frozen);
    }

    /** Clients give up, while the broker still holds what they had begun. */
    @Test
    @Tag("long")
    void f09_transactionsThatOutliveOutagesAreWhole() throws Exception {
        String what = "broker: SIGSTOP for 70 s, SIGCONT, transactions of up to 10 min";
        Experiment.sameLog("F9-open", what, STREAM, (run, undisturbed) -> {
            run.set("stream.transaction-timeout", "10m");
            frozen(run, undisturbed);
        });
    }

    @Test
    @Tag("long")
    void f10_startedBeforeTheBrokerItWaitsAsTold() throws Exception {
        Experiment.sameLog("F10", "trainer: started before the broker", SHORT_STREAM, (run, undisturbed) -> {
            run.broker().stop();
            run.note("broker stopped");
            TrainerProcess impatient = run.train("state", "stream.startup-timeout", "5s");
            assertThat(impatient.awaitExit(Experiment.PATIENCE)).isEqualTo(UNAVAILABLE);
            assertThat(impatient.output())
                    .contains("(stream.startup-timeout): no broker answered at "
                            + run.broker().address())
                    .doesNotContain("\tat ");
            TrainerProcess patient = run.train();
            patient.awaitOutput("(waiting for a broker at " + run.broker().address() + ", \\d+ s more)");
            run.startBroker();
            patient.awaitReady();
        });
    }

    private static void killed(Experiment run, Outcome undisturbed) throws Exception {
        outage(run, undisturbed, Experiment::killBroker, Experiment::startBroker);
    }

    private static void frozen(Experiment run, Outcome undisturbed) throws Exception {
        outage(run, undisturbed, frozen -> signal(frozen, "STOP"), frozen -> signal(frozen, "CONT"));
    }

    private static void signal(Experiment run, String signal) throws Exception {
        run.broker().signal(signal);
        run.note("broker gets SIG" + signal + ", at step " + run.step());
    }

    /** An outage in mid-stream, beside a server that goes on answering. */
    private static void outage(Experiment run, Outcome undisturbed, Fault fault, Fault end) throws Exception {
        TrainerProcess trainer = run.train();
        try (MillraceProcess server = run.run("serve", "serve")) {
            HttpProbe recall = new HttpProbe(server.awaitOutput("recall API (\\S+)"));
            HttpProbe health = trainer.health();
            Experiment.awaits("the trainer is ready", health::isReady);
            Experiment.awaits("the server is ready", recall::isReady);
            run.awaitPart(undisturbed, 1, 1);

            fault.happen(run);
            long begun = System.nanoTime();
            Experiment.awaits("not ready", () -> !health.isReady());
            run.note("the trainer is not ready");
            JsonNode last = answers(recall);
            int asked = 0;
            long early = 0; // when what was under way at the kill has ended, even on a busy machine
            while (System.nanoTime() - begun < OUTAGE.toNanos()) {
                assertThat(health.status("/livez")).isEqualTo(200);
                assertThat(health.isReady()).as("ready without a broker").isFalse();
                assertThat(answers(recall)).isEqualTo(last);
                asked++;
                TimeUnit.SECONDS.sleep(1);
                if (early == 0 && System.nanoTime() - begun > OUTAGE.toNanos() / 3) {
                    early = trainer.residentKilobytes();
                }
            }
            long after = trainer.residentKilobytes();
            run.note("alive, not ready, and the server answered " + asked + " times from step "
                    + last.path("step").asLong() + "; resident " + early / 1024 + " MB a third into it, "
                    + after / 1024 + " MB at its end");
            assertThat(after - early).as("kB grown in the outage").isLessThan(GROWTH_KILOBYTES);

            end.happen(run);
            Experiment.awaits("ready again", health::isReady);
            run.note("the trainer is ready");
            run.awaitStep(undisturbed.step());
            run.note(trainer.replacedThreads() + " threads were replaced");
            Experiment.awaits(
                    "the server has the rest",
                    () -> recall.readiness().path("step").asLong() == undisturbed.step());
            run.note("the server answers from step " + undisturbed.step());
        }
    }

    /** Items and scores for a user and for an item, and the step they are of. */
    private static JsonNode answers(HttpProbe recall) throws Exception {
        JsonNode user = recall.fetch("/v1/recall?k=10&include-vector=true&user=u1");
        JsonNode item = recall.fetch("/v1/similar?k=10&item=i1");
        assertThat(user.path("items")).hasSize(10);
        assertThat(item.path("items")).hasSize(10);
        ((ObjectNode) user).remove("ageSeconds");
        ((ObjectNode) user).set("similar", item.path("items"));
        return user;
    }

    /** Something that is done to a broker. */
    private interface Fault {
        void happen(Experiment run) throws Exception;
    }
}
