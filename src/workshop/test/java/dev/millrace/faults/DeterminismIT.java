package dev.millrace.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.cli.MillraceProcess;
import dev.millrace.cli.OtherJava;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The same input under other settings of whatever must not matter, and on another Java. */
@Tag("fault")
@Tag("long")
class DeterminismIT {

    private static final SeededStream STREAM = new SeededStream(3, 5_000);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "kafka.max.poll.records=1",
                "kafka.max.poll.records=50 kafka.max.partition.fetch.bytes=2000",
                "stream.attribute.commit-interval=5ms stream.learn.commit-interval=5ms",
                "stream.attribute.commit-interval=5s stream.learn.commit-interval=5s",
                "stream.attribute.threads=2",
                "stream.transactional-stores=false",
                "exam.every-batch-up-to=0 exam.budget=0.05 digest.steps=3",
                "table.cache-bytes=1048576",
                "table.cache-bytes=1048576 table.read-threads=16",
                "learn.threads=2",
                "learn.threads=4"
            })
    void f39_whatMustNotMatterDoesNot(String settings) throws Exception {
        Experiment.sameLog("F39-" + settings.replaceAll("[^a-z0-9.]+", "-"), settings, STREAM, (run, undisturbed) -> {
            for (String setting : settings.split(" ", -1)) {
                int split = setting.indexOf('=');
                run.set(setting.substring(0, split), setting.substring(split + 1));
            }

            run.train();
        });
    }

    /** The undisturbed trainer runs without the Vector API; the others with vectors of 128, 256 and as many bits as this processor has. */
    @ParameterizedTest
    @ValueSource(strings = {"-XX:UseAVX=1", "-XX:UseAVX=2", "-XX:UseAVX=3"})
    void f39_theWidthOfVectorsDoesNotMatter(String option) throws Exception {
        Experiment.sameLog("F39-" + option.replaceAll("[^a-zA-Z0-9.]+", "-"), option, STREAM, (run, undisturbed) -> {
            run.train(
                    MillraceProcess.Launch.PROGRAM.with(
                            List.of("-Xmx768m", "--add-modules=jdk.incubator.vector", option)),
                    "state",
                    List.of("train"));
        });
    }

    @Test
    void f39_anotherJavaWritesTheSameLogAndTheSameWeights() throws Exception {
        Path other = OtherJava.home(25);
        MillraceProcess.Launch launch = MillraceProcess.Launch.PROGRAM.on(other);
        try (Experiment run = Experiment.beginEmpty("F39-java", "JDK 25 beside JDK 17", 1)) {
            Outcome undisturbed = run.undisturbed(STREAM);
            run.takeCatalogue(launch);
            run.load(STREAM);

            run.train(launch, "state", List.of("train"));
            run.awaitBooks(undisturbed.books());
            run.stopTrainers();

            Outcome left = Outcome.read(run.settings());
            assertThat(left.log()).isEqualTo(undisturbed.log());
            assertThat(left.digest()).isEqualTo(undisturbed.digest());
            audit(run, launch);
            run.passed("same log, same digest, on " + other.getFileName());
        }
    }

    /** The second half of the input comes when the first is learnt and its trainer has stopped. */
    @Test
    void f39_aTrainerGoesOnFromTheStateOfAnotherJava() throws Exception {
        MillraceProcess.Launch launch = MillraceProcess.Launch.PROGRAM.on(OtherJava.home(25));
        int half = STREAM.moments() / 2;
        try (Experiment run = Experiment.beginEmpty("F39-java-state", "JDK 25, then JDK 17 on its state", 1)) {
            Outcome undisturbed = run.undisturbed(STREAM);
            run.takeCatalogue(launch);
            run.load(STREAM.part(0, half));
            run.train(launch, "state", List.of("train"));
            run.awaitRead(STREAM.part(0, half).sent());
            run.stopTrainers();
            long step = run.step();
            assertThat(step).isBetween(1L, undisturbed.step() - 1);
            run.note("at step " + step + " of " + undisturbed.step());
            run.load(STREAM.part(half, STREAM.moments()));

            run.train();

            run.awaitBooks(undisturbed.books());
            run.stopTrainers();
            audit(run, launch);
            run.judge(undisturbed, Judgement.Demand.SAME_LOG);
        }
    }

    private static void audit(Experiment run, MillraceProcess.Launch launch) throws Exception {
        try (MillraceProcess audit = run.run(launch, "audit", "verify", "--model", "--counts")) {
            assertThat(audit.awaitExit(Experiment.PATIENCE)).as(audit.output()).isZero();
        }
    }
}
