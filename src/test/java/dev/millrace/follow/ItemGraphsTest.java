package dev.millrace.follow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.index.ItemIndex;
import dev.millrace.publish.ItemEmbedding;
import dev.millrace.recall.FakeEncoder;
import dev.millrace.recall.RecallEngine;
import dev.millrace.recall.ServedGeneration;
import java.util.Optional;
import java.util.concurrent.ForkJoinPool;
import org.junit.jupiter.api.Test;

class ItemGraphsTest {

    private static final int ITEMS = 300;
    private static final GraphSettings FROM_200 = new GraphSettings(200, 0.1, 0, 1, 0);

    private final RecallEngine engine = new RecallEngine(user -> Optional.empty());

    @Test
    void theServedGenerationGetsAGraphAndTheOneBeforeKeepsIts() {
        try (ItemGraphs graphs = new ItemGraphs(FROM_200)) {
            ItemIndex first = filled(graphs);
            ItemIndex second = filled(graphs);
            engine.serve(new ServedGeneration("g1", first, FakeEncoder.notReady()));
            graphs.refresh(engine);
            await().until(() -> graphs.builds() == 1);
            assertThat(second.graphItems()).isZero();

            engine.serve(new ServedGeneration("g2", second, FakeEncoder.notReady()));
            graphs.refresh(engine);
            await().until(() -> graphs.builds() == 2);

            assertThat(first.graphItems()).isEqualTo(ITEMS);
            assertThat(second.graphItems()).isEqualTo(ITEMS);
            assertThat(graphs.lastBuildSeconds()).isPositive();
        }
    }

    @Test
    void noGraphIsBuiltThatDoesNotFitIntoTheHeap() {
        // 12 bytes for each of 2 components, and some 960
        try (ItemGraphs graphs = new ItemGraphs(FROM_200, ITEMS * 984L)) {
            ItemIndex index = filled(graphs);
            engine.serve(new ServedGeneration("g1", index, FakeEncoder.notReady()));

            graphs.refresh(engine);

            assertThat(index.refreshGraph(Runnable::run, new ForkJoinPool(1), () -> false))
                    .as("none was begun")
                    .isTrue();
        }
    }

    @Test
    void afterABuildThatFailedNoneIsBegun() {
        try (ItemGraphs graphs = new ItemGraphs(FROM_200)) {
            ItemIndex index = filled(graphs);
            engine.serve(new ServedGeneration("g1", index, FakeEncoder.notReady()));

            graphs.build(index, () -> {
                throw new IllegalStateException("made to fail");
            });
            graphs.refresh(engine);

            assertThat(index.refreshGraph(Runnable::run, new ForkJoinPool(1), () -> false))
                    .as("none was begun")
                    .isTrue();
            assertThat(graphs.builds()).isZero();
        }
    }

    private static ItemIndex filled(ItemGraphs graphs) {
        ItemIndex index = graphs.index(2);
        for (int item = 0; item < ITEMS; item++) {
            double angle = item * 0.01;
            float[] vector = {(float) Math.cos(angle), (float) Math.sin(angle)};
            index.upsert(new ItemEmbedding("i" + item, Optional.of(vector), "g", 1, 0, 0), 1);
        }
        return index;
    }
}
