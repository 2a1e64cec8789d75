package dev.millrace.model;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** What a step changed when it found the rows of its users and items; a step that is refused takes it back. One thread. */
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
     * Takes the numbers of users and of the items they chose into the statistics, and finds all rows; makes those that are due.
     *
     * @param positive [examples] which of the items an example's is
     * @param isListed whether an item is in the catalogue
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

    /** Retracts the rows that were made, and sets the statistics back. */
    void undo() {
        retractions.forEach(Runnable::run);
        users.resetMoments(userMoments);
        items.resetMoments(itemMoments);
    }
}
