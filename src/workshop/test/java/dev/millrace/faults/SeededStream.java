package dev.millrace.faults;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.state.CounterRandom;
import dev.millrace.topic.EventProducer;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Events that a seed decides, whole: every exposure, click and profile has a time of its own, over all topics, and comes in
 * the order of time.
 *
 * <p>A third of the exposures is clicked; among the clicks are late ones, some without an exposure, and some events are sent
 * twice, so that every outcome occurs. Items have a category and a price, users a country.
 *
 * @param seed of everything
 * @param exposures to send
 */
record SeededStream(long seed, int exposures) implements Input {

    static final int USERS = 200;
    static final int ITEMS = 300;

    /** 2026-01-01, where event time begins. */
    static final long T0 = 1_767_225_600_000L;

    private static final int MILLIS_APART = 100;
    private static final int CLICK_MOMENTS = 10;
    private static final int LATE_MOMENTS = 610; // a minute and a second: the attribution window is a minute
    private static final int ALL_ENDED_AFTER = 120_000;
    private static final int LATE = 33;
    private static final int ORPHAN = 34;

    /**
     * What happens from one moment to before another; before the first moment, the profiles come.
     *
     * @param weight of the clicks
     */
    record Part(SeededStream stream, int from, int to, double weight) implements Input {
        @Override
        public void each(Consumer<Sent> to) {
            events(event -> to.accept(Input.ours(event)));
        }

        void events(Consumer<ReplayEvent> each) {
            for (int number = 0; from == 0 && number < USERS; number++) {
                each.accept(new ReplayEvent.ProfileUpdate(user(number)));
            }
            for (int moment = from; moment < to; moment++) {
                stream.emit(moment, weight, 0, each);
            }
        }
    }

    Part part(int from, int to) {
        return new Part(this, from, to, 1);
    }

    Part whole() {
        return part(0, moments());
    }

    @Override
    public void each(Consumer<Sent> to) {
        whole().each(to);
    }

    static void sendCatalogue(EventProducer producer) {
        for (int number = 0; number < ITEMS; number++) {
            producer.send(item(number));
        }
        producer.flush();
    }

    static CatalogueItem item(int number) {
        return new CatalogueItem(
                "i" + number,
                T0 + number,
                Features.of(Map.of(
                        "category", new FeatureValue.Category("c" + number % 12),
                        "price", new FeatureValue.Quantity(1 + number % 17))));
    }

    static UserProfile user(int number) {
        return new UserProfile(
                "u" + number,
                T0 + number * 11L + 5,
                Features.of(Map.of("country", new FeatureValue.Category("at" + number % 7))));
    }

    /** Moments of the stream: an exposure each, then the clicks that are still due, then what ends all windows. */
    int moments() {
        return closing() + USERS;
    }

    /** First of the moments at which all windows have ended: whatever ends in the last second is a matter of when timers ran. */
    private int closing() {
        return exposures + LATE_MOMENTS + 1;
    }

    /**
     * What happens at one moment: an exposure, the click of an earlier one, and now and then a click that comes too late.
     *
     * @param weight of clicks
     * @param producedAt when clicks say that they were sent, epoch milliseconds; 0 if they do not
     */
    void emit(int moment, double weight, long producedAt, Consumer<ReplayEvent> to) {
        Clicks clicks = (id, user, item, exposure, time) -> to.accept(new ReplayEvent.ItemClick(
                new Click(id, user, item, exposure, "click", weight, time, producedAt, Features.NONE)));
        if (moment < exposures) {
            expose(moment, to);
        }
        click(moment - CLICK_MOMENTS, clicks);
        int late = moment - LATE_MOMENTS;
        if (late >= 0 && late < exposures && fate(late) == LATE) {
            long time = time(late) + LATE_MOMENTS * MILLIS_APART + 7;
            clicks.accept("l" + late, userOf(late), itemOf(late), Optional.of("e" + late), time);
        }
        if (moment >= closing()) { // shows each user something, long after all else, and lets them click on it
            String id = "z" + moment;
            String user = "u" + moment % USERS;
            long time = time(moment) + ALL_ENDED_AFTER;
            to.accept(new ReplayEvent.ItemExposure(new Exposure(id, user, "i0", time, 0, Features.NONE)));
            clicks.accept(id, user, "i0", Optional.of(id), time + 3);
        }
    }

    private interface Clicks {
        void accept(String id, String user, String item, Optional<String> exposure, long time);
    }

    private void expose(int number, Consumer<ReplayEvent> to) {
        ReplayEvent exposure = new ReplayEvent.ItemExposure(
                new Exposure("e" + number, userOf(number), itemOf(number), time(number), 0, Features.NONE));
        to.accept(exposure);
        if (CounterRandom.below(100, seed, number, 3) == 0) {
            to.accept(exposure);
        }
    }

    private void click(int number, Clicks to) {
        if (number < 0 || number >= exposures) {
            return;
        }
        int fate = fate(number);
        long time = time(number) + CLICK_MOMENTS * MILLIS_APART + 3;
        if (fate < LATE) {
            for (int times = fate == 0 ? 2 : 1; times > 0; times--) {
                to.accept("c" + number, userOf(number), itemOf(number), Optional.of("e" + number), time);
            }
        } else if (fate == ORPHAN) {
            to.accept("o" + number, userOf(number), "never-shown", Optional.empty(), time);
        }
    }

    private int fate(int number) {
        return CounterRandom.below(100, seed, number, 4);
    }

    private String userOf(int number) {
        return "u" + CounterRandom.below(USERS, seed, number, 0);
    }

    private static long time(int number) {
        return T0 + 10_000 + (long) number * MILLIS_APART;
    }

    /** Small numbers more often: the lesser of two draws. */
    private String itemOf(int number) {
        return "i" + Math.min(CounterRandom.below(ITEMS, seed, number, 1), CounterRandom.below(ITEMS, seed, number, 2));
    }
}
