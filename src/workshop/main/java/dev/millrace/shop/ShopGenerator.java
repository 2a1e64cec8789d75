package dev.millrace.shop;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.replay.BadRow;
import dev.millrace.replay.DataSet;
import dev.millrace.replay.ReplayEvent;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Simulates a small shop that never closes: users visit, see lists of items and click the items they like.
 *
 * <p>Layout: users and items are unit vectors of {@value #DIMS} dimensions. Each category has a fixed direction. An item lies near the direction of its
 * category, and a user lies between the directions of two favourite categories, which change over time. Visits are a Poisson process. A visit is a list of
 * exposures, chosen by taste, by recent popularity, or at random. A logistic model decides about each click: it uses the match of user and item, the appeal of the item,
 * its price, its place in the list, and bursts. {@code docs/generator.md} has the formulas.
 *
 * <p>Invariant: everything follows from the settings and the seed. The order of the calls to the random numbers is part of it: a call more, or in
 * another place, changes all later events. Events leave in time order, since an event waits until no later visit can precede it.
 *
 * <p>Cost: memory for users, items and the events that wait; a late click waits for up to two days of event time. One thread.
 */
public final class ShopGenerator implements DataSet {

    static final int DIMS = 8;
    static final int CATEGORIES = 20;
    static final int BRANDS = 60;
    static final int LIST_LENGTH = 8;

    private static final long OPENING = 1_767_225_600_000L; // 2026-01-01T00:00:00Z
    private static final double DAY_MILLIS = 86_400_000;
    private static final int GAP_MILLIS = 3_000;
    private static final int MAX_EARLY_MILLIS = 5_000;
    private static final int RECENT_CLICKS = 1_000;
    private static final int TASTE_CANDIDATES = 40;
    private static final double TASTE_SHARE = 0.45;
    private static final double POPULAR_SHARE = 0.30;
    private static final double NEW_SHARE = 0.10;
    private static final double HOT_SHARE = 0.20;
    private static final double FAVOURITE_WEIGHT = 0.8;
    private static final double PROFILE_TRUTH = 0.8;
    private static final double BIAS = -3.6;
    private static final double MATCH_SLOPE = 5;
    private static final double APPEAL_SLOPE = 0.6;
    private static final double PRICE_SLOPE = 0.4;
    private static final double PLACE_SLOPE = 0.08;
    private static final double HOT_LIFT = 1.2;
    private static final int MAX_CATALOGUE_GROWTH = 4;

    private final ShopSettings settings;

    public ShopGenerator(ShopSettings settings) {
        this.settings = settings;
    }

    @Override
    public boolean hasExposures() {
        return true;
    }

    /** Returns events without end. {@link Stream#limit} takes as many as are wanted. */
    @Override
    public Stream<ReplayEvent> events(Consumer<? super BadRow> badRows) {
        Shop shop = new Shop(settings);
        return StreamSupport.stream(
                new Spliterators.AbstractSpliterator<ReplayEvent>(
                        Long.MAX_VALUE, Spliterator.ORDERED | Spliterator.NONNULL) {
                    @Override
                    public boolean tryAdvance(Consumer<? super ReplayEvent> action) {
                        action.accept(shop.next());
                        return true;
                    }
                },
                false);
    }

    /** An item with its hidden properties. */
    private record Item(String id, long since, int category, double[] place, double appeal, double logPrice) {}

    /** A user with their hidden properties. */
    private static final class User {
        final String id;
        int first;
        int second;
        final double logBudget;
        final double[] whim;
        double[] taste;
        long lastVisit;

        User(String id, int first, int second, double logBudget, double[] whim, double[] taste, long lastVisit) {
            this.id = id;
            this.first = first;
            this.second = second;
            this.logBudget = logBudget;
            this.whim = whim;
            this.taste = taste;
            this.lastVisit = lastVisit;
        }
    }

    /** An event that waits for its time. */
    private record Waiting(ReplayEvent event, long arrival) {
        long time() {
            return event.time();
        }
    }

    /** A running shop. */
    private static final class Shop {
        private final ShopSettings settings;
        private final SplittableRandom random;
        private final double[][] directions = new double[CATEGORIES][];
        private final double[][] styles = new double[BRANDS][];
        private final List<Item> items = new ArrayList<>();
        private final List<List<Item>> byCategory = new ArrayList<>();
        private final List<User> users = new ArrayList<>();
        private final Item[] recentlyClicked = new Item[RECENT_CLICKS];
        private final PriorityQueue<Waiting> waiting =
                new PriorityQueue<>(Comparator.comparingLong(Waiting::time).thenComparingLong(Waiting::arrival));
        private long clicks;
        private long exposures;
        private long arrivals;
        private double nextVisit = OPENING + MAX_EARLY_MILLIS;
        private double nextItem;
        private double nextBurst;
        private double burstEnds = OPENING;
        private List<Item> hot = List.of();

        Shop(ShopSettings settings) {
            this.settings = settings;
            random = new SplittableRandom(settings.seed());
            for (int at = 0; at < CATEGORIES; at++) {
                directions[at] = direction();
                byCategory.add(new ArrayList<>());
            }
            for (int at = 0; at < BRANDS; at++) {
                styles[at] = direction();
            }
            for (int at = 0; at < settings.items(); at++) {
                addItem(OPENING - 1);
            }
            for (int at = 0; at < settings.users(); at++) {
                addUser(at);
            }
            nextItem = OPENING + untilNext(settings.newItemsPerDay() * settings.items());
            nextBurst = OPENING + untilNext(settings.burstsPerDay());
        }

        ReplayEvent next() {
            // the next visit may send events that are up to MAX_EARLY_MILLIS earlier than it
            while (waiting.isEmpty() || waiting.peek().time() >= (long) nextVisit - MAX_EARLY_MILLIS) {
                advance();
            }
            return waiting.remove().event();
        }

        private void advance() {
            long now = (long) nextVisit;
            while (nextItem <= nextVisit) {
                if (items.size() < settings.items() * (long) MAX_CATALOGUE_GROWTH) {
                    // not among what has left already
                    addItem(now - MAX_EARLY_MILLIS);
                }
                nextItem += untilNext(settings.newItemsPerDay() * settings.items());
            }
            if (nextBurst <= nextVisit) {
                hot = random.nextBoolean() ? List.of(any(items)) : any(byCategory);
                burstEnds = nextVisit + (2 + 4 * random.nextDouble()) * DAY_MILLIS / 24;
                nextBurst = nextVisit + untilNext(settings.burstsPerDay());
            } else if (burstEnds <= nextVisit) {
                hot = List.of();
            }
            visit(users.get(visitor()), now);
            nextVisit += untilNext(settings.visitsPerUserPerDay() * settings.users());
        }

        private void visit(User user, long now) {
            drift(user, now);
            Set<Item> seen = new HashSet<>();
            Set<Item> burning = Set.copyOf(hot);
            String surface = random.nextDouble() < 0.7 ? "home" : "search";
            for (int place = 0; place < LIST_LENGTH; place++) {
                Item item = choose(user);
                if (!seen.add(item)) {
                    continue;
                }
                long shown = now + (long) place * GAP_MILLIS;
                Features context = Features.of(Map.of(
                        "position", new FeatureValue.Quantity(place),
                        "surface", new FeatureValue.Category(surface)));
                String id = "e" + exposures++;
                send(new ReplayEvent.ItemExposure(new Exposure(id, user.id, item.id(), shown, 0, context)));
                double logit = BIAS
                        + MATCH_SLOPE * dot(user.taste, item.place())
                        + APPEAL_SLOPE * item.appeal()
                        - PRICE_SLOPE * Math.abs(item.logPrice() - user.logBudget)
                        - PLACE_SLOPE * place
                        + (burning.contains(item) ? HOT_LIFT : 0);
                if (random.nextDouble() < 1 / (1 + Math.exp(-logit))) {
                    click(user, item, id, shown, context);
                }
            }
        }

        private void click(User user, Item item, String exposure, long shown, Features context) {
            double fate = random.nextDouble();
            long after = 500 + (long) (Math.exp(1 + 0.8 * gaussian()) * 1_000);
            if (fate < settings.earlyShare()) {
                after = -1L - random.nextInt(MAX_EARLY_MILLIS);
            } else if (fate < settings.earlyShare() + settings.lateShare()) {
                after = (long) ((1 + random.nextDouble()) * DAY_MILLIS);
            }
            recentlyClicked[(int) (clicks++ % RECENT_CLICKS)] = item;
            send(new ReplayEvent.ItemClick(new Click(
                    "c" + exposure, user.id, item.id(), Optional.of(exposure), "click", 1, shown + after, 0, context)));
        }

        private Item choose(User user) {
            if (!hot.isEmpty() && random.nextDouble() < HOT_SHARE) {
                return any(hot);
            }
            double way = random.nextDouble();
            if (way < TASTE_SHARE) {
                Item best = any(items);
                for (int at = 1; at < TASTE_CANDIDATES; at++) {
                    Item other = any(items);
                    best = dot(user.taste, other.place()) > dot(user.taste, best.place()) ? other : best;
                }
                return best;
            }
            if (way < TASTE_SHARE + POPULAR_SHARE && clicks > 0) {
                return recentlyClicked[random.nextInt((int) Math.min(clicks, RECENT_CLICKS))];
            }
            if (way < TASTE_SHARE + POPULAR_SHARE + NEW_SHARE) {
                int newest = Math.max(1, items.size() / 20);
                return items.get(items.size() - 1 - random.nextInt(newest));
            }
            return any(items);
        }

        /** Changes the favourite category with a probability that grows with the time since the last visit. Taste follows within about a day. */
        private void drift(User user, long now) {
            double days = (now - user.lastVisit) / DAY_MILLIS;
            user.lastVisit = now;
            if (random.nextDouble() < 1 - Math.exp(-days / settings.tasteDays())) {
                user.second = user.first;
                user.first = random.nextInt(CATEGORIES);
            }
            double keep = Math.exp(-days);
            double[] aim = aim(user.first, user.second, user.whim);
            double[] taste = new double[DIMS];
            for (int at = 0; at < DIMS; at++) {
                taste[at] = keep * user.taste[at] + (1 - keep) * aim[at];
            }
            user.taste = unit(taste);
        }

        private double[] aim(int first, int second, double[] whim) {
            double[] aim = new double[DIMS];
            for (int at = 0; at < DIMS; at++) {
                aim[at] = FAVOURITE_WEIGHT * directions[first][at] + 0.5 * directions[second][at] + 0.3 * whim[at];
            }
            return unit(aim);
        }

        private void addItem(long since) {
            int category = random.nextInt(CATEGORIES);
            int brand = random.nextInt(BRANDS);
            double[] own = direction();
            double[] place = new double[DIMS];
            for (int at = 0; at < DIMS; at++) {
                place[at] = directions[category][at] + 0.5 * styles[brand][at] + 0.4 * own[at];
            }
            double logPrice = 2 + category % 5 * 0.5 + 0.5 * gaussian();
            Item item = new Item("i" + items.size(), since, category, unit(place), gaussian(), logPrice);
            items.add(item);
            byCategory.get(category).add(item);
            Features features = Features.of(Map.of(
                    "category", new FeatureValue.Category("category-" + category),
                    "brand", new FeatureValue.Category("brand-" + brand),
                    "price", new FeatureValue.Quantity(logPrice)));
            put(new ReplayEvent.ItemListing(new CatalogueItem(item.id(), since, features)));
        }

        private void addUser(int number) {
            int first = random.nextInt(CATEGORIES);
            int second = random.nextInt(CATEGORIES);
            double logBudget = 3 + 0.7 * gaussian();
            double[] whim = direction();
            String id = "u" + number;
            users.add(new User(id, first, second, logBudget, whim, aim(first, second, whim), OPENING));
            // five age groups of four categories each; most profiles have the group of the first favourite
            int group = random.nextDouble() < PROFILE_TRUTH ? first % 5 : random.nextInt(5);
            Features features = Features.of(Map.of(
                    "age_group", new FeatureValue.Category("group-" + group),
                    "budget",
                            new FeatureValue.Category(logBudget < 2.6 ? "low" : logBudget < 3.4 ? "middle" : "high")));
            put(new ReplayEvent.ProfileUpdate(new UserProfile(id, OPENING - 1, features)));
        }

        /** Chooses a visitor. The probability of a user falls with the square root of their number, so a few users visit often. */
        private int visitor() {
            double uniform = random.nextDouble();
            return (int) (uniform * uniform * users.size());
        }

        private void send(ReplayEvent event) {
            put(event);
            if (random.nextDouble() < settings.duplicateShare()) {
                put(event);
            }
        }

        private void put(ReplayEvent event) {
            waiting.add(new Waiting(event, arrivals++));
        }

        /** Milliseconds until the next event of a Poisson process. */
        private double untilNext(double aDay) {
            return aDay > 0 ? -Math.log(1 - random.nextDouble()) * DAY_MILLIS / aDay : Double.POSITIVE_INFINITY;
        }

        private <T> T any(List<T> list) {
            return list.get(random.nextInt(list.size()));
        }

        private double gaussian() {
            // Box and Muller 1958
            return Math.sqrt(-2 * Math.log(1 - random.nextDouble())) * Math.cos(2 * Math.PI * random.nextDouble());
        }

        private double[] direction() {
            double[] vector = new double[DIMS];
            for (int at = 0; at < DIMS; at++) {
                vector[at] = gaussian();
            }
            return unit(vector);
        }

        private static double[] unit(double[] vector) {
            double norm = Math.sqrt(dot(vector, vector));
            double[] unit = new double[vector.length];
            for (int at = 0; at < unit.length; at++) {
                unit[at] = vector[at] / norm;
            }
            return unit;
        }

        private static double dot(double[] left, double[] right) {
            double sum = 0;
            for (int at = 0; at < left.length; at++) {
                sum += left[at] * right[at];
            }
            return sum;
        }
    }
}
