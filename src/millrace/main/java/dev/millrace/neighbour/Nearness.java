package dev.millrace.neighbour;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * How near items are to a user's latest clicks, by the lists of neighbours.
 *
 * <pre>
 * nb(j)     = Σ_k v_k C[e_k, j] / (T[e_k] + κ)        e_0 the latest click, up to e_4;  v_k ∝ 0.7^k, Σ v = 1;  κ = 3
 * number(j) = log(1 + nb(j) / ε)                      ε = 0.01
 * </pre>
 *
 * <p>C and T are weight and total of {@link NeighbourList}, decayed to the moment of the query. The number is log(nb + ε) but for what all
 * items share, and 0 for an item that no list has. So a few lists say all that is not 0.
 */
public final class Nearness {

    /** Clicks whose lists count. */
    public static final int LATEST = 5;

    private static final double DECAY = 0.7;
    private static final double CLICKS = 3; // κ
    private static final double LEAST = 0.01; // ε

    private Nearness() {}

    /** Receives a part of nb of an item. An item can come several times. */
    public interface Visitor {
        void visit(String item, double part);
    }

    /**
     * Visits the parts of nb, in the order of the history and of the lists.
     *
     * @param history of the user, latest first
     * @param time of the query, epoch milliseconds
     */
    public static void forEach(
            List<String> history,
            Function<String, Optional<NeighbourList>> lists,
            NeighbourSettings settings,
            long time,
            Visitor visitor) {
        forEachList(
                history,
                lists,
                settings,
                time,
                (list, share) -> list.forEach((item, weight) -> visitor.visit(item, share * weight)));
    }

    /** Receives the list of one of the clicks, and the share by which its weights are parts of nb. */
    interface ListVisitor {
        void visit(NeighbourList list, double share);
    }

    /** Visits the lists in the order of the history. */
    static void forEachList(
            List<String> history,
            Function<String, Optional<NeighbourList>> lists,
            NeighbourSettings settings,
            long time,
            ListVisitor visitor) {
        int count = Math.min(LATEST, history.size());
        double all = 0;
        for (int k = 0; k < count; k++) {
            all += power(k);
        }
        for (int k = 0; k < count; k++) {
            Optional<NeighbourList> found = lists.apply(history.get(k));
            if (found.isPresent()) {
                NeighbourList list = found.get();
                double left = list.left(time, settings.halfLife());
                visitor.visit(list, power(k) / all * left / (list.total() * left + CLICKS));
            }
        }
    }

    /** Returns the number of an item whose parts have that sum. */
    public static double number(double nb) {
        return StrictMath.log1p(nb / LEAST);
    }

    private static double power(int k) {
        return StrictMath.pow(DECAY, k);
    }
}
