package dev.millrace.exam;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ItemScoresTest {

    /** More than two tiles, the last one partly filled; a width that is no multiple of what is added at once. */
    private static final int ITEMS = 2_500;

    private static final int DIM = 7;
    private static final int USERS = 5;

    @Test
    void countsAgreeWithComparingEveryItemsOwnScore() {
        SplittableRandom random = new SplittableRandom(11);
        float[] vectors = drawn(random, ITEMS * DIM);
        // an item of the first tile comes again in the last one, so that there are ties across tiles
        System.arraycopy(vectors, 3 * DIM, vectors, 2_400 * DIM, DIM);
        float[] users = drawn(random, USERS * DIM);
        ItemScores scores = new ItemScores(vectors, ITEMS, DIM);
        float[] terms = drawn(random, ITEMS);
        terms[2_400] = terms[3];
        ItemScores.Ranking plain = new ItemScores.Ranking(new float[ITEMS], USERS);
        ItemScores.Ranking raised = new ItemScores.Ranking(terms, USERS);
        for (int user = 0; user < USERS; user++) {
            plain.marks()[user] = scores.score(users, user * DIM, 3);
            raised.marks()[user] = scores.score(users, user * DIM, 3) + terms[3];
        }

        scores.count(users, List.of(plain, raised));

        for (ItemScores.Ranking ranking : List.of(plain, raised)) {
            for (int user = 0; user < USERS; user++) {
                int better = 0;
                int worse = 0;
                for (int item = 0; item < ITEMS; item++) {
                    float score = scores.score(users, user * DIM, item) + ranking.terms()[item];
                    better += score > ranking.marks()[user] ? 1 : 0;
                    worse += score < ranking.marks()[user] ? 1 : 0;
                }
                assertThat(ranking.above()[user]).isEqualTo(better);
                assertThat(ranking.below()[user]).isEqualTo(worse);
                // itself and its twin
                assertThat(ITEMS - ranking.above()[user] - ranking.below()[user])
                        .isEqualTo(2);
            }
        }
    }

    @Test
    void scoreIsTheInnerProduct() {
        ItemScores scores = new ItemScores(new float[] {1, 2, 3, 4}, 2, 2);

        // 5 · 3 + 6 · 4
        assertThat(scores.score(new float[] {0, 0, 5, 6}, 2, 1)).isEqualTo(39f);
    }

    private static float[] drawn(SplittableRandom random, int length) {
        float[] numbers = new float[length];
        for (int at = 0; at < length; at++) {
            numbers[at] = (float) (random.nextDouble() - 0.5);
        }
        return numbers;
    }
}
