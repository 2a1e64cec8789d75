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
 */
record SeededStream(long seed, int exposures) {

    static final int USERS = 200;
    static final int ITEMS = 300;

    /** 2026-01-01, where event time begins. */
    static final long T0 = 1_767_225_600_000L;

    private static final int MILLIS_APART = 100;
    private static final int CLICK_AFTER = 1_003;
    private static final int LATE_AFTER = 61_007;

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
        send(producer, 0, exposures);
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
        for (int number = 0; number < exposures; number++) {
            emit(number, 0, counting);
        }
        return counts;
    }

    /** Exposures and what follows from them, from one number to before another. */
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
            emit(number, 0, sink);
        }
        producer.flush();
    }

    /**
     * One exposure, and its clicks.
     *
     * @param sentAt wall clock of sending, epoch milliseconds
     */
    void emit(int number, long sentAt, Sink sink) {
        String user = "u" + CounterRandom.below(USERS, seed, number, 0);
        String item = "i" + popular(number);
        long time = T0 + 10_000 + (long) number * MILLIS_APART;
        Exposure exposure = new Exposure("e" + number, user, item, time, sentAt, Features.NONE);
        sink.exposure(exposure);
        if (CounterRandom.below(100, seed, number, 3) == 0) {
            sink.exposure(exposure);
        }
        int fate = CounterRandom.below(100, seed, number, 4);
        if (fate < 33) {
            Click click = click("c" + number, user, item, Optional.of("e" + number), time + CLICK_AFTER, sentAt);
            sink.click(click);
            if (fate == 0) {
                sink.click(click);
            }
        } else if (fate == 33) {
            sink.click(click("l" + number, user, item, Optional.of("e" + number), time + LATE_AFTER, sentAt));
        } else if (fate == 34) {
            sink.click(click("o" + number, user, "never-shown", Optional.empty(), time + CLICK_AFTER, sentAt));
        }
    }

    /** Small numbers more often: the lesser of two draws. */
    private int popular(int number) {
        return Math.min(CounterRandom.below(ITEMS, seed, number, 1), CounterRandom.below(ITEMS, seed, number, 2));
    }

    private static Click click(String id, String user, String item, Optional<String> exposure, long time, long sentAt) {
        return new Click(id, user, item, exposure, "click", 1, time, sentAt, Features.NONE);
    }
}
