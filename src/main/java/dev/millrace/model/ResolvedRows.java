package dev.millrace.model;

import java.util.ArrayList;
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
     * @param positive [examples] place of each example's item among the items
     * @param isListed returns whether an item is in the catalogue
     */
    static ResolvedRows of(
            FeatureInputs users,
            List<Subject> userSubjects,
            FeatureInputs items,
            List<Subject> itemSubjects,
            int[] positive,
            Predicate<String> isListed) {
        ResolvedRows resolved = new ResolvedRows(users, items);
        userSubjects.forEach(users::observe);
        for (int item : positive) {
            items.observe(itemSubjects.get(item));
        }
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
