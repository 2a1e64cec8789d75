package dev.millrace.follow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.millrace.index.ItemFilter;
import dev.millrace.index.ItemIndex;
import dev.millrace.index.ScoredItem;
import dev.millrace.index.Search;
import dev.millrace.index.SearchListener.Means;
import dev.millrace.publish.ItemEmbedding;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GraphRecallTest {

    private final ItemIndex index = new ItemIndex(1);
    private final GraphRecall recall = new GraphRecall(2);

    GraphRecallTest() {
        for (int item = 1; item <= 4; item++) {
            index.upsert(new ItemEmbedding("i" + item, Optional.of(new float[] {item}), "g", 1, 0, 0), 1);
        }
    }

    @AfterEach
    void close() {
        recall.close();
    }

    @Test
    void everySecondAnswerOfTheGraphIsRepeatedExactly() {
        List<ScoredItem> best = List.of(new ScoredItem("i4", 4), new ScoredItem("i3", 3));
        List<ScoredItem> half = List.of(new ScoredItem("i4", 4), new ScoredItem("i2", 2));
        assertThat(recall.recall()).isNaN();

        recall.answered(index, best2(), Means.GRAPH, half);
        recall.answered(index, best2(), Means.GRAPH, half); // repeated: one of two
        recall.answered(index, best2(), Means.EXACT, best);
        recall.answered(index, best2(), Means.GRAPH, half);
        recall.answered(index, best2(), Means.GRAPH, best); // repeated: both

        await().until(() -> recall.compared() == 2);
        assertThat(recall.recall()).isEqualTo(0.75);
        assertThat(recall.answers(Means.GRAPH)).isEqualTo(4);
        assertThat(recall.answers(Means.EXACT)).isEqualTo(1);
        assertThat(recall.dropped()).isZero();
    }

    @Test
    void whatCannotBeRepeatedSoonIsDroppedAndCounted() {
        CountDownLatch isHeld = new CountDownLatch(1);
        Search slow = new Search(
                new float[] {1},
                2,
                item -> {
                    try {
                        isHeld.await();
                    } catch (InterruptedException closed) {
                        Thread.currentThread().interrupt();
                    }
                    return false;
                },
                ItemFilter.NONE,
                0);
        List<ScoredItem> best = List.of(new ScoredItem("i4", 4), new ScoredItem("i3", 3));

        for (int answer = 0; answer < 100; answer++) {
            recall.answered(index, slow, Means.GRAPH, best); // 50 to be repeated: one is held, 16 wait
        }
        assertThat(recall.dropped()).isEqualTo(33);
        isHeld.countDown();

        await().until(() -> recall.compared() == 17);
        assertThat(recall.recall()).isEqualTo(1);
    }

    @Test
    void anItemOfTheSameScoreIsAsGood() {
        List<ScoredItem> exact = List.of(new ScoredItem("a", 2), new ScoredItem("b", 1));

        assertThat(GraphRecall.share(List.of(new ScoredItem("a", 2), new ScoredItem("c", 1)), exact))
                .isEqualTo(1);
        assertThat(GraphRecall.share(List.of(new ScoredItem("a", 2)), exact)).isEqualTo(0.5);
        assertThat(GraphRecall.share(List.of(), List.of())).isEqualTo(1);
    }

    private static Search best2() {
        return new Search(new float[] {1}, 2, item -> false, ItemFilter.NONE, 0);
    }
}
