package dev.millrace.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.app.MillraceSettings;
import dev.millrace.cli.MillraceProcess;
import dev.millrace.operation.Progress;
import dev.millrace.stream.KillPoint;
import dev.millrace.stream.run.HaltingTrainer;
import dev.millrace.topic.TopicFollower;
import dev.millrace.verify.ModelAudit;
import dev.millrace.verify.ModelReport;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Processes that end at named points of a step, a commit, a restore and a checkpoint, the worst ones. */
@Tag("fault")
@Tag("slow")
class KillPointIT {

    private static final SeededStream STREAM = new SeededStream(2, 4_000);
    private static final SeededStream LONG_STREAM = new SeededStream(1, 20_000);
    private static final MillraceProcess.Launch HALTING = MillraceProcess.Launch.PROGRAM.of(HaltingTrainer.class);

    @ParameterizedTest(name = "{0}")
    @EnumSource
    @Tag("long")
    void f02_endedAtAPointItWritesTheSameLog(KillPoint point) throws Exception {
        Experiment.sameLog("F2-" + point, "ended at " + point, STREAM, (run, undisturbed) -> {
            end(run, point, 1 + run.random().nextInt(3));
            run.train();
        });
    }

    @Test
    void f02_endedAtAllPointsInTurnItWritesTheSameLog() throws Exception {
        String what = "ended at " + KillPoint.values().length + " named points";
        Experiment.sameLog("F2", what, LONG_STREAM, (run, undisturbed) -> {
            for (KillPoint point : KillPoint.values()) {
                end(run, point, 2); // so that something is committed between two points
            }
            run.train();
        });
    }

    @Test
    @Tag("long")
    void f34_subscribersGetNothingUncommitted() throws Exception {
        String what = "ended before the commit, with a spy on what was written";
        Experiment.sameLog("F34", what, LONG_STREAM, (run, undisturbed) -> {
            Set<UncommittedSpy.Place> subscribed = new ConcurrentSkipListSet<>();
            Set<UncommittedSpy.Place> undecided = new TreeSet<>();

            String embeddings = run.settings().topics().names().itemEmbeddings();
            try (UncommittedSpy spy = new UncommittedSpy(run.settings().clients(), embeddings);
                    TopicFollower subscriber = TopicFollower.start(
                            run.settings().clients(),
                            embeddings,
                            record -> subscribed.add(new UncommittedSpy.Place(record.partition(), record.offset())))) {
                for (int time = 1; time <= 5; time++) {
                    endTrainer(
                            run,
                            KillPoint.PRODUCED_BEFORE_COMMIT,
                            1 + run.random().nextInt(3));
                    List<UncommittedSpy.Place> seen = spy.undecided();
                    run.note("the spy sees " + seen.size() + " vectors of a transaction without an end");
                    assertThat(seen).isNotEmpty();
                    undecided.addAll(seen);
                }
                run.train();
                run.awaitBooks(undisturbed.books());
                run.stopTrainers();

                Set<UncommittedSpy.Place> committed = spy.committed();
                Experiment.awaits("the subscriber has read all", () -> subscribed.size() >= committed.size());
                assertThat(subscribed).isEqualTo(committed).doesNotContainAnyElementsOf(undecided);
                run.note("a subscriber got " + subscribed.size() + " vectors, none of those " + undecided.size());
            }
        });
    }

    private static void end(Experiment run, KillPoint point, int occurrence) throws Exception {
        switch (point) {
            case DURING_CHECKPOINT -> endAudit(run);
            case DURING_RESTORE -> {
                run.removeStores("state", "learn");
                endTrainer(run, point, occurrence);
            }
            default -> endTrainer(run, point, occurrence);
        }
    }

    private static void endTrainer(Experiment run, KillPoint point, int occurrence) throws Exception {
        TrainerProcess trainer = run.train(HALTING, "state", List.of(point.name(), Integer.toString(occurrence), "0"));
        assertThat(trainer.awaitExit(Experiment.PATIENCE)).as(trainer.output()).isEqualTo(KillPoint.STATUS);
        assertThat(trainer.output()).contains(point.announcement());
        run.note("ended at " + point + ", occurrence " + occurrence + ", committed step " + run.step());
    }

    /** Beside a trainer, which is to take no notice. */
    private static void endAudit(Experiment run) throws Exception {
        Path checkpoints = run.directory().resolve("checkpoints");
        TrainerProcess trainer = run.train();
        run.awaitStep(run.settings().trainer().digestSteps() + 1L);
        try (MillraceProcess audit = run.run(
                MillraceProcess.Launch.PROGRAM.of(HaltingAudit.class), "halting-audit", checkpoints.toString())) {
            assertThat(audit.awaitExit(Experiment.PATIENCE)).as(audit.output()).isEqualTo(KillPoint.STATUS);
            assertThat(audit.output()).contains(KillPoint.DURING_CHECKPOINT.announcement());
        }
        List<String> unfinished = names(checkpoints);
        run.note("audit ended with its checkpoint unfinished: " + unfinished);
        assertThat(unfinished).hasSize(1).allMatch(name -> name.endsWith(".part"));

        try (MillraceProcess audit = run.run("audit", "verify", "--model", "--checkpoints", checkpoints.toString())) {
            assertThat(audit.awaitExit(Experiment.PATIENCE)).as(audit.output()).isEqualTo(0);
            assertThat(audit.output()).contains("steps from step 0 to step").contains("same bits");
        }
        assertThat(names(checkpoints)).hasSize(1).allMatch(name -> name.endsWith(".checkpoint"));
        run.note("the next audit begins at step 0 and leaves " + names(checkpoints));
        assertThat(trainer.isAlive()).isTrue();
        trainer.stop();
    }

    private static List<String> names(Path directory) throws Exception {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> String.valueOf(file.getFileName())).toList();
        }
    }

    /** {@code verify --model --checkpoints} that ends before its checkpoint has its name: {@code main(directory, --set, key=value, …)}. */
    static final class HaltingAudit {

        private HaltingAudit() {}

        public static void main(String[] args) {
            MillraceSettings settings = HaltingTrainer.settings(args, 1);
            ModelReport report = new ModelAudit(
                            settings.cluster(),
                            settings.learner(),
                            Progress.NONE,
                            unfinished -> KillPoint.DURING_CHECKPOINT.halt())
                    .run(new ModelAudit.Scope(OptionalLong.empty(), Optional.of(Path.of(args[0]))));
            System.out.println("no checkpoint was written: " + report);
        }
    }
}
