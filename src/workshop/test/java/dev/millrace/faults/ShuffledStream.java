package dev.millrace.faults;

import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.state.CounterRandom;
import dev.millrace.topic.EventProducer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;

/**
 * A stream whose events come out of order: each as if its way had taken up to so long. A last pair of each user, far behind, ends all
 * that waits, so that every other event has its outcome whatever the order.
 *
 * @param shuffleMillis longest way; 0 for order
 */
record ShuffledStream(SeededStream ordered, int shuffleMillis) implements Input {

    private static final int BEHIND = 600_000;

    private record Sent(long time, long arrival, Object event) {}

    @Override
    public void sendAll(EventProducer producer) {
        SeededStream.sendUsers(producer);
        for (Sent sent : events()) {
            if (sent.event() instanceof Exposure exposure) {
                producer.send(exposure);
            } else {
                producer.send((Click) sent.event());
            }
        }
        producer.flush();
    }

    @Override
    public SortedMap<String, Long> sent() {
        SortedMap<String, Long> sent = ordered.sent();
        sent.merge("exposures", (long) SeededStream.USERS, Long::sum);
        sent.merge("clicks", (long) SeededStream.USERS, Long::sum);
        return sent;
    }

    /** Clicks that are read before the exposure that they name: of two topics, the record of the earlier time is read first. */
    long early() {
        List<Sent> exposures = events().stream()
                .filter(sent -> sent.event() instanceof Exposure)
                .toList();
        List<Sent> clicks =
                events().stream().filter(sent -> sent.event() instanceof Click).toList();
        Set<String> seen = new HashSet<>();
        long early = 0;
        int next = 0;
        for (Sent sent : clicks) {
            while (next < exposures.size() && exposures.get(next).time() < sent.time()) {
                seen.add(((Exposure) exposures.get(next++).event()).id());
            }
            Optional<String> named = ((Click) sent.event()).exposure();
            early += named.isPresent() && !seen.contains(named.get()) ? 1 : 0;
        }
        return early;
    }

    private List<Sent> events() {
        List<Sent> events = new ArrayList<>();
        SeededStream.Sink sink = new SeededStream.Sink() {
            @Override
            public void exposure(Exposure exposure) {
                add(exposure.time(), exposure);
            }

            @Override
            public void click(Click click) {
                add(click.time(), click);
            }

            private void add(long time, Object event) {
                int way = shuffleMillis == 0 ? 0 : CounterRandom.below(shuffleMillis, ordered.seed(), events.size(), 7);
                events.add(new Sent(time, time + way, event));
            }
        };
        for (int number = 0; number < ordered.moments(); number++) {
            ordered.emit(number, sink);
        }
        events.sort(Comparator.comparingLong(Sent::arrival));
        long end = events.stream().mapToLong(Sent::time).max().orElse(0) + BEHIND;
        for (int number = 0; number < SeededStream.USERS; number++) { // what ends windows is what most users say
            String user = "u" + number;
            events.add(new Sent(end, end, new Exposure("e-last-" + number, user, "i0", end, 0, Features.NONE)));
            events.add(new Sent(
                    end + 1,
                    end + 1,
                    new Click(
                            "c-last-" + number,
                            user,
                            "i0",
                            Optional.of("e-last-" + number),
                            "click",
                            1,
                            end + 1,
                            0,
                            Features.NONE)));
        }
        return events;
    }
}
