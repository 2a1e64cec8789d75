package dev.millrace.recall;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.experiment.Arm;
import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.Experiment.Result;
import dev.millrace.generation.GenerationFact;
import dev.millrace.generation.GenerationFact.Kind;
import dev.millrace.popularity.PriorWeights;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.recall.Generations.Outcome;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class GenerationsTest {

    private static final int PARTITIONS = 2;

    private final RecallEngine engine = new RecallEngine(user -> Optional.empty());
    private final Map<String, FakeEncoder> encoders = new HashMap<>();
    private final Generations generations =
            new Generations(engine, generation -> Optional.ofNullable(encoders.get(generation)), 1);

    @Test
    void promotedGenerationsAnswerOnceComplete() {
        say("g1", Kind.PROMOTED);
        assertThat(take("a", "g1")).isEqualTo(Outcome.BUILDING);
        mark("g1", 0);
        mark("g1", 1);
        ready("g1");
        assertThat(generations.choose()).isFalse();

        generations.caughtUp(PARTITIONS);
        assertThat(generations.choose()).isTrue();
        assertThat(served()).contains("g1");
        assertThat(take("b", "g1")).isEqualTo(Outcome.VISIBLE);
        assertThat(generations.choose()).isFalse();
    }

    @Test
    void generationsWithoutEveryMarkDoNotAnswer() {
        answering("g1");
        take("a", "g2");
        ready("g2");
        say("g2", Kind.PROMOTED);
        mark("g2", 1);
        assertThat(generations.choose()).isFalse();

        mark("g2", 0);
        assertThat(generations.choose()).isTrue();
        assertThat(served()).contains("g2");
    }

    @Test
    void promotionAndRollBackDecideWhichAnswers() {
        answering("g1");
        complete("g2");
        assertThat(generations.choose()).isFalse();
        assertThat(engine.generation("g2")).isPresent();

        say("g2", Kind.PROMOTED);
        assertThat(generations.choose()).isTrue();
        assertThat(take("b", "g1")).isEqualTo(Outcome.BUILDING);

        say("g1", Kind.PROMOTED);
        assertThat(generations.choose()).isTrue();
        assertThat(served()).contains("g1");
        assertThat(engine.served().orElseThrow().index().size()).isEqualTo(2);
    }

    @Test
    void atStartTheLastCompleteGenerationAnswers() {
        generations.caughtUp(PARTITIONS);
        complete("g1");
        take("a", "g2");
        say("g1", Kind.PROMOTED);
        say("g2", Kind.PROMOTED);

        assertThat(generations.choose()).isTrue();
        assertThat(served()).contains("g1");

        complete("g2");
        assertThat(served()).contains("g2");
    }

    @Test
    void fewEarlierGenerationsAreKeptAndAllNewOnes() {
        answering("g1");
        complete("shadow");
        for (String next : new String[] {"g2", "g3"}) {
            complete(next);
            say(next, Kind.PROMOTED);
            assertThat(generations.choose()).isTrue();
        }

        assertThat(generations.takeDropped()).containsExactly("g1");
        assertThat(generations.takeDropped()).isEmpty();
        assertThat(take("b", "g1")).isEqualTo(Outcome.OUTDATED);
        assertThat(take("b", "g2")).isEqualTo(Outcome.BUILDING);
        assertThat(engine.generation("shadow")).isPresent();
        assertThat(engine.generation("g1")).isEmpty();
    }

    @Test
    void atStartThoseThatWouldNotBeKeptAreNotBuilt() {
        for (String each : new String[] {"g1", "g2", "g3"}) {
            say(each, Kind.PROMOTED);
        }
        say("g4", Kind.STARTED);
        generations.historyRead();

        assertThat(take("a", "g1")).isEqualTo(Outcome.OUTDATED);
        assertThat(take("a", "g2")).isEqualTo(Outcome.BUILDING);
        assertThat(take("a", "g3")).isEqualTo(Outcome.BUILDING);
        assertThat(take("a", "g4")).isEqualTo(Outcome.BUILDING);
    }

    @Test
    void aRetiredOneIsDroppedAndNeverAnswersAgain() {
        answering("g1");
        complete("g2");
        say("g2", Kind.PROMOTED);
        generations.choose();

        say("g2", Kind.RETIRED);
        assertThat(generations.choose()).isTrue();
        assertThat(served()).contains("g1");

        say("g2", Kind.PROMOTED);
        assertThat(generations.choose()).isFalse();
        assertThat(take("a", "g2")).isEqualTo(Outcome.OUTDATED);
    }

    @Test
    void retiredGenerationsAnswerUntilAnotherCan() {
        answering("g1");
        say("g1", Kind.RETIRED);
        assertThat(generations.choose()).isFalse();
        assertThat(take("b", "g1")).isEqualTo(Outcome.VISIBLE);
        assertThat(generations.takeDropped()).isEmpty();

        complete("g2");
        say("g2", Kind.PROMOTED);
        assertThat(generations.choose()).isTrue();
        assertThat(served()).contains("g2");
        assertThat(generations.takeDropped()).containsExactly("g1");
    }

    @Test
    void treatmentsAnswerFromTheOrderToTheEnd() {
        answering("g1");
        complete("g2");
        say("g2", Kind.COMPLETE);
        generations.choose();
        Experiment experiment = Experiment.started(
                "trial",
                "g1",
                "g2",
                "salt",
                new Experiment.Plan("click", 0.02, 0.05, List.of(50.0), Duration.ofHours(1), Duration.ofMinutes(9)),
                1);
        String treated = experiment.arm("u1") == Arm.TREATMENT ? "u1" : "u3";
        assertThat(experiment.arm(treated)).isEqualTo(Arm.TREATMENT);

        generations.take(GenerationFact.of(experiment, 1, "test"));
        generations.choose();
        assertThat(answered(treated)).isEqualTo("g2");

        generations.take(GenerationFact.of(experiment.ended(Result.ROLLED_BACK, 2, "worse"), 2, "test"));
        generations.choose();
        assertThat(answered(treated)).isEqualTo("g1");
        assertThat(served()).contains("g1");
    }

    private String answered(String user) {
        return ((Answer.Found) engine.recall(RecallRequest.unseen(user, 1))).generation();
    }

    @Test
    void tombstonesReachTheirGenerationsIndexAlone() {
        answering("g1");
        complete("g2");

        assertThat(generations.take(new ItemEmbedding("a", Optional.empty(), "g2", 0, 0, 0), 1, 0))
                .isEqualTo(Outcome.REMOVED);

        assertThat(engine.served().orElseThrow().index().size()).isEqualTo(1);
        assertThat(generations.statuses())
                .containsExactly(
                        new Generations.Status("g1", 1, true, true), new Generations.Status("g2", 0, true, true));
    }

    @Test
    void aVectorThatCannotBeUsedChangesNothing() {
        answering("g1");

        assertThat(generations.take(embedding("b", "g1", 1, 2, 3), 1, 0)).isEqualTo(Outcome.UNUSABLE);
        assertThat(generations.take(embedding("b", "g2", Float.NaN), 99, 0)).isEqualTo(Outcome.UNUSABLE);

        assertThat(engine.served().orElseThrow().index().size()).isEqualTo(1);
    }

    private void answering(String generation) {
        complete(generation);
        say(generation, Kind.PROMOTED);
        generations.caughtUp(PARTITIONS);
        assertThat(generations.choose()).isTrue();
    }

    private void complete(String generation) {
        take("a", generation);
        for (int partition = 0; partition < PARTITIONS; partition++) {
            mark(generation, partition);
        }
        ready(generation);
        generations.choose();
    }

    private Optional<String> served() {
        return engine.served().map(ServedGeneration::generation);
    }

    private void say(String generation, Kind kind) {
        generations.take(new GenerationFact(generation, kind, 1, 1, 1, "test"));
    }

    private Outcome take(String item, String generation) {
        return generations.take(embedding(item, generation, 1, 0), 1, 0);
    }

    private void mark(String generation, int partition) {
        generations.take(embedding("", generation), 1, partition);
    }

    private void ready(String generation) {
        encoders.put(generation, FakeEncoder.of(1, PriorWeights.NONE));
    }

    private static ItemEmbedding embedding(String item, String generation, float... vector) {
        return new ItemEmbedding(item, Optional.of(vector), generation, 1, 0, 0);
    }
}
