package dev.millrace.shop;

import dev.millrace.evaluate.Figures;
import dev.millrace.evaluate.Report;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What visitors clicked who saw answers, and how soon they found the new items that deserve it, which only the shop knows. One thread. */
public final class Visits {

    private static final int PARTS = 10;
    private static final int CLICKS = 10;
    private static final double HOUR_MILLIS = 3_600_000;

    private final ShopSettings settings;
    private final Assortment assortment;
    private final Users users;
    private final BitSet clicked = new BitSet();
    private final Map<Assortment.Item, Integer> clicks = new HashMap<>();
    private final Map<Assortment.Item, Long> tenthClick = new HashMap<>();
    private int exposures;
    private long first;
    private long latest;

    Visits(ShopSettings settings, Assortment assortment, Users users) {
        this.settings = settings;
        this.assortment = assortment;
        this.users = users;
    }

    /** Takes a place of an answer, the first one first. */
    void shown(Assortment.Item item, boolean isClicked, long time) {
        first = exposures == 0 ? time : first;
        latest = Math.max(latest, time);
        clicked.set(exposures++, isClicked);
        if (isClicked && clicks.merge(item, 1, Integer::sum) == CLICKS) {
            tenthClick.put(item, time);
        }
    }

    /**
     * Tells clicks per 1,000 exposures, of all and of each tenth of them, and how long the good new items waited for their tenth click: the median, absent if
     * most never had it, and the share that never had it. New are items listed in the first half of the time, so that each has as much again. Good is the best
     * tenth of them by the mean probability of a click, were each user shown the item first of all when it is new.
     */
    public void tell(Report report) {
        if (exposures == 0) {
            report.note("no visitor saw an answer: the first come after %,d clicks", LocalRecommender.CLICKS_BEFORE);
            return;
        }
        Figures perThousand = new Figures().with("seed", settings.seed()).with("all", perThousand(0, exposures));
        for (int part = 0; part < PARTS; part++) {
            perThousand.with(String.valueOf(part + 1), perThousand((int) ((long) exposures * part / PARTS), (int)
                    ((long) exposures * (part + 1) / PARTS)));
        }
        report.add("clicks per 1,000 exposures", perThousand);
        List<Assortment.Item> recent = assortment.all().stream()
                .filter(item -> item.isListed() && item.since() >= first && item.since() - first < (latest - first) / 2)
                .toList();
        Map<Assortment.Item, Double> merits = new HashMap<>();
        recent.forEach(item -> merits.put(item, merit(item)));
        List<Assortment.Item> good = recent.stream()
                .sorted(Comparator.comparing((Assortment.Item item) -> merits.getOrDefault(item, 0.0))
                        .reversed())
                .limit(recent.size() / PARTS)
                .toList();
        double[] hours = good.stream()
                .filter(tenthClick::containsKey)
                .mapToDouble(item -> (tenthClick.getOrDefault(item, 0L) - item.since()) / HOUR_MILLIS)
                .sorted()
                .toArray();
        int median = (good.size() - 1) / 2; // at least half of them waited no longer
        report.add(
                "good new items",
                new Figures()
                        .with("seed", settings.seed())
                        .with("new", recent.size())
                        .with("good", good.size())
                        .with("hoursToTenthClick", median < hours.length ? hours[median] : Double.NaN)
                        .with("neverShare", (double) (good.size() - hours.length) / good.size())
                        .with(
                                "meanClicks",
                                good.stream()
                                        .mapToInt(item -> clicks.getOrDefault(item, 0))
                                        .average()
                                        .orElse(Double.NaN)));
    }

    private double perThousand(int from, int to) {
        return 1e3 * clicked.get(from, to).cardinality() / (to - from);
    }

    private double merit(Assortment.Item item) {
        return users.all().stream()
                .mapToDouble(user -> ShopGenerator.probability(assortment.logit(user, item, 0, item.since())))
                .average()
                .orElseThrow();
    }
}
