package dev.millrace.faults;

import dev.millrace.batch.CounterRandom;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.UserProfile;
import dev.millrace.stream.EventProducer;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Events that a seed decides, whole: every exposure, click and profile has a time of its own, over all topics.
 *
 * <p>A third of the exposures is clicked; among the clicks are late ones, some without an exposure, and some events are sent
 * twice, so that every outcome occurs. Items have a category and a price, users a country.
 *
 * @param seed of everything
 * @param exposures to send
 * @param order in which events are sent
 */
record SeededStream(long seed, int exposures, Order order) {

    /** In which order events are sent. */
    enum Order {
        /** An exposure, then its clicks, a late one too: times go back and forth by a minute. */
        BY_EXPOSURE,
        /**
         * By time: whoever reads as they come meets them as one who reads them all at once does. At the end each user is shown
         * something, and clicks, when all windows have ended: what has ended in the last second of event time is a matter of when timers
         * ran.
         */
        BY_TIME
    }

    static final int USERS = 200;
    static final int ITEMS = 300;

    /** 2026-01-01, where event time begins. */
    static final long T0 = 1_767_225_600_000L;

    private static final int MILLIS_APART = 100;
    private static final int CLICK_AFTER = 1_003;
    private static final int LATE_AFTER = 61_007;
    private static final int ALL_ENDED_AFTER = 120_000;

    SeededStream(long seed, int exposures) {
        this(seed, exposures, Order.BY_EXPOSURE);
    }

    /** Takes events. */
    interface Sink {

        void exposure(Exposure exposure);

        void click(Click click);
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
            producer.send(new UserProfile(
                    "u" + number,
                    T0 + number * 11L + 5,
                    Features.of(Map.of("country", new FeatureValue.Category("at" + number % 7)))));
        }
        producer.flush();
    }

    /** Profiles, exposures and clicks, as fast as the broker takes them. */
    void sendAll(EventProducer producer) {
        sendUsers(producer);
        send(producer, 0, portions());
    }

    /** What {@link #send} counts: exposures, and in the order of time what comes behind the last one too. */
    int portions() {
        return switch (order) {
            case BY_EXPOSURE -> exposures;
            case BY_TIME -> closings() + USERS;
        };
    }

    /** Events of the whole stream, by topic. */
    SortedMap<String, Long> sent() {
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
        for (int number = 0; number < portions(); number++) {
            emitPortion(number, counting);
        }
        return counts;
    }

    /** Number of the first portion behind the last click. */
    private int closings() {
        return exposures + LATE_AFTER / MILLIS_APART + 1;
    }

    /** Portions of the stream, from one number to before another: exposures and what follows from them, or what falls into a time. */
    void send(EventProducer producer, int from, int to) {
        Sink sink = new Sink() {
            @Override
            public void exposure(Exposure exposure) {
                producer.send(exposure);
            }

            @Override
            public void click(Click click) {
                producer.send(click);
            }
        };
        for (int number = from; number < to; number++) {
            emitPortion(number, sink);
        }
        producer.flush();
    }

    /**
     * One exposure, and its clicks.
     *
     * @param sentAt wall clock of sending, epoch milliseconds
     */
    void emit(int number, long sentAt, Sink sink) {
        show(number, sentAt, sink);
        click(number, sentAt, sink);
        clickLate(number, sentAt, sink);
    }

    private void emitPortion(int number, Sink sink) {
        switch (order) {
            case BY_EXPOSURE -> emit(number, 0, sink);
            case BY_TIME -> {
                if (number < closings()) {
                    emitTime(number, sink);
                } else {
                    close(number, sink);
                }
            }
        }
    }

    private void close(int number, Sink sink) {
        String user = "u" + (number - closings());
        long time = time(number) + ALL_ENDED_AFTER;
        sink.exposure(new Exposure("z" + number, user, "i0", time, 0, Features.NONE));
        sink.click(click("z" + number, user, "i0", Optional.of("z" + number), time + 3, 0));
    }

    /** What is of the time from one exposure to before the next, by time. */
    private void emitTime(int number, Sink sink) {
        int clicked = number - CLICK_AFTER / MILLIS_APART;
        int clickedLate = number - LATE_AFTER / MILLIS_APART;
        if (number < exposures) {
            show(number, 0, sink);
        }
        if (clicked >= 0 && clicked < exposures) {
            click(clicked, 0, sink);
        }
        if (clickedLate >= 0) {
            clickLate(clickedLate, 0, sink);
        }
    }

    private void show(int number, long sentAt, Sink sink) {
        Exposure exposure =
                new Exposure("e" + number, user(number), shown(number), time(number), sentAt, Features.NONE);
        sink.exposure(exposure);
        if (CounterRandom.below(100, seed, number, 3) == 0) {
            sink.exposure(exposure);
        }
    }

    private void click(int number, long sentAt, Sink sink) {
        int fate = fate(number);
        long time = time(number) + CLICK_AFTER;
        if (fate < 33) {
            Click click = click("c" + number, user(number), shown(number), Optional.of("e" + number), time, sentAt);
            sink.click(click);
            if (fate == 0) {
                sink.click(click);
            }
        } else if (fate == 34) {
            sink.click(click("o" + number, user(number), "never-shown", Optional.empty(), time, sentAt));
        }
    }

    private void clickLate(int number, long sentAt, Sink sink) {
        if (fate(number) == 33) {
            long time = time(number) + LATE_AFTER;
            sink.click(click("l" + number, user(number), shown(number), Optional.of("e" + number), time, sentAt));
        }
    }

    private int fate(int number) {
        return CounterRandom.below(100, seed, number, 4);
    }

    private String user(int number) {
        return "u" + CounterRandom.below(USERS, seed, number, 0);
    }

    private String shown(int number) {
        return "i" + popular(number);
    }

    private static long time(int number) {
        return T0 + 10_000 + (long) number * MILLIS_APART;
    }

    /** Small numbers more often: the lesser of two draws. */
    private int popular(int number) {
        return Math.min(CounterRandom.below(ITEMS, seed, number, 1), CounterRandom.below(ITEMS, seed, number, 2));
    }

    private static Click click(String id, String user, String item, Optional<String> exposure, long time, long sentAt) {
        return new Click(id, user, item, exposure, "click", 1, time, sentAt, Features.NONE);
    }
}
