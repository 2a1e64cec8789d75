package dev.millrace.recall;

import static org.assertj.core.api.Assertions.assertThat;

import dev.millrace.index.ItemIndex;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.recall.Generations.Outcome;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class GenerationsTest {

    private final RecallEngine engine = new RecallEngine(user -> Optional.empty());
    private final Map<String, FakeEncoder> encoders = new HashMap<>();
    private final Generations generations = new Generations(
            engine,
            generation -> encoders.computeIfAbsent(generation, name -> FakeEncoder.notReady()),
            Completeness.byItemCount(),
            ItemIndex::new);
    private long now;

    @Test
    void aGenerationIsServedOnceCaughtUpAndItsEncoderIsReady() {
        assertThat(take("a", "g1")).isEqualTo(Outcome.BUILDING);
        assertThat(generations.promoteIfComplete()).isFalse();

        generations.caughtUp();
        assertThat(generations.promoteIfComplete()).isFalse();

        ready("g1");
        assertThat(generations.promoteIfComplete()).isTrue();
        assertThat(engine.served().map(ServedGeneration::generation)).contains("g1");
        assertThat(take("b", "g1")).isEqualTo(Outcome.VISIBLE);
    }

    @Test
    void aNewerGenerationIsBuiltBesideUntilItHasAsManyItems() {
        serve("g9", "a", "b");

        assertThat(take("a", "g10")).isEqualTo(Outcome.BUILDING);
        ready("g10");
        assertThat(generations.promoteIfComplete()).isFalse();
        assertThat(take("b", "g10")).isEqualTo(Outcome.BUILDING);
        assertThat(generations.promoteIfComplete()).isTrue();

        assertThat(engine.served().map(ServedGeneration::generation)).contains("g10");
        assertThat(engine.previous().map(ServedGeneration::generation)).contains("g9");
    }

    @Test
    void theOneBeforeKeepsTakingItsVectorsAndOlderOnesAreOutdated() {
        serve("g1", "a");
        serve("g2", "a");
        serve("g3", "a");

        assertThat(take("b", "g2")).isEqualTo(Outcome.BUILDING);
        assertThat(generations.take(embedding("b", "g1", 1, 0), 1)).isEqualTo(Outcome.OUTDATED);
    }

    @Test
    void whatCompactionLeftOfAnOldGenerationIsOutdatedWhicheverPartitionIsReadFirst() {
        assertThat(generations.take(embedding("a", "g-new", 1, 0), 500)).isEqualTo(Outcome.BUILDING);

        assertThat(generations.take(embedding("b", "g-old", 1, 0), 400)).isEqualTo(Outcome.OUTDATED);

        assertThat(generations.building().map(ServedGeneration::generation)).contains("g-new");
    }

    @Test
    void aTombstoneTakesTheItemOutOfEveryIndex() {
        serve("g1", "a", "b");
        take("a", "g2");

        assertThat(generations.take(new ItemEmbedding("a", Optional.empty(), "g2", 1, 0, 0), 1))
                .isEqualTo(Outcome.REMOVED);

        assertThat(engine.served().orElseThrow().index().size()).isEqualTo(1);
        assertThat(generations.building().orElseThrow().index().size()).isZero();
    }

    @Test
    void aVectorThatCannotBeUsedChangesNothing() {
        serve("g1", "a");

        assertThat(generations.take(embedding("b", "g1", 1, 2, 3), 1)).isEqualTo(Outcome.UNUSABLE);
        assertThat(generations.take(embedding("b", "g2", Float.NaN), 99)).isEqualTo(Outcome.UNUSABLE);
        assertThat(generations.take(embedding("b", "g2"), 99)).isEqualTo(Outcome.UNUSABLE);

        assertThat(generations.building()).isEmpty();
        assertThat(engine.served().orElseThrow().index().size()).isEqualTo(1);
    }

    private void serve(String generation, String... items) {
        for (String item : items) {
            take(item, generation);
        }
        ready(generation);
        generations.caughtUp();
        assertThat(generations.promoteIfComplete()).isTrue();
    }

    private Outcome take(String item, String generation) {
        return generations.take(embedding(item, generation, 1, 0), ++now);
    }

    private void ready(String generation) {
        Optional.ofNullable(encoders.get(generation)).orElseThrow().becomeReady();
    }

    private static ItemEmbedding embedding(String item, String generation, float... vector) {
        return new ItemEmbedding(item, Optional.of(vector), generation, 1, 0, 0);
    }
}
