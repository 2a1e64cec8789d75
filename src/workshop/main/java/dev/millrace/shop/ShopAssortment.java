package dev.millrace.shop;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.replay.ReplayEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ObjLongConsumer;

/** The items of a shop: they stay, and cost something. */
final class ShopAssortment implements Assortment {

    private static final int RECENT_CLICKS = 1_000;
    private static final double TASTE_SHARE = 0.45;
    private static final double POPULAR_SHARE = 0.30;
    private static final double NEW_SHARE = 0.10;
    private static final double HOT_SHARE = 0.20;
    private static final double BIAS = -3.6;
    private static final double MATCH_SLOPE = 5;
    private static final double APPEAL_SLOPE = 0.6;
    private static final double PRICE_SLOPE = 0.4;
    private static final double POSITION_SLOPE = 0.08;
    private static final double HOT_LIFT = 1.2;
    private static final int MAX_GROWTH = 4;

    private final ShopSettings settings;
    private final HiddenSpace space;
    private final ObjLongConsumer<ReplayEvent> log;
    private final List<Item> items = new ArrayList<>();
    private final List<List<Item>> byCategory = new ArrayList<>();
    private final RecentClicks recent = new RecentClicks(RECENT_CLICKS);
    private double nextItem;
    private double nextBurst;
    private double burstEnds = ShopGenerator.OPENING;
    private List<Item> hot = List.of();

    /** @param log receives each event and when it is sent */
    ShopAssortment(ShopSettings settings, HiddenSpace space, ObjLongConsumer<ReplayEvent> log) {
        this.settings = settings;
        this.space = space;
        this.log = log;
        for (int at = 0; at < HiddenSpace.CATEGORIES; at++) {
            byCategory.add(new ArrayList<>());
        }
        for (int at = 0; at < settings.items(); at++) {
            add(ShopGenerator.OPENING - 1);
        }
    }

    @Override
    public void open() {
        nextItem = ShopGenerator.OPENING + space.untilNext(settings.newItemsPerDay() * settings.items());
        nextBurst = ShopGenerator.OPENING + space.untilNext(settings.burstsPerDay());
    }

    @Override
    public void advance(double nextVisit) {
        while (nextItem <= nextVisit) {
            if (items.size() < settings.items() * (long) MAX_GROWTH) {
                add((long) nextVisit - ShopGenerator.MAX_EARLY_MILLIS); // not among what has left already
            }
            nextItem += space.untilNext(settings.newItemsPerDay() * settings.items());
        }
        if (nextBurst <= nextVisit) {
            hot = space.coin() ? List.of(space.any(items)) : space.any(byCategory);
            burstEnds = nextVisit + (2 + 4 * space.uniform()) * HiddenSpace.DAY_MILLIS / 24;
            nextBurst = nextVisit + space.untilNext(settings.burstsPerDay());
        } else if (burstEnds <= nextVisit) {
            hot = List.of();
        }
    }

    private void add(long since) {
        int category = space.below(HiddenSpace.CATEGORIES);
        int brand = space.below(HiddenSpace.BRANDS);
        double[] place = space.place(category, brand);
        double logPrice = 2 + category % 5 * 0.5 + 0.5 * space.gaussian();
        Item item = new Item("i" + items.size(), since, Long.MAX_VALUE, place, space.gaussian(), logPrice, true);
        items.add(item);
        byCategory.get(category).add(item);
        Features features = Features.of(Map.of(
                "category", new FeatureValue.Category("category-" + category),
                "brand", new FeatureValue.Category("brand-" + brand),
                "price", new FeatureValue.Quantity(logPrice)));
        log.accept(new ReplayEvent.ItemListing(new CatalogueItem(item.id(), since, features)), since);
    }

    @Override
    public Optional<Item> choose(Users.User user) {
        return Optional.of(chosen(user));
    }

    private Item chosen(Users.User user) {
        if (!hot.isEmpty() && space.uniform() < HOT_SHARE) {
            return space.any(hot);
        }
        double way = space.uniform();
        if (way < TASTE_SHARE) {
            return Item.matching(user, items, space);
        }
        if (way < TASTE_SHARE + POPULAR_SHARE && !recent.isEmpty()) {
            return recent.any(space);
        }
        if (way < TASTE_SHARE + POPULAR_SHARE + NEW_SHARE) {
            int newest = Math.max(1, items.size() / 20);
            return items.get(items.size() - 1 - space.below(newest));
        }
        return space.any(items);
    }

    @Override
    public double logit(Users.User user, Item item, int position, long shown) {
        return BIAS
                + MATCH_SLOPE * user.match(item.place())
                + APPEAL_SLOPE * item.appeal()
                - PRICE_SLOPE * Math.abs(item.logPrice() - user.logBudget)
                - POSITION_SLOPE * position
                + (hot.contains(item) ? HOT_LIFT : 0);
    }

    @Override
    public void clicked(Item item) {
        recent.add(item);
    }

    @Override
    public List<Item> all() {
        return items;
    }

    @Override
    public Set<String> absent() {
        return Set.of();
    }

    @Override
    public double rhythm(double time) {
        return 1;
    }
}
