package dev.millrace.cli;

import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.state.CounterRandom;
import dev.millrace.topic.EventProducer;
import java.util.Optional;
import java.util.stream.IntStream;

/** Clicks of twenty users on seeded items, each with its exposure, one a second. */
final class SeededClicks {

    static final long T0 = 1_767_225_600_000L;

    private SeededClicks() {}

    /** Sends the clicks with the numbers from {@code first} to before {@code end}, and waits until the brokers have them. */
    static void send(EventProducer producer, int first, int end, int items) {
        for (int number = first; number < end; number++) {
            String user = user(number);
            String item = "i" + CounterRandom.below(items, 3, number, 1);
            long time = T0 + number * 1000L;
            producer.send(new Exposure("e" + number, user, item, time, time, Features.NONE));
            producer.send(new Click(
                    "c" + number,
                    user,
                    item,
                    Optional.of("e" + number),
                    "click",
                    1,
                    time + 5,
                    time + 5,
                    Features.NONE));
        }
        producer.flush();
    }

    private static String user(int number) {
        return "u" + CounterRandom.below(200, 3, number, 0); // so many that no click is capped
    }

    /** Returns how many users the clicks with the numbers before {@code end} are of. */
    static int users(int end) {
        return (int)
                IntStream.range(0, end).mapToObj(SeededClicks::user).distinct().count();
    }
}
