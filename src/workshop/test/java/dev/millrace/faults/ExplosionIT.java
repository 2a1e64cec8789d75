package dev.millrace.faults;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.cli.HttpProbe;
import dev.millrace.cli.MillraceProcess;
import dev.millrace.topic.EventProducer;
import dev.millrace.train.TrainingProgress;
import dev.millrace.wire.TopicRecord;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Steps that would ruin the model. */
@Tag("fault")
@Tag("long")
class ExplosionIT {

    private static final SeededStream GOOD = new SeededStream(4, 6_000);
    private static final int FROM = 2_000;
    private static final int TO = 3_000;
    private static final ExplodingStream STREAM = new ExplodingStream(GOOD, FROM, TO);

    @Test
    void f25_harmfulStepsAreRefusedAndTheLastGoodVectorsAreServedUntilOneIsLearntAgain() throws Exception {
        try (Experiment run = Experiment.begin(
                "F25", "clicks of weight 1e6, all bounds lifted; SIGKILL while publication is withheld", 1)) {
            // with any of these bounds no step is refused
            run.setForBoth("attribution.max-weight", "1e6");
            run.setForBoth("attribution.cap.user-item", "0");
            run.setForBoth("attribution.cap.user", "0");
            run.set(
                    "stream.max-task-idle",
                    "5s"); // the input comes in parts: its topics are merged by time all the same
            Outcome undisturbed = run.undisturbed(STREAM);
            try (MillraceProcess server = run.run("serve", "serve");
                    EventProducer producer = run.producer()) {
                HttpProbe recall = new HttpProbe(server.awaitOutput("recall API (\\S+)"));
                SeededStream.sendUsers(producer);
                STREAM.send(producer, 0, FROM);
                run.train();
                run.awaitRead(GOOD.sent(FROM));
                await("the server is ready").atMost(Experiment.PATIENCE).until(recall::isReady);
                long good = run.step();
                await("the server has the last good step")
                        .atMost(Experiment.PATIENCE)
                        .until(() -> served(recall) >= good);

                STREAM.send(producer, FROM, TO);
                run.awaitRead(GOOD.sent(TO));
                TrainingProgress bad = run.training().orElseThrow();
                run.note(bad.refusedSteps() + " steps refused up to step " + bad.step() + ": "
                        + bad.withheld().orElse("published all the same"));
                assertThat(bad.refusedSteps()).isGreaterThan(3);
                assertThat(bad.withheld()).isPresent();
                answersAreFinite(recall);
                long servedMeanwhile = served(recall);
                run.note("the server goes on from step " + servedMeanwhile);
                assertThat(servedMeanwhile).isLessThan(bad.step());
                run.trainers().get(0).kill();

                run.train();
                STREAM.send(producer, TO, GOOD.moments());
                run.awaitBooks(undisturbed.books());
                TrainingProgress after = run.training().orElseThrow();
                assertThat(after.withheld()).isEmpty();
                assertThat(letters(run)).hasSize((int) after.refusedSteps());
                await("the server has the last step")
                        .atMost(Experiment.PATIENCE)
                        .until(() -> served(recall) >= after.step());
                answersAreFinite(recall);
                run.note(after.refusedSteps() + " steps refused, each a dead letter; published again");
            }

            run.judge(undisturbed, Judgement.Demand.SAME_LOG);
        }
    }

    private static void answersAreFinite(HttpProbe recall) throws Exception {
        for (int user = 0; user < 50; user++) {
            JsonNode answer = recall.fetch("/v1/recall?k=10&user=u" + user);
            assertThat(answer.path("items")).isNotEmpty();
            answer.path("items")
                    .forEach(hit -> assertThat(hit.path("score").isNumber()).isTrue());
        }
    }

    /** Latest step that the server has a vector of. */
    private static long served(HttpProbe recall) throws Exception {
        return recall.fetch("/readyz").path("step").asLong();
    }

    private static List<TopicRecord> letters(Experiment run) {
        return run.deadLetters().stream()
                .filter(letter -> letter.headers()
                        .getOrDefault("millrace.reject.reason", "")
                        .equals("refused-step"))
                .toList();
    }
}
