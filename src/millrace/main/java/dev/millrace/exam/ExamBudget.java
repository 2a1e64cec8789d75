package dev.millrace.exam;

import dev.millrace.batch.MiniBatch;
import dev.millrace.model.Side;
import dev.millrace.model.TwoTower;
import dev.millrace.state.Form;
import java.util.HashSet;
import java.util.Set;

/**
 * What exams may cost: a share of the steps' own arithmetic. One thread.
 *
 * <p>Costs are multiply-adds. They follow from the settings, the batch and the size of the catalogue, not from a clock:
 *
 * <pre>
 * step = 3 (users · user tower + items · item tower + users · items · width)     forward, and twice that backward
 * exam = catalogue · item tower + users · user tower + users · catalogue · width
 * </pre>
 *
 * <p>Each step adds its share to a credit. A batch is examined when the credit pays for it. The credit never exceeds the
 * cost of one exam, so that exams do not pile up.
 */
final class ExamBudget {

    private static final int FORWARD_AND_BACKWARD = 3;

    private final double share;
    private final int everyBatchUpTo;
    private double credit;

    /**
     * @param share of the steps' arithmetic; 0: no exam
     * @param everyBatchUpTo items; in a smaller catalogue every batch is examined
     */
    ExamBudget(double share, int everyBatchUpTo) {
        this.share = share;
        this.everyBatchUpTo = everyBatchUpTo;
    }

    /** Returns true if every batch of a catalogue of that size is examined. */
    boolean isOfEveryBatch(int catalogue) {
        return share != 0 && catalogue <= everyBatchUpTo;
    }

    /**
     * Adds the share of a step, and pays for the exam of its batch.
     *
     * @param users number of examples to examine
     * @param catalogue number of items
     * @return whether the batch is examined; of a large catalogue only if there is an example to examine
     */
    boolean affords(MiniBatch batch, int users, int catalogue, TwoTower model) {
        if (share == 0) {
            return false;
        }
        if (isOfEveryBatch(catalogue)) {
            credit = 0;
            return true;
        }
        credit = Math.min(
                credit + share * costOfStep(batch, model),
                costOfExam(batch.examples().size(), catalogue, model));
        double cost = costOfExam(users, catalogue, model);
        if (users == 0 || credit < cost) {
            return false;
        }
        credit -= cost;
        return true;
    }

    /** Returns what the steps have saved, in multiply-adds. */
    double credit() {
        return credit;
    }

    void fields(Form form) {
        credit = form.number(credit);
    }

    static double costOfStep(MiniBatch logged, TwoTower model) {
        MiniBatch batch = logged.asLearnt();
        Set<String> items = new HashSet<>(batch.negatives());
        items.addAll(batch.draws().hard());
        batch.examples().forEach(example -> items.add(example.item()));
        batch.exposed().forEach(example -> items.add(example.item()));
        int users = batch.examples().size() + batch.exposed().size();
        return FORWARD_AND_BACKWARD * costOfExam(users, items.size(), model);
    }

    static double costOfExam(int users, int catalogue, TwoTower model) {
        return (double) users * model.multiplyAdds(Side.USER)
                + (double) catalogue * model.multiplyAdds(Side.ITEM)
                + (double) users * catalogue * model.dim();
    }
}
