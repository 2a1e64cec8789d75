package dev.millrace.shop;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.replay.ReplayEvent;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.ObjLongConsumer;
import java.util.stream.Collectors;

/**
 * The articles of a newspaper: they live for hours and lose attention in that time. Some are announced ahead of their time, and some are never
 * listed: the first click names them.
 *
 * <p>Layout: an article is made {@link #LONGEST_LEAD} before its time, so that its announcement can be sent, and waits. Then it lives, until its end.
 */
final class NewsAssortment implements Assortment {

    /** Shares of the articles. The rest is listed at its time. */
    static final double ANNOUNCED_SHARE = 0.5;

    static final double UNLISTED_SHARE = 0.2;

    /** Milliseconds; of the life, the median. */
    static final double MEDIAN_LIFE = 7 * 3_600_000.0;

    static final double SHORTEST_LEAD = 300_000;
    static final double LONGEST_LEAD = 6 * 3_600_000.0;

    /** Standard deviation of each component's noise: the noise is as long as the vector of the topic. */
    static final double EMBEDDING_NOISE = 1 / Math.sqrt(HiddenSpace.DIMS);

    private static final double LIFE_SPREAD = 0.6;
    private static final double BURST_MILLIS = 3_600_000;
    private static final int RECENT_CLICKS = 1_500;
    private static final double TASTE_SHARE = 0.30;
    private static final double POPULAR_SHARE = 0.35;
    private static final double NEW_SHARE = 0.20;
    private static final double HOT_SHARE = 0.10;
    private static final double BIAS = -3.8;
    private static final double MATCH_SLOPE = 2.5;
    private static final double APPEAL_SLOPE = 0.8;
    private static final double AGE_SLOPE = 2;
    private static final double POSITION_SLOPE = 0.08;
    private static final double HOT_LIFT = 1;

    private final ShopSettings settings;
    private final HiddenSpace space;
    private final HiddenSpace noise; // of embeddings alone, so that all else is the same without them
    private final ObjLongConsumer<ReplayEvent> log;
    private final Deque<Item> ahead = new ArrayDeque<>();
    private final List<Item> living = new ArrayList<>(); // the newest last
    private final RecentClicks recent = new RecentClicks(RECENT_CLICKS);
    private final List<Item> articles = new ArrayList<>();
    private Optional<Set<String>> absent = Optional.empty(); // until articles come or go
    private double nextArticle;
    private double nextBurst;
    private double burstEnds;
    private double visitEnds;
    private Optional<Item> hot = Optional.empty();

    /** @param log receives each event and when it is sent */
    NewsAssortment(ShopSettings settings, HiddenSpace space, ObjLongConsumer<ReplayEvent> log) {
        this.settings = settings;
        this.space = space;
        this.noise = new HiddenSpace(~settings.seed());
        this.log = log;
        for (int at = 0; at < settings.items(); at++) {
            double life = life();
            living.add(written(ShopGenerator.OPENING - space.uniform() * life, life));
        }
        living.sort(Comparator.comparingLong(Item::since));
    }

    @Override
    public void open() {
        nextArticle = ShopGenerator.OPENING + untilNextArticle(ShopGenerator.OPENING);
        nextBurst = ShopGenerator.OPENING + space.untilNext(settings.burstsPerDay());
    }

    @Override
    public void advance(double nextVisit) {
        while (nextArticle <= nextVisit + LONGEST_LEAD) {
            ahead.add(written(nextArticle, life()));
            nextArticle += untilNextArticle(nextArticle);
        }
        // an early click, too, is after its article
        while (!ahead.isEmpty() && ahead.element().since() <= nextVisit - ShopGenerator.MAX_EARLY_MILLIS) {
            living.add(ahead.remove());
            absent = Optional.empty();
        }
        visitEnds = nextVisit + ShopGenerator.VISIT_MILLIS;
        if (living.removeIf(article -> !isLiving(article))) {
            absent = Optional.empty();
        }
        if (nextBurst <= nextVisit && !living.isEmpty()) {
            hot = Optional.of(living.get(living.size() - 1));
            burstEnds = nextVisit + (0.5 + space.uniform()) * BURST_MILLIS;
            nextBurst = nextVisit + space.untilNext(settings.burstsPerDay());
        }
        hot = hot.filter(article -> burstEnds > nextVisit && isLiving(article));
    }

    private boolean isLiving(Item article) {
        return article.until() > visitEnds;
    }

    private double untilNextArticle(double time) {
        return space.untilNext(settings.newItemsPerDay() * settings.items() * rhythm(time));
    }

    private double life() {
        return MEDIAN_LIFE * Math.exp(LIFE_SPREAD * space.gaussian());
    }

    /** Makes an article, and announces or lists it unless it is never listed. */
    private Item written(double time, double life) {
        long since = (long) time;
        int category = space.below(HiddenSpace.CATEGORIES);
        int brand = space.below(HiddenSpace.BRANDS);
        double[] place = space.place(category, brand);
        FeatureValue embedding = embedding(place);
        double appeal = space.gaussian();
        double fate = space.uniform();
        boolean isListed = fate < 1 - UNLISTED_SHARE;
        double lead = SHORTEST_LEAD * Math.pow(LONGEST_LEAD / SHORTEST_LEAD, space.uniform());
        Item article = new Item("i" + articles.size(), since, (long) (time + life), place, appeal, 0, isListed);
        articles.add(article);
        absent = Optional.empty();
        if (isListed) {
            Map<String, FeatureValue> features = new HashMap<>();
            features.put("category", new FeatureValue.Category("category-" + category));
            features.put("brand", new FeatureValue.Category("brand-" + brand));
            if (settings.hasEmbeddings()) {
                features.put("embedding", embedding);
            }
            log.accept(
                    new ReplayEvent.ItemListing(new CatalogueItem(article.id(), since, Features.of(features))),
                    fate < ANNOUNCED_SHARE ? since - (long) lead : since);
        }
        return article;
    }

    private FeatureValue embedding(double[] place) {
        List<Float> noisy = new ArrayList<>();
        for (double component : place) {
            noisy.add((float) (component + EMBEDDING_NOISE * noise.gaussian()));
        }
        return new FeatureValue.Dense(noisy);
    }

    @Override
    public Optional<Item> choose(Users.User user) {
        return living.isEmpty() ? Optional.empty() : Optional.of(chosen(user));
    }

    private Item chosen(Users.User user) {
        if (hot.isPresent() && space.uniform() < HOT_SHARE) {
            return hot.get();
        }
        double way = space.uniform();
        if (way < TASTE_SHARE) {
            return Item.matching(user, living, space);
        }
        if (way < TASTE_SHARE + POPULAR_SHARE && !recent.isEmpty()) {
            Item clicked = recent.any(space);
            if (isLiving(clicked)) {
                return clicked;
            }
        }
        if (way < TASTE_SHARE + POPULAR_SHARE + NEW_SHARE) {
            int newest = Math.max(1, living.size() / 10);
            return living.get(living.size() - 1 - space.below(newest));
        }
        return space.any(living);
    }

    @Override
    public double logit(Users.User user, Item item, int position, long shown) {
        double age = (double) (shown - item.since()) / (item.until() - item.since());
        return BIAS
                + MATCH_SLOPE * user.match(item.place())
                + APPEAL_SLOPE * item.appeal()
                - AGE_SLOPE * age
                - POSITION_SLOPE * position
                + (hot.filter(item::equals).isPresent() ? HOT_LIFT : 0);
    }

    @Override
    public void clicked(Item item) {
        recent.add(item);
    }

    @Override
    public List<Item> all() {
        return articles;
    }

    @Override
    public Set<String> absent() {
        if (absent.isEmpty()) {
            Set<Item> present = new HashSet<>(living);
            absent = Optional.of(articles.stream()
                    .filter(article -> !present.contains(article))
                    .map(Item::id)
                    .collect(Collectors.toUnmodifiableSet()));
        }
        return absent.get();
    }

    /** Most is read, and written, at three in the afternoon. */
    @Override
    public double rhythm(double time) {
        return 1 - 0.8 * Math.cos(2 * Math.PI * (time / HiddenSpace.DAY_MILLIS - 3.0 / 24));
    }
}
