package dev.millrace.shop;

import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.replay.BadRow;
import dev.millrace.replay.DataSet;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.settings.SettingsReader;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Simulates a small shop that never closes, or a newspaper: users visit, see lists of items and click the items they like.
 *
 * <p>Layout: users and items are unit vectors of {@value HiddenSpace#DIMS} dimensions. Each category has a fixed direction. An item lies near the direction of
 * its category, and a user lies between the directions of two favourite categories, which change over time ({@link Users}). Visits are a Poisson process. A
 * visit is a list of exposures. The {@link Assortment} or a {@link Recommender} chooses them, and the assortment's logistic model decides about each click.
 * {@code docs/generator.md} describes both.
 *
 * <p>Invariant: everything follows from the settings and the seed ({@link HiddenSpace}). Events leave in the order of the time at which they are sent, since an
 * event waits until no later visit can precede it.
 *
 * <p>Cost: memory for users, items and the events that wait; a late click waits for up to two days of event time. One thread.
 */
public final class ShopGenerator implements DataSet {

    static final long OPENING = 1_767_225_600_000L; // 2026-01-01T00:00:00Z
    static final int MAX_EARLY_MILLIS = 5_000;
    private static final int LIST_LENGTH = 8;
    private static final String SURFACE = "surface";
    private static final int GAP_MILLIS = 3_000;
    static final int VISIT_MILLIS = LIST_LENGTH * GAP_MILLIS;

    private final ShopSettings settings;
    private final Supplier<? extends Recommender> recommenders;
    private final Consumer<? super Visits> told;

    /** A shop whose visitors see the catalogue. */
    public ShopGenerator(ShopSettings settings) {
        this(settings, () -> Recommender.NONE, visits -> {});
    }

    /**
     * @param recommenders one for each stream of events
     * @param told what visitors did, when a stream of events is closed
     */
    ShopGenerator(ShopSettings settings, Supplier<? extends Recommender> recommenders, Consumer<? super Visits> told) {
        this.settings = settings;
        this.recommenders = recommenders;
        this.told = told;
    }

    /** The shop of all settings. */
    public static ShopGenerator of(SettingsReader reader) {
        return of(reader, visits -> {});
    }

    /** @param told what visitors who see answers did, when a stream of events is closed */
    public static ShopGenerator of(SettingsReader reader, Consumer<? super Visits> told) {
        ShopSettings settings = ShopSettings.read(reader);
        if (settings.visitors() == ShopSettings.Visitors.CATALOGUE) {
            return new ShopGenerator(settings);
        }
        LocalRecommender.Settings learner = LocalRecommender.Settings.read(reader);
        return new ShopGenerator(settings, () -> new LocalRecommender(learner, settings.seed()), told);
    }

    @Override
    public boolean hasExposures() {
        return true;
    }

    /** Returns events without end. {@link Stream#limit} takes as many as are wanted. */
    @Override
    public Stream<ReplayEvent> events(Consumer<? super BadRow> badRows) {
        Recommender recommender = recommenders.get();
        Shop shop = new Shop(settings, recommender);
        Stream<ReplayEvent> events = StreamSupport.stream(
                new Spliterators.AbstractSpliterator<ReplayEvent>(
                        Long.MAX_VALUE, Spliterator.ORDERED | Spliterator.NONNULL) {
                    @Override
                    public boolean tryAdvance(Consumer<? super ReplayEvent> action) {
                        action.accept(shop.next());
                        return true;
                    }
                },
                false);
        return events.onClose(recommender::close).onClose(() -> told.accept(shop.visits));
    }

    static double probability(double logit) {
        return 1 / (1 + Math.exp(-logit));
    }

    /** An event that waits until it is sent. Events of one time are sent in the order of their arrival. */
    private record Waiting(ReplayEvent event, long sentAt, long arrival) {}

    /** A running shop. */
    private static final class Shop {
        private final ShopSettings settings;
        private final HiddenSpace space;
        private final Assortment assortment;
        private final Users users;
        private final Recommender recommender;
        private final Visits visits;
        private final PriorityQueue<Waiting> waiting =
                new PriorityQueue<>(Comparator.comparingLong(Waiting::sentAt).thenComparingLong(Waiting::arrival));
        private long exposures;
        private long arrivals;
        private double nextVisit = OPENING + MAX_EARLY_MILLIS;

        Shop(ShopSettings settings, Recommender recommender) {
            this.settings = settings;
            this.recommender = recommender;
            space = new HiddenSpace(settings.seed());
            assortment = switch (settings.kind()) {
                case SHOP -> new ShopAssortment(settings, space, this::put);
                case NEWS -> new NewsAssortment(settings, space, this::put);
            };
            users = new Users(settings, space, this::put);
            visits = new Visits(settings, assortment, users);
            assortment.open();
            assortment.advance(nextVisit);
        }

        ReplayEvent next() {
            // the next visit may send events that are up to MAX_EARLY_MILLIS earlier than it
            while (waiting.isEmpty() || waiting.peek().sentAt() >= (long) nextVisit - MAX_EARLY_MILLIS) {
                visit((long) nextVisit);
                nextVisit += space.untilNext(
                        settings.visitsPerUserPerDay() * settings.users() * assortment.rhythm(nextVisit));
                assortment.advance(nextVisit);
            }
            ReplayEvent next = waiting.remove().event();
            recommender.take(next);
            return next;
        }

        private void visit(long now) {
            Users.User user = users.visitor(now);
            Set<Assortment.Item> seen = new HashSet<>();
            String surface = space.uniform() < 0.7 ? "home" : "search";
            List<String> answer = recommender.answer(
                    user.id,
                    Features.of(Map.of(SURFACE, new FeatureValue.Category(surface))),
                    assortment::absent,
                    LIST_LENGTH);
            for (int position = 0; position < (answer.isEmpty() ? LIST_LENGTH : answer.size()); position++) {
                Optional<Assortment.Item> item =
                        answer.isEmpty() ? assortment.choose(user) : Optional.of(assortment.item(answer.get(position)));
                if (item.isPresent() && seen.add(item.get())) {
                    long shown = now + (long) position * GAP_MILLIS;
                    boolean isClicked = show(user, item.get(), position, surface, shown);
                    if (!answer.isEmpty()) {
                        visits.shown(item.get(), isClicked, shown);
                    }
                }
            }
        }

        /** Returns whether the item is clicked. */
        private boolean show(Users.User user, Assortment.Item item, int position, String surface, long shown) {
            Features context = Features.of(Map.of(
                    "position", new FeatureValue.Quantity(position), SURFACE, new FeatureValue.Category(surface)));
            String id = "e" + exposures++;
            send(new ReplayEvent.ItemExposure(new Exposure(id, user.id, item.id(), shown, 0, context)));
            boolean isClicked = space.uniform() < probability(assortment.logit(user, item, position, shown));
            if (isClicked) {
                click(user, item, id, shown, context);
            }
            return isClicked;
        }

        private void click(Users.User user, Assortment.Item item, String exposure, long shown, Features context) {
            double fate = space.uniform();
            long after = 500 + (long) (Math.exp(1 + 0.8 * space.gaussian()) * 1_000);
            if (fate < settings.earlyShare()) {
                after = -1L - space.below(MAX_EARLY_MILLIS);
            } else if (fate < settings.earlyShare() + settings.lateShare()) {
                after = (long) ((1 + space.uniform()) * HiddenSpace.DAY_MILLIS);
            }
            assortment.clicked(item);
            send(new ReplayEvent.ItemClick(new Click(
                    "c" + exposure, user.id, item.id(), Optional.of(exposure), "click", 1, shown + after, 0, context)));
        }

        private void send(ReplayEvent event) {
            put(event, event.time());
            if (space.uniform() < settings.duplicateShare()) {
                put(event, event.time());
            }
        }

        private void put(ReplayEvent event, long sentAt) {
            waiting.add(new Waiting(event, sentAt, arrivals++));
        }
    }
}
