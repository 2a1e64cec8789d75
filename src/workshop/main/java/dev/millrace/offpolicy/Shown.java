package dev.millrace.offpolicy;

/**
 * An item that was shown at a place, as the estimates read it.
 *
 * @param user rows of one user are one observation
 * @param place from 1
 * @param propensity probability with which the logged policy showed the item at the place, in (0, 1]
 * @param candidate the same of the policy to estimate, in [0, 1]
 * @param expected click rate of the item at the place by a model; 0 without one
 * @param expectedOfCandidate mean of these rates over what the candidate shows at the place; 0 without one
 */
public record Shown(
        int user,
        int item,
        int place,
        boolean isClicked,
        double propensity,
        double candidate,
        double expected,
        double expectedOfCandidate) {

    Shown clicked(boolean click) {
        return new Shown(user, item, place, click, propensity, candidate, expected, expectedOfCandidate);
    }

    Shown with(double probability, double rate, double meanRate) {
        return new Shown(user, item, place, isClicked, propensity, probability, rate, meanRate);
    }
}
