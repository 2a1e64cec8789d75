package dev.millrace.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.cli.HttpProbe;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Brokers whose disk is full. */
@Tag("fault")
@Tag("long")
class BrokerDiskIT {

    private static final SeededStream STREAM = new SeededStream(1, 20_000);
    private static final long ROOM_KILOBYTES = Long.getLong("faults.room", 1024L);
    private static final long GROWN_KILOBYTES = 512 << 10;
    private static final Duration OUTAGE = Duration.ofSeconds(30);

    @Test
    void f43_aBrokerWhoseDiskTheTrainerFillsIsWaitedFor() throws Exception {
        try (Experiment run = Experiment.begin("F43", "broker: disk full, then grown", 1)) {
            Outcome undisturbed = run.undisturbed(STREAM);
            run.load(STREAM);
            try (SmallDisk disk = moveTo(run, ROOM_KILOBYTES)) {
                TrainerProcess trainer = run.train();
                HttpProbe health = trainer.health();
                isWaitedFor(run, trainer, health);
                assertThat(run.step()).as("the disk was full too late").isLessThan(undisturbed.step());
                disk.grow(GROWN_KILOBYTES);
                run.note("the disk has grown");
                goesOn(run, health);

                run.judge(undisturbed, Judgement.Demand.SAME_LOG);
                run.broker().stop();
            }
        }
    }

    /** Somebody else fills it while producers send; what they were told is there must be there. */
    @Test
    void f43_brokersWithFullDisksAreWaitedFor() throws Exception {
        SeededStream stream = new SeededStream(Experiment.SEED, 6_000);
        try (Experiment run = Experiment.begin("F43-filled", "broker: disk filled under load, then relieved", 1)) {
            Outcome undisturbed = run.undisturbed(stream);
            try (SmallDisk disk = moveTo(run, GROWN_KILOBYTES)) {
                TrainerProcess trainer = run.train();
                HttpProbe health = trainer.health();
                try (PacedLoad load = PacedLoad.start(run, stream)) {
                    run.awaitStep(undisturbed.step() / 3);
                    disk.exhaust();
                    run.note("the disk is full, at step " + run.step());
                    isWaitedFor(run, trainer, health);
                    disk.relieve();
                    run.note("the disk has room");
                    goesOn(run, health);
                    load.finish();
                }

                run.judge(SwarmIT.withResent(run, stream, undisturbed), Judgement.Demand.SAME_EXAMPLES);
                run.broker().stop();
            }
        }
    }

    /** Starts the broker anew, with its logs on a disk of their own that has so much room. */
    private static SmallDisk moveTo(Experiment run, long room) throws Exception {
        run.broker().stop();
        Path logs = run.directory().resolve("broker/log");
        SmallDisk disk = SmallDisk.mount(run.directory().resolve("full"), GROWN_KILOBYTES);
        disk.fill(logs);
        disk.leave(room);
        run.broker().set("log.dirs=" + disk.directory());
        run.broker().startAgain();
        run.note("logs on a disk with " + room + " KB free");
        return disk;
    }

    /** The broker halts, as its only log directory has failed; the trainer lives, is not ready, and says why. */
    private static void isWaitedFor(Experiment run, TrainerProcess trainer, HttpProbe health) throws Exception {
        Experiment.awaits("the broker ends", () -> !run.broker().isAlive());
        run.note("the broker has ended, at step " + run.step());
        assertThat(run.broker().output()).contains("No space left on device");
        Experiment.awaits("not ready", () -> !health.isReady());
        trainer.awaitOutput("(No broker answers; the applications wait)");
        long begun = System.nanoTime();
        while (System.nanoTime() - begun < OUTAGE.toNanos()) {
            assertThat(health.status("/livez")).isEqualTo(200);
            assertThat(health.isReady()).as("ready without a broker").isFalse();
            TimeUnit.SECONDS.sleep(1);
        }
        assertThat(health.text("/readyz")).contains("\"cluster\":\"silent\"");
        assertThat(trainer.output()).doesNotContain("stops:");
    }

    private static void goesOn(Experiment run, HttpProbe health) throws Exception {
        run.startBroker();
        Experiment.awaits("ready again", health::isReady);
        run.note("the trainer is ready");
    }
}
