package dev.millrace.fuzz;

import dev.millrace.attribute.ContributionCaps;
import dev.millrace.train.Shop;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What accounts could be after: each is a number of damage to others, and the most that the rules allow of it. */
enum Goal {

    /**
     * An item before others' eyes. An account counts 3 on one item, or 1000 / 65 on each if it goes round 65 items, since 64 are remembered. It moves the
     * item as that many honest users do who click it once each. Some 15 of them put it before nearly all others' eyes, so that places tell more clicks no
     * longer apart. From there on damage is what the examples of the item count.
     */
    RANK {
        @Override
        Verdict judge(Scene scene, Program program) {
            Raid.Outcome raid = scene.raided(program);
            Shop.Standing standing = raid.standing.orElseThrow();
            boolean isTold = standing.reach() < MOST_REACH_TOLD;
            double clicks = isTold ? scene.asHonestClicks(standing.reach()) : raid.onTarget;
            return new Verdict(
                    clicks,
                    clicks + standing.reach(),
                    isTold
                            ? WHOLE_CLICKS * scene.accounts() + DEVIATIONS_ON_TARGET * Math.sqrt(raid.varianceOnTarget)
                            : DAY_OF_BUDGET * COUNTED_ON_ONE * scene.accounts(),
                    String.format(
                            Locale.ROOT,
                            "as %s, by examples of it that count %.1f: first ten of %.1f %%, median rank %.0f; alone %.1f %%, %.0f",
                            isTold
                                    ? String.format(Locale.ROOT, "%.1f honest clicks", clicks)
                                    : "more honest clicks than places tell apart",
                            raid.onTarget,
                            100 * standing.topShare(),
                            standing.medianRank(),
                            100 * scene.control(0).topShare(),
                            scene.control(0).medianRank()));
        }
    },

    /** Clicks of others that make no example. No client moves the clock, and the caps are each user's own: none. */
    LOST {
        @Override
        Verdict judge(Scene scene, Program program) {
            Raid.Outcome raid = scene.raided(program);
            int lost = lost(scene.quiet().honest, raid.honest);
            return new Verdict(
                    lost, lost, 0, lost + " of " + scene.quiet().honest.size() + " honest examples lost");
        }
    },

    /** Steps that are refused, with the examples of others in them. An example counts 3 at most, and a batch of those is far below optimiser.refuse-gradient-norm: none. */
    REFUSED {
        @Override
        Verdict judge(Scene scene, Program program) {
            Raid.Outcome raid = scene.raided(program);
            int refused = raid.refused - scene.quiet().refused;
            return new Verdict(
                    refused,
                    refused + raid.steepest / (1 + raid.steepest),
                    0,
                    String.format(
                            Locale.ROOT,
                            "%d steps refused; the steepest gradient %.2f, alone %.2f",
                            refused,
                            raid.steepest,
                            scene.quiet().steepest));
        }
    },

    /**
     * Items of others that nobody announced and that leave the catalogue. An example adds or keeps an item with the probability of what it counts. So in
     * expectation no more leave than the examples count, and those count no more than the cap.
     */
    EVICTED {
        @Override
        Map<String, String> settings() {
            return Map.of("catalogue.max-unannounced", "300", "attribution.cap.user", "20");
        }

        @Override
        Verdict judge(Scene scene, Program program) {
            Raid.Outcome raid = scene.raided(program);
            int evicted = lost(scene.quiet().items, raid.items);
            ContributionCaps caps = scene.settings().attribution().caps();
            double most = caps.perUser() == 0
                    ? raid.counted
                    : Math.min(raid.counted, DAY_OF_BUDGET * caps.perUser() * scene.accounts());
            return new Verdict(
                    evicted,
                    evicted,
                    most + DEVIATIONS * Math.sqrt(raid.variance),
                    String.format(
                            Locale.ROOT,
                            "%d of %d items evicted by examples that count %.1f",
                            evicted,
                            scene.quiet().items.size(),
                            raid.counted));
        }
    },

    /** Steps of publication withheld. The gate looks at examples that count: those of the accounts must be a good part of its window. */
    GATE {
        @Override
        Map<String, String> settings() {
            return Map.of("publish.gate.window", "256");
        }

        @Override
        Verdict judge(Scene scene, Program program) {
            Raid.Outcome raid = scene.raided(program);
            int withheld = raid.withheld - scene.quiet().withheld;
            boolean areMany = raid.counted
                    >= WINDOW_SHARE
                            * scene.settings().trainer().publish().gate().window();
            return new Verdict(
                    withheld,
                    withheld > 0
                            ? MOST_COUNTED - raid.counted
                            : raid.counted / MOST_COUNTED, // the less it takes, the worse
                    areMany ? Double.MAX_VALUE : 0,
                    String.format(
                            Locale.ROOT, "%d steps withheld by examples that count %.1f", withheld, raid.counted));
        }
    },

    /** Weight in the list of neighbours of one middling item. */
    NEIGHBOURS {
        @Override
        Verdict judge(Scene scene, Program program) {
            Raid.Outcome raid = scene.raided(program);
            Raid.Neighbours list = raid.neighbours;
            return new Verdict(
                    list.weight(),
                    list.weight(),
                    (NEIGHBOURS_OF_ONE + list.total() / 17) * scene.accounts(),
                    String.format(
                            Locale.ROOT,
                            "a weight of %.1f, and %d of %d entries",
                            list.weight(),
                            list.entries(),
                            list.size()));
        }
    },

    /** Bytes of the attribution's state, its changelog and its output that are written for each event of the accounts. */
    BYTES {
        @Override
        Verdict judge(Scene scene, Program program) {
            Raid.Outcome raid = scene.raided(program);
            double each = raid.sent < LEAST_SENT ? 0 : (double) (raid.written - scene.quiet().written) / raid.sent;
            return new Verdict(
                    each,
                    each,
                    BYTES_AN_EVENT,
                    String.format(Locale.ROOT, "%.0f bytes for each of %d events", each, raid.sent));
        }
    },

    /** The decision of an experiment whose arms are alike, in either direction. One account decides none. */
    EXPERIMENT {
        @Override
        Verdict judge(Scene scene, Program program) {
            return ExperimentRaid.judge(program, scene.accounts());
        }
    };

    /** The cap of 3, what decays within the raid, and what the lists of neighbours add. */
    private static final int WHOLE_CLICKS = 5;

    /** A search of a thousand trials finds draws at 4 of them. */
    private static final double DEVIATIONS_ON_TARGET = 5;

    /** 15 honest clicks reach 0.98, 30 to 100 of them between 0.98 and 1. */
    private static final double MOST_REACH_TOLD = 0.97;

    /** attribution.cap.user-item */
    private static final double COUNTED_ON_ONE = 3;

    /** Enough for a search, which climbs by the luck of draws that no attacker sees. */
    private static final double DEVIATIONS = 8;

    /** What decays within the raid makes room again: three hours of a half-life of a day, as examples count from a little ago until an hour ahead. */
    private static final double DAY_OF_BUDGET = 1 + 3.0 / 24 * Math.log(2);

    private static final double MOST_COUNTED = 1e6;
    private static final double WINDOW_SHARE = 0.25;
    /** NeighbourList: one user adds so much, and one part in seventeen of all that was added. */
    private static final double NEIGHBOURS_OF_ONE = 6;

    private static final double BYTES_AN_EVENT = 4 * 131_072;
    private static final int LEAST_SENT = 20;

    /**
     * What a raid did.
     *
     * @param damage to others
     * @param climbed what a search climbs by; the damage, and what leads there
     * @param bound most damage that the rules allow
     */
    record Verdict(double damage, double climbed, double bound, String words) {
        boolean holds() {
            return damage <= bound;
        }
    }

    /** Returns the settings in which it shows. */
    Map<String, String> settings() {
        return Map.of();
    }

    abstract Verdict judge(Scene scene, Program program);

    private static int lost(Set<String> alone, Set<String> raided) {
        Set<String> lost = new HashSet<>(alone);
        lost.removeAll(raided);
        return lost.size();
    }
}
