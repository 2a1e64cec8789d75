package dev.millrace.faults;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.app.ShardedRun;
import dev.millrace.attribute.TrainingExample;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Features;
import dev.millrace.state.Books;
import dev.millrace.state.InputTopic;
import dev.millrace.state.Outcome;
import dev.millrace.stream.Changelog;
import dev.millrace.stream.Part;
import dev.millrace.stream.Streams;
import dev.millrace.topic.ProgressLog;
import dev.millrace.topic.TopicNames;
import dev.millrace.topic.TopicReader;
import dev.millrace.wire.ModelRound;
import dev.millrace.wire.PartProgress;
import dev.millrace.wire.Topic;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/**
 * One learner becomes four, these two, and these three, while producers send: every click is learnt once, the books balance, and the audit learns the
 * model again across all changes.
 */
@Tag("fault")
@Tag("long")
class RescaleIT {

    private static final int ENOUGH = 62_000; // events, about half of which are clicked: more than 30,000 clicks

    private static final long DAYS = Duration.ofDays(10).toMillis();

    private final Path directory;

    RescaleIT(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path directory) {
        this.directory = directory;
    }

    @Test
    void oneLearnerBecomesFourThenTwoThenThreeWhileProducersSend() throws Exception {
        FaultReport report = new FaultReport("F50", "trainers: 1, 4, 2, then 3 learners, under load", Experiment.SEED);
        try (BrokerProcess broker = new BrokerProcess(directory, 0, List.of());
                ShardedRun run =
                        new ShardedRun(directory, broker.address(), "learn.shards", "1", "rehearsal.examples", "4")) {
            run.producer().send(new CatalogueItem("later", Streams.T0 + DAYS, Features.NONE)); // waits all the time
            run.start(0);
            run.send(2_000);
            awaitLearnt(run, 100);
            run.stop(0);
            assertThat(rescale(run, 4).getValue())
                    .as("of a young model")
                    .contains("learn.shards = 4: must be 1 until 30000 examples are learnt");
            run.set("learn.shards", "1");
            run.start(0);
            run.send(ENOUGH);
            awaitLearnt(run, 31_000);
            assertThat(rescale(run, 4, "--set", "stream.application-id=another").getValue())
                    .contains("stream.application-id = another: must be that of the trainers of generation");
            run.set("learn.shards", "6"); // as a run that ended before its transaction leaves it
            Changelog.of(run.settings().clients(), run.settings().stream(), Part.SHARDS)
                    .create(6, Map.of());

            change(run, 4, report, 0);
            assertThat(audit(run).getKey()).as("before a round").isZero();
            assertThat(run.run("verify", "--counts").getKey())
                    .as("before a shard told its books")
                    .isZero();
            run.set("learn.shards", "3");
            assertThat(run.run("train").getValue())
                    .contains("learn.shards = 3: must be 4, the number of learners that the model has");
            run.set("learn.shards", "4");
            run.start(0);
            run.start(1);
            for (int rounds = 0; rounds < 4; rounds++) { // some, for a checkpoint amid them
                awaitMore(run);
            }
            assertThat(rescale(run, 2).getValue()).as("while trainers run").contains("stop all trainers");
            run.set("learn.shards", "4");
            change(run, 2, report, 0, 1);
            Map.Entry<Integer, String> before = audit(run);
            assertThat(before.getKey()).as(before.getValue()).isZero();
            assertThat(directory.resolve("checkpoints")).isDirectoryContaining("glob:**.checkpoint");
            run.start(0);
            run.start(1);
            awaitMore(run);
            change(run, 3, report, 0, 1); // of both, users leave
            run.start(0);
            run.start(1);
            awaitMore(run);

            awaitLearnt(run, run.clicks().size());
            assertThat(learntIds(run)).doesNotHaveDuplicates().hasSameElementsAs(run.clicks());
            parts(run).values().forEach(part -> part.books()
                    .forEach((topic, account) -> assertThat(account.isBalanced())
                            .as(part.part() + ", " + topic + ": " + account.inWords())
                            .isTrue()));
            assertThat(read(run, Topic.MODEL_ROUNDS, topics(run).modelRounds()).stream()
                            .map(ModelRound::shards)
                            .distinct())
                    .containsExactly(4, 2, 3);
            run.stop(0);
            run.stop(1);
            Map.Entry<Integer, String> whole = run.run("verify", "--model");
            assertThat(whole.getKey()).as(whole.getValue()).isZero();
            assertThat(whole.getValue()).contains("from step 0 to ");
            assertThat(run.run("verify", "--model", "--step", "200").getKey())
                    .as("up to a step of the time with one learner")
                    .isZero();
            Map.Entry<Integer, String> rest = audit(run); // from a round of four learners on
            assertThat(rest.getKey()).as(rest.getValue()).isZero();
            assertThat(rest.getValue()).contains("same bits: ").doesNotContain("from step 0 to ");
            Map.Entry<Integer, String> counts = run.run("verify", "--counts");
            assertThat(counts.getKey()).as(counts.getValue()).isZero();
            assertThat(counts.getValue()).doesNotContain("not checkable");
            Map.Entry<Integer, String> exported = run.run(
                    "model", "export", "--out", directory.resolve("checkpoint").toString());
            assertThat(exported.getKey())
                    .as("each row of a user is of one shard: " + exported.getValue())
                    .isZero();
            report.print(
                    run.clicks().size()
                            + " clicks learnt once each; audits across all changes: same deltas, rounds and vectors",
                    List.of());
        }
    }

    /** Verifies the model, from the newest checkpoint on. */
    private Map.Entry<Integer, String> audit(ShardedRun run) throws Exception {
        return run.run(
                "verify",
                "--model",
                "--checkpoints",
                directory.resolve("checkpoints").toString());
    }

    /** Stops trainers, and gives the model another number of learners, while events come. */
    private void change(ShardedRun run, int to, FaultReport report, int... trainers) throws Exception {
        for (int trainer : trainers) {
            run.stop(trainer);
        }
        run.send(500);
        long begun = System.nanoTime();
        Map.Entry<Integer, String> changed = rescale(run, to);
        assertThat(changed.getKey()).as(changed.getValue()).isZero();
        report.note("to " + to + " learners in "
                + Duration.ofNanos(System.nanoTime() - begun).toSeconds() + " s");
    }

    private Map.Entry<Integer, String> rescale(ShardedRun run, int to, String... more) throws Exception {
        run.set("learn.shards", Integer.toString(to));
        run.set("stream.state-directory", directory.resolve("state-rescale").toString());
        return run.run(Stream.concat(Stream.of("rescale"), Stream.of(more)).toArray(String[]::new));
    }

    private static void awaitMore(ShardedRun run) {
        long before = learnt(run);
        run.send(500);
        awaitLearnt(run, before + 200);
    }

    private static void awaitLearnt(ShardedRun run, long clicks) {
        run.awaits(clicks + " clicks are learnt", () -> learnt(run) >= clicks);
    }

    private static long learnt(ShardedRun run) {
        return parts(run).values().stream()
                .mapToLong(part ->
                        Books.Account.of(InputTopic.EXAMPLES, part.books()).outcome(Outcome.LEARNT))
                .sum();
    }

    /** What learners and base told last of themselves, by part. */
    private static Map<String, PartProgress> parts(ShardedRun run) {
        return new ProgressLog(run.settings().cluster()).latest();
    }

    private static List<String> learntIds(ShardedRun run) {
        return read(run, Topic.MINI_BATCHES, topics(run).miniBatches()).stream()
                .flatMap(batch -> batch.examples().stream())
                .map(TrainingExample::id)
                .toList();
    }

    private static <T> List<T> read(ShardedRun run, Topic<T> topic, String name) {
        List<T> all = new ArrayList<>();
        try (TopicReader reader = run.settings().cluster().reader()) {
            reader.readAll(
                    name, record -> all.add(Streams.wire().decode(topic, record).orElseThrow()));
        }
        return all;
    }

    private static TopicNames topics(ShardedRun run) {
        return run.settings().topics().names();
    }
}
