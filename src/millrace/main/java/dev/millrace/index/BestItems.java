package dev.millrace.index;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.PriorityQueue;

/** The best items met so far, as many as are wanted. One thread. */
final class BestItems {

    private final int k;
    private final PriorityQueue<ScoredItem> worstFirst;

    /**
     * @param k items wanted, at least 1
     * @param of items that can come
     */
    BestItems(int k, int of) {
        this.k = k;
        this.worstFirst = new PriorityQueue<>(Math.min(k, of) + 1, ScoredItem.BEST_FIRST.reversed());
    }

    int size() {
        return worstFirst.size();
    }

    /** The least score of those kept, of which there is one. */
    float least() {
        return worstFirst.element().score();
    }

    /** Whether an item is better than the worst of those kept, or there is room for it. */
    boolean admits(String item, float score) {
        if (worstFirst.size() < k) {
            return true;
        }
        ScoredItem worst = worstFirst.element();
        return score > worst.score() || (score == worst.score() && item.compareTo(worst.item()) < 0);
    }

    /** Keeps an item that is admitted, in place of the worst if there are as many as are wanted. */
    void add(String item, float score) {
        if (worstFirst.size() == k) {
            worstFirst.remove();
        }
        worstFirst.add(new ScoredItem(item, score));
    }

    /** All that are kept, as {@link ScoredItem#BEST_FIRST} says. */
    List<ScoredItem> bestFirst() {
        List<ScoredItem> found = new ArrayList<>(worstFirst);
        found.sort(ScoredItem.BEST_FIRST);
        return Collections.unmodifiableList(found);
    }
}
