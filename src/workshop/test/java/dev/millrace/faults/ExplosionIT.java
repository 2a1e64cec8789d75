package dev.millrace.faults;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.millrace.cli.HttpProbe;
import dev.millrace.cli.MillraceProcess;
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
    private static final Input BEFORE = GOOD.part(0, FROM);
    /** Clicks of the largest weight that an event may have. */
    private static final Input EXPLOSION = new SeededStream.Part(GOOD, FROM, TO, 1e6);

    private static final Input AFTER = GOOD.part(TO, GOOD.moments());
    private static final Input STREAM = Input.inTurn(BEFORE, EXPLOSION, AFTER);

    @Test
    void f25_theLastGoodVectorsAreServedMeanwhile() throws Exception {
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
            try (MillraceProcess server = run.run("serve", "serve")) {
                HttpProbe recall = new HttpProbe(server.awaitOutput("recall API (\\S+)"));
                run.load(BEFORE);
                run.train();
                run.awaitRead(BEFORE.sent());
                Experiment.awaits("the server is ready", recall::isReady);
                long good = run.step();
                Experiment.awaits("the server has the last good step", () -> served(recall) >= good);

                run.load(EXPLOSION);
                run.awaitRead(GOOD.part(0, TO).sent());
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
                run.load(AFTER);
                run.awaitBooks(undisturbed.books());
                TrainingProgress after = run.training().orElseThrow();
                assertThat(after.withheld()).isEmpty();
                assertThat(letters(run)).hasSize((int) after.refusedSteps());
                Experiment.awaits("the server has the last step", () -> served(recall) >= after.step());
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
        return recall.readiness().path("step").asLong();
    }

    private static List<TopicRecord> letters(Experiment run) {
        return run.deadLetters().stream()
                .filter(letter -> letter.headers()
                        .getOrDefault("millrace.reject.reason", "")
                        .equals("refused-step"))
                .toList();
    }
}
