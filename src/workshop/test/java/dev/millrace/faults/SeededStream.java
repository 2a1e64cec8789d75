package dev.millrace.faults;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.state.CounterRandom;
import dev.millrace.topic.EventProducer;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

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

    /** Takes events. */
    interface Sink {

        void exposure(Exposure exposure);

        void click(Click click);

        static Sink to(EventProducer producer) {
            return to(producer, () -> Instant.EPOCH);
        }

        /** As {@link #to(EventProducer)}; clicks say when they were sent, so that freshness can be told. */
        static Sink to(EventProducer producer, InstantSource clock) {
            return new Sink() {
                @Override
                public void exposure(Exposure exposure) {
                    producer.send(exposure);
                }

                @Override
                public void click(Click click) {
                    producer.send(new Click(
                            click.id(),
                            click.user(),
                            click.item(),
                            click.exposure(),
                            click.action(),
                            click.weight(),
                            click.time(),
                            clock.millis(),
                            click.context()));
                }
            };
        }
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

    static void sendUsers(EventProducer producer) {
        for (int number = 0; number < USERS; number++) {
            producer.send(user(number));
        }
        producer.flush();
    }

    static UserProfile user(int number) {
        return new UserProfile(
                "u" + number,
                T0 + number * 11L + 5,
                Features.of(Map.of("country", new FeatureValue.Category("at" + number % 7))));
    }

    /** Profiles, exposures and clicks, as fast as the broker takes them. */
    @Override
    public void sendAll(EventProducer producer) {
        sendUsers(producer);
        send(producer, 0, moments());
    }

    @Override
    public SortedMap<String, Long> sent() {
        return sent(moments());
    }

    /** Events of the moments before one, by topic, and all profiles. */
    SortedMap<String, Long> sent(int to) {
        SortedMap<String, Long> counts = new TreeMap<>();
        counts.put("users", (long) USERS);
        Sink counting = new Sink() {
            @Override
            public void exposure(Exposure exposure) {
                counts.merge("exposures", 1L, Long::sum);
            }

            @Override
            public void click(Click click) {
                counts.merge("clicks", 1L, Long::sum);
            }
        };
        for (int moment = 0; moment < to; moment++) {
            emit(moment, counting);
        }
        return counts;
    }

    /** What happens from one moment to before another. */
    void send(EventProducer producer, int from, int to) {
        Sink sink = Sink.to(producer);
        for (int moment = from; moment < to; moment++) {
            emit(moment, sink);
        }
        producer.flush();
    }

    /** Moments of the stream: an exposure each, then the clicks that are still due, then what ends all windows. */
    int moments() {
        return closing() + USERS;
    }

    /** First of the moments at which all windows have ended: whatever ends in the last second is a matter of when timers ran. */
    private int closing() {
        return exposures + LATE_MOMENTS + 1;
    }

    /** What happens at one moment: an exposure, the click of an earlier one, and now and then a click that comes too late. */
    void emit(int moment, Sink sink) {
        if (moment < exposures) {
            expose(moment, sink);
        }
        click(moment - CLICK_MOMENTS, sink);
        clickLate(moment - LATE_MOMENTS, sink);
        if (moment >= closing()) {
            close(moment, sink);
        }
    }

    /** Shows each user something, long after all else, and lets them click on it. */
    private static void close(int moment, Sink sink) {
        String user = "u" + moment % USERS;
        long time = time(moment) + ALL_ENDED_AFTER;
        sink.exposure(new Exposure("z" + moment, user, "i0", time, 0, Features.NONE));
        sink.click(click("z" + moment, user, "i0", Optional.of("z" + moment), time + 3));
    }

    private void expose(int number, Sink sink) {
        Exposure exposure = new Exposure("e" + number, userOf(number), itemOf(number), time(number), 0, Features.NONE);
        sink.exposure(exposure);
        if (CounterRandom.below(100, seed, number, 3) == 0) {
            sink.exposure(exposure);
        }
    }

    private void click(int number, Sink sink) {
        if (number < 0 || number >= exposures) {
            return;
        }
        int fate = fate(number);
        long time = time(number) + CLICK_MOMENTS * MILLIS_APART + 3;
        if (fate < 33) {
            Click click = click("c" + number, userOf(number), itemOf(number), Optional.of("e" + number), time);
            sink.click(click);
            if (fate == 0) {
                sink.click(click);
            }
        } else if (fate == ORPHAN) {
            sink.click(click("o" + number, userOf(number), "never-shown", Optional.empty(), time));
        }
    }

    private void clickLate(int number, Sink sink) {
        if (number >= 0 && number < exposures && fate(number) == LATE) {
            long time = time(number) + LATE_MOMENTS * MILLIS_APART + 7;
            sink.click(click("l" + number, userOf(number), itemOf(number), Optional.of("e" + number), time));
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

    private static Click click(String id, String user, String item, Optional<String> exposure, long time) {
        return new Click(id, user, item, exposure, "click", 1, time, 0, Features.NONE);
    }
}
