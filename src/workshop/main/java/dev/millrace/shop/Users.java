package dev.millrace.shop;

import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.replay.ReplayEvent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.ObjLongConsumer;

/** The users of a shop, whose tastes drift. One thread. */
final class Users {

    private static final double PROFILE_TRUTH = 0.8;

    private final ShopSettings settings;
    private final HiddenSpace space;
    private final List<User> users = new ArrayList<>();

    /** A user with their hidden properties. */
    static final class User {
        final String id;
        final double logBudget;
        private final double[] whim;
        private int first;
        private int second;
        private double[] taste;
        private long lastVisit = ShopGenerator.OPENING;

        private User(String id, double logBudget, double[] whim, int first, int second, double[] taste) {
            this.id = id;
            this.logBudget = logBudget;
            this.whim = whim;
            this.first = first;
            this.second = second;
            this.taste = taste;
        }

        /** How well an item at a place matches the present taste, in [-1, 1]. */
        double match(double[] place) {
            return HiddenSpace.dot(taste, place);
        }
    }

    /** @param log receives each event and when it is sent */
    Users(ShopSettings settings, HiddenSpace space, ObjLongConsumer<ReplayEvent> log) {
        this.settings = settings;
        this.space = space;
        for (int at = 0; at < settings.users(); at++) {
            add(at, log);
        }
    }

    private void add(int number, ObjLongConsumer<ReplayEvent> log) {
        int first = space.below(HiddenSpace.CATEGORIES);
        int second = space.below(HiddenSpace.CATEGORIES);
        double logBudget = 3 + 0.7 * space.gaussian();
        double[] whim = space.direction();
        String id = "u" + number;
        users.add(new User(id, logBudget, whim, first, second, space.aim(first, second, whim)));
        // five age groups of four categories each; most profiles have the group of the first favourite
        int group = space.uniform() < PROFILE_TRUTH ? first % 5 : space.below(5);
        Features features = Features.of(Map.of(
                "age_group", new FeatureValue.Category("group-" + group),
                "budget", new FeatureValue.Category(logBudget < 2.6 ? "low" : logBudget < 3.4 ? "middle" : "high")));
        long time = ShopGenerator.OPENING - 1;
        log.accept(new ReplayEvent.ProfileUpdate(new UserProfile(id, time, features)), time);
    }

    List<User> all() {
        return users;
    }

    /**
     * Chooses a visitor, whose taste has drifted since the last visit. The probability of a user falls with the square root of their number, so a
     * few users visit often.
     */
    User visitor(long now) {
        double uniform = space.uniform();
        User user = users.get((int) (uniform * uniform * users.size()));
        drift(user, now);
        return user;
    }

    /** Changes the favourite category with a probability that grows with the time since the last visit. Taste follows within about a day. */
    private void drift(User user, long now) {
        double days = (now - user.lastVisit) / HiddenSpace.DAY_MILLIS;
        user.lastVisit = now;
        if (space.uniform() < 1 - Math.exp(-days / settings.tasteDays())) {
            user.second = user.first;
            user.first = space.below(HiddenSpace.CATEGORIES);
        }
        double keep = Math.exp(-days);
        double[] aim = space.aim(user.first, user.second, user.whim);
        double[] taste = new double[HiddenSpace.DIMS];
        for (int at = 0; at < HiddenSpace.DIMS; at++) {
            taste[at] = keep * user.taste[at] + (1 - keep) * aim[at];
        }
        user.taste = HiddenSpace.unit(taste);
    }
}
