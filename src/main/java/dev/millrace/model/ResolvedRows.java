package dev.millrace.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;

/** The changes that a step makes while it finds the rows of its users and items. A refused step undoes them. One thread. */
final class ResolvedRows {

    private final FeatureInputs users;
    private final FeatureInputs items;
    private final Moments[] userMoments;
    private final Moments[] itemMoments;
    private final List<Runnable> retractions = new ArrayList<>();

    private ResolvedRows(FeatureInputs users, FeatureInputs items) {
        this.users = users;
        this.items = items;
        this.userMoments = users.momentsCopy();
        this.itemMoments = items.momentsCopy();
    }

    /**
     * Adds the numbers of the users and of the examples' items to the statistics, finds all rows, and admits new ones.
     *
     * @param weights [users] of the examples; in the statistics none counts more than 1
     * @param positive [examples] place of each example's item among the items
     * @param isListed returns whether an item is in the catalogue
     */
    static ResolvedRows of(
            Tower userTower,
            List<Subject> userSubjects,
            double[] weights,
            Tower itemTower,
            List<Subject> itemSubjects,
            int[] positive,
            Predicate<String> isListed) {
        FeatureInputs users = userTower.inputs();
        FeatureInputs items = itemTower.inputs();
        ResolvedRows resolved = new ResolvedRows(users, items);
        users.observe(
                userSubjects,
                Arrays.stream(weights).map(weight -> Math.min(1, weight)).toArray());
        double[] alike = new double[positive.length];
        Arrays.fill(alike, 1);
        items.observe(Arrays.stream(positive).mapToObj(itemSubjects::get).toList(), alike);
        FeatureInputs.Admissions admitted = (table, key) -> resolved.retractions.add(() -> table.retract(key));
        users.resolveAdmitting(userSubjects, isListed, admitted);
        items.resolveAdmitting(itemSubjects, isListed, admitted);
        return resolved;
    }

    /** Retracts the admitted rows, and resets the statistics. */
    void undo() {
        retractions.forEach(Runnable::run);
        users.resetMoments(userMoments);
        items.resetMoments(itemMoments);
    }
}
