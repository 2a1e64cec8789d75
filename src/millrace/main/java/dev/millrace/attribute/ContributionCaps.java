package dev.millrace.attribute;

import dev.millrace.settings.SettingsReader;
import java.time.Duration;

/**
 * How much the examples of one user may count. What an example counts is what it may change, wherever examples change anything.
 *
 * <p>A new example of weight w counts a. With c, the sum of what the user's earlier examples of the same item counted, and C, that of all items, each
 * decayed in event time:
 *
 * <pre>
 * a = min(w · min(1, 2 (1 − c / perItem)) · min(1, 2 (1 − C / perUser)),  perItem − c,  perUser − C)
 * </pre>
 *
 * <p>So examples count whole up to half a cap. Beyond that each counts less than the one before, and all together they never count more than the cap.
 * There is no example that would count less than {@value #LEAST}: a budget of one makes at most twenty examples.
 */
public record ContributionCaps(double perItem, double perUser, Duration halfLife, double mostWeight) {

    /** Least that an example counts, where there are caps. */
    public static final double LEAST = 0.05;

    static ContributionCaps read(SettingsReader reader) {
        ContributionCaps caps = new ContributionCaps(
                reader.number(
                        "attribution.cap.user-item = 3 in [0, 1.0E9]: maximum sum that a user's clicks on one item "
                                + "count; up to half of it clicks count in full, then each counts less; 0: no cap"),
                reader.number(
                        "attribution.cap.user = 1000 in [0, 1.0E9]: as attribution.cap.user-item, for all clicks of "
                                + "a user; 0: no cap"),
                reader.duration(
                        "attribution.cap.half-life = 1d in [1s, 365d]: event time after which a click counts half in "
                                + "the sums of attribution.cap.*"),
                reader.number(
                        "attribution.max-weight = 10 in [1, 1000000]: maximum weight of a click; a larger one counts as this"));
        requireOne(reader, "attribution.cap.user-item", caps.perItem);
        requireOne(reader, "attribution.cap.user", caps.perUser);
        return caps;
    }

    private static void requireOne(SettingsReader reader, String key, double cap) {
        reader.require(cap == 0 || cap >= 1, key, cap, "must be 0 or at least 1, a first click counts whole");
    }

    /** Returns true if examples are capped at all. */
    public boolean areAny() {
        return perItem > 0 || perUser > 0;
    }

    /** Returns the most that one example can count. */
    double most() {
        return amount(mostWeight, 0, 0);
    }

    /**
     * Returns what the next example counts; 0 if there is to be none.
     *
     * @param weight of its click
     * @param ofItem c
     * @param ofUser C
     */
    double amount(double weight, double ofItem, double ofUser) {
        double amount = Math.min(
                weight * share(ofItem, perItem) * share(ofUser, perUser),
                Math.min(left(ofItem, perItem), left(ofUser, perUser)));
        return amount < LEAST ? 0 : amount;
    }

    private static double share(double sum, double cap) {
        return cap == 0 ? 1 : Math.max(0, Math.min(1, 2 * (1 - sum / cap)));
    }

    private static double left(double sum, double cap) {
        return cap == 0 ? Double.MAX_VALUE : cap - sum;
    }
}
