package dev.millrace.generation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.millrace.experiment.Experiment;
import dev.millrace.experiment.Experiment.Result;
import dev.millrace.generation.GenerationFact.Kind;
import dev.millrace.wire.Topic;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GenerationRulesTest {

    private static final long NOW = 1_000;
    private static final String BY = "millrace model promote";

    private final GenerationHistory history = new GenerationHistory();
    private final GenerationRules rules = new GenerationRules(history);

    @Test
    void completeGenerationIsPromotedAndOthersAreRefused() {
        take("a", Kind.STARTED, Kind.COMPLETE);
        take("b", Kind.STARTED);
        take("c", Kind.STARTED, Kind.COMPLETE, Kind.RETIRED);

        assertThat(rules.promote("a", NOW, BY)).isEqualTo(new GenerationFact("a", Kind.PROMOTED, NOW, 0, 0, BY));
        refuses(() -> rules.promote("b", NOW, BY), "generation b is not complete");
        refuses(() -> rules.promote("c", NOW, BY), "generation c is retired");
        refuses(() -> rules.promote("d", NOW, BY), "there is no generation d; known: a, b, c");
        take("a", Kind.PROMOTED);
        refuses(() -> rules.promote("a", NOW, BY), "generation a is the one that answers");
    }

    @Test
    void rollBackGoesToTheGenerationThatAnsweredBefore() {
        refuses(() -> rules.rollBack(NOW, BY), "none was promoted yet");
        take("a", Kind.STARTED, Kind.COMPLETE, Kind.PROMOTED);
        refuses(() -> rules.rollBack(NOW, BY), "a is the only one promoted");
        take("b", Kind.STARTED, Kind.COMPLETE, Kind.PROMOTED);

        GenerationFact back = rules.rollBack(NOW, BY);

        assertThat(back.generation()).isEqualTo("a");
        history.take(back);
        assertThat(history.answering()).contains("a");
        assertThat(rules.rollBack(NOW, BY).generation()).isEqualTo("b");
    }

    @Test
    void generationIsRetiredUnlessItAnswersOrFeedsTheOthers() {
        take("a", Kind.STARTED, Kind.COMPLETE, Kind.PROMOTED);
        take("b", Kind.STARTED, Kind.COMPLETE);

        refuses(() -> rules.retire("a", Optional.empty(), NOW, BY), "generation a answers");
        refuses(() -> rules.retire("b", Optional.of("b"), NOW, BY), "makes the mini-batches");
        refuses(() -> rules.retire("c", Optional.empty(), NOW, BY), "there is no generation c");
        history.take(rules.retire("b", Optional.of("a"), NOW, BY));

        assertThat(history.state("b")).isEqualTo(GenerationHistory.State.RETIRED);
    }

    @Test
    void generationsBelongToTheirPublisherUntilHandedOver() {
        assertThat(rules.handOver("a", "app-2")).isEmpty();
        history.take(new GenerationFact("a", Kind.STARTED, 7, 3, 5, "app-1", new TreeMap<>(Map.of("k", "v"))));
        assertThat(rules.refusesToPublish("a", "app-1")).isEmpty();
        assertThat(rules.refusesToPublish("a", "app-2"))
                .hasValueSatisfying(why -> assertThat(why).contains("application app-1 has published generation a"));

        GenerationFact handed = rules.handOver("a", "app-2").orElseThrow();
        history.take(handed);

        // all but the owner stays as it was
        assertThat(handed)
                .isEqualTo(new GenerationFact("a", Kind.STARTED, 7, 3, 5, "app-2", new TreeMap<>(Map.of("k", "v"))));
        assertThat(rules.refusesToPublish("a", "app-2")).isEmpty();
        take("a", Kind.RETIRED);
        assertThat(rules.refusesToPublish("a", "app-2"))
                .hasValueSatisfying(why -> assertThat(why).contains("generation a is retired"));
    }

    @Test
    void learnerPromotesItsGenerationAsTheSettingSays() {
        assertThat(Promotion.LIVE.isAutomatic("a", true, history)).isTrue();
        assertThat(Promotion.LIVE.isAutomatic("a", false, history)).isFalse();
        take("b", Kind.STARTED, Kind.COMPLETE, Kind.PROMOTED);
        assertThat(Promotion.LIVE.isAutomatic("a", true, history)).isFalse();
        assertThat(Promotion.LIVE.isAutomatic("b", true, history)).isTrue();
        assertThat(Promotion.ALWAYS.isAutomatic("a", false, history)).isTrue();
        assertThat(Promotion.NEVER.isAutomatic("b", true, history)).isFalse();
    }

    @Test
    void serversAnswerFromTheCompleteOnePromotedLast() {
        assertThat(history.next(Optional.empty(), generation -> true)).isEmpty();
        take("a", Kind.STARTED, Kind.COMPLETE, Kind.PROMOTED);
        take("b", Kind.STARTED, Kind.COMPLETE, Kind.PROMOTED);
        take("c", Kind.STARTED, Kind.COMPLETE, Kind.PROMOTED);

        // c is not complete here: a goes on answering, and not b; a server that has none takes b
        assertThat(history.next(Optional.of("a"), generation -> !generation.equals("c")))
                .isEmpty();
        assertThat(history.next(Optional.empty(), generation -> !generation.equals("c")))
                .contains("b");
        assertThat(history.next(Optional.of("a"), generation -> true)).contains("c");
        assertThat(history.next(Optional.of("c"), generation -> true)).isEmpty();
        // c answers, b is the one kept before it
        assertThat(history.surplus(Optional.of("c"), 1)).containsExactly("a");
        assertThat(history.surplus(Optional.of("b"), 1)).isEmpty();
        take("c", Kind.RETIRED);
        assertThat(history.next(Optional.of("c"), generation -> generation.equals("a")))
                .contains("a");
    }

    @Test
    void stateFollowsTheFacts() {
        take("a", Kind.STARTED);
        assertThat(history.state("a")).isEqualTo(GenerationHistory.State.BUILDING);
        take("a", Kind.COMPLETE);
        assertThat(history.state("a")).isEqualTo(GenerationHistory.State.COMPLETE);
        take("a", Kind.PROMOTED);
        assertThat(history.state("a")).isEqualTo(GenerationHistory.State.ANSWERS);
        take("b", Kind.STARTED, Kind.COMPLETE, Kind.PROMOTED);
        assertThat(history.state("a")).isEqualTo(GenerationHistory.State.ANSWERED_BEFORE);
    }

    @ParameterizedTest
    @CsvSource({
        "tower.channel.mine.kind, dl4j, true",
        "model.engine, nd4j, true",
        "tower.channel.mine.kind, mlp, false",
        "model.engine, vector, false",
        "tower.dim, 64, false"
    })
    void aPromotionSaysIfServersNeedNatives(String key, String value, boolean needsNatives) {
        history.take(new GenerationFact("a", Kind.STARTED, NOW, 1, 2, "app", new TreeMap<>(Map.of(key, value))));

        assertThat(history.caution("a").isPresent()).isEqualTo(needsNatives);
        assertThat(history.caution("unknown")).isEmpty();
    }

    /** As another process, which knew less, may have written it. */
    @Test
    void experimentThatCannotBeginIsLeftOut() {
        take("a", Kind.STARTED, Kind.COMPLETE, Kind.PROMOTED);
        take("building", Kind.STARTED);
        take("c", Kind.STARTED, Kind.COMPLETE);
        take("retired", Kind.STARTED, Kind.COMPLETE, Kind.RETIRED);

        history.take(GenerationFact.of(experiment("a", "building"), NOW, BY));
        history.take(GenerationFact.of(experiment("a", "retired"), NOW, BY));
        history.take(GenerationFact.of(experiment("c", "a"), NOW, BY));

        assertThat(history.latestExperiment()).isEmpty();
    }

    @Test
    void treatmentThatIsRetiredMeanwhileIsNotPromoted() {
        take("a", Kind.STARTED, Kind.COMPLETE, Kind.PROMOTED);
        take("b", Kind.STARTED, Kind.COMPLETE);
        history.take(rules.experiment(experiment("a", "b"), NOW, BY));
        take("b", Kind.RETIRED);

        history.take(GenerationFact.of(experiment("a", "b").ended(Result.PROMOTED, NOW, "better"), NOW, BY));

        assertThat(history.answering()).contains("a");
        assertThat(history.state("b")).isEqualTo(GenerationHistory.State.RETIRED);
    }

    @Test
    void experimentTriesACompleteGeneration() {
        take("a", Kind.STARTED, Kind.COMPLETE, Kind.PROMOTED);
        take("b", Kind.STARTED);
        take("c", Kind.STARTED, Kind.COMPLETE);
        refuses(() -> rules.experiment(experiment("c", "a"), NOW, BY), "generation c does not answer");
        refuses(() -> rules.experiment(experiment("a", "b"), NOW, BY), "generation b is building");
        refuses(() -> rules.experiment(experiment("a", "d"), NOW, BY), "there is no generation d");
        refuses(() -> rules.experiment(experiment("a", "c").ramped(NOW), NOW, BY), "does not run");
        refuses(() -> rules.experiment(experiment("a", "c").ended(Result.STOPPED, NOW, "no"), NOW, BY), "does not run");

        history.take(rules.experiment(experiment("a", "c"), NOW, BY));

        assertThat(history.runningExperiment()).contains(experiment("a", "c"));
        assertThat(history.state("c")).isEqualTo(GenerationHistory.State.ANSWERS_SOME);
        assertThat(history.answering()).contains("a");
        refuses(() -> rules.experiment(experiment("a", "c"), NOW, BY), "another order came first");
        refuses(() -> rules.promote("c", NOW, BY), "experiment trial runs");
        refuses(() -> rules.rollBack(NOW, BY), "experiment trial runs");
        refuses(() -> rules.retire("c", Optional.empty(), NOW, BY), "experiment trial runs");
        assertThat(Promotion.ALWAYS.isAutomatic("b", true, history)).isFalse();
    }

    @Test
    void ofTwoOrdersForOneStepTheFirstHolds() {
        take("a", Kind.STARTED, Kind.COMPLETE, Kind.PROMOTED);
        take("b", Kind.STARTED, Kind.COMPLETE);
        Experiment started = experiment("a", "b");
        GenerationFact begin = rules.experiment(started, NOW, BY);
        history.take(begin);
        GenerationFact back = rules.experiment(started.ended(Result.ROLLED_BACK, NOW, "worse"), NOW, BY);
        GenerationFact promotion = rules.experiment(started.ended(Result.PROMOTED, NOW, "better"), NOW, "another");

        history.take(back);
        history.take(promotion);
        history.take(back);

        assertThat(history.latestExperiment().flatMap(Experiment::end).map(Experiment.End::result))
                .contains(Result.ROLLED_BACK);
        assertThat(history.answering()).contains("a");
        assertThat(history.runningExperiment()).isEmpty();
        // compaction keeps all three: a later order does not take the first one's place
        assertThat(Topic.GENERATIONS.key(back)).isNotEqualTo(Topic.GENERATIONS.key(promotion));
        assertThat(Topic.GENERATIONS.key(back)).isNotEqualTo(Topic.GENERATIONS.key(begin));
    }

    @Test
    void ofTwoOrdersForOneStageTheFirstHolds() {
        take("a", Kind.STARTED, Kind.COMPLETE, Kind.PROMOTED);
        take("b", Kind.STARTED, Kind.COMPLETE);
        Experiment started = experiment("a", "b");
        history.take(rules.experiment(started, NOW, BY));
        GenerationFact first = rules.experiment(started.ramped(NOW + 1), NOW, BY);
        GenerationFact second = rules.experiment(started.ramped(NOW + 2), NOW, BY);
        GenerationFact end = rules.experiment(started.ended(Result.STOPPED, NOW, "enough"), NOW, BY);

        history.take(first);
        history.take(second);
        history.take(end);

        assertThat(history.latestExperiment()).contains(started.ramped(NOW + 1));
    }

    @Test
    void endOfAnExperimentIsThePromotionItself() {
        take("a", Kind.STARTED, Kind.COMPLETE, Kind.PROMOTED);
        take("b", Kind.STARTED, Kind.COMPLETE);
        history.take(rules.experiment(experiment("a", "b"), NOW, BY));

        history.take(rules.experiment(experiment("a", "b").ended(Result.PROMOTED, NOW, "better"), NOW, BY));

        assertThat(history.answering()).contains("b");
        assertThat(history.answeredBefore()).contains("a");
        assertThat(rules.rollBack(NOW, BY).generation()).isEqualTo("a");
    }

    @Test
    void experimentEndsWithItsControlOrTreatment() {
        take("a", Kind.STARTED, Kind.COMPLETE, Kind.PROMOTED);
        take("b", Kind.STARTED, Kind.COMPLETE);
        take("c", Kind.STARTED, Kind.COMPLETE);
        history.take(rules.experiment(experiment("a", "b"), NOW, BY));

        take("c", Kind.PROMOTED); // by a learner that knew of no experiment

        assertThat(history.runningExperiment()).isEmpty();
        take("a", Kind.PROMOTED);
        assertThat(history.runningExperiment()).isPresent();
        take("b", Kind.RETIRED);
        assertThat(history.runningExperiment()).isEmpty();
    }

    @Test
    void treatmentThatAnsweredLastIsKept() {
        take("older", Kind.STARTED, Kind.COMPLETE, Kind.PROMOTED);
        take("a", Kind.STARTED, Kind.COMPLETE, Kind.PROMOTED);
        take("b", Kind.STARTED, Kind.COMPLETE, Kind.PROMOTED);
        refuses(() -> rules.experiment(experiment("b", "older"), NOW, BY), "generation older is answered before");
        take("older", Kind.RETIRED);
        assertThat(history.surplus(Optional.of("b"), 0)).containsExactly("a");

        history.take(rules.experiment(experiment("b", "a"), NOW, BY));

        assertThat(history.surplus(Optional.of("b"), 0)).isEmpty();
    }

    private static Experiment experiment(String control, String treatment) {
        Experiment.Plan plan = new Experiment.Plan(
                "click", 0.02, 0.05, List.of(10.0, 50.0), Duration.ofHours(1), Duration.ofMinutes(10));
        return Experiment.started("trial", control, treatment, "salt", plan, NOW);
    }

    private void take(String generation, Kind... kinds) {
        for (Kind kind : kinds) {
            history.take(new GenerationFact(generation, kind, NOW, 1, 2, "app"));
        }
    }

    private static void refuses(ThrowingCallable asked, String why) {
        assertThatThrownBy(asked).isInstanceOf(GenerationRefusedException.class).hasMessageContaining(why);
    }
}
