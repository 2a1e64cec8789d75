package dev.millrace.attribute;

import dev.millrace.settings.SettingsReader;
import java.time.Duration;

/**
 * How much the examples of one user may count.
 *
 * <p>A new example counts with a share of its weight. With c, the sum of the shares of the user's earlier examples of the same
 * item, and C, that of all items, each decayed in event time:
 *
 * <pre>
 * share = min(1, 2 (1 − c / perItem)) · min(1, 2 (1 − C / perUser)), at least {@value #LEAST_SHARE}
 * </pre>
 *
 * <p>So examples count whole up to half a cap. Beyond that each counts less than the one before, and all together they never count
 * more than the cap.
 *
 * @param perItem most that examples of one user and item count together; 0: no cap
 * @param perUser most that all examples of one user count together; 0: no cap
 * @param halfLife event time after which a share weighs half in the sums
 */
public record ContributionCaps(double perItem, double perUser, Duration halfLife) {

    /** A weight stays above 0. A million of these count as one. */
    public static final double LEAST_SHARE = 1e-6;

    static ContributionCaps read(SettingsReader reader) {
        ContributionCaps caps = new ContributionCaps(
                reader.number(
                        "attribution.cap.user-item",
                        3,
                        0,
                        1e9,
                        "most that the clicks of one user on one item count together; they count whole up to half of it, "
                                + "and then less and less; 0: no cap"),
                reader.number(
                        "attribution.cap.user",
                        1000,
                        0,
                        1e9,
                        "most that all clicks of one user count together, in the same way; 0: no cap"),
                reader.duration(
                        "attribution.cap.half-life",
                        Duration.ofDays(1),
                        Duration.ofSeconds(1),
                        Duration.ofDays(365),
                        "event time after which a click weighs half in these sums"));
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

    /**
     * Returns the share of the next example.
     *
     * @param ofItem c
     * @param ofUser C
     */
    double share(double ofItem, double ofUser) {
        return Math.max(LEAST_SHARE, room(ofItem, perItem) * room(ofUser, perUser));
    }

    private static double room(double sum, double cap) {
        return cap == 0 ? 1 : Math.max(0, Math.min(1, 2 * (1 - sum / cap)));
    }
}
