package dev.millrace.faults;

import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.Features;
import dev.millrace.replay.ReplayEvent;
import dev.millrace.state.CounterRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A stream whose events come out of order: each as if its way had taken up to so long. A last pair of each user, far behind, ends all
 * that waits, so that every other event has its outcome whatever the order.
 *
 * @param shuffleMillis longest way; 0 for order
 */
record ShuffledStream(SeededStream ordered, int shuffleMillis) implements Input {

    private static final int BEHIND = 600_000;

    private record Arrival(long at, ReplayEvent event) {}

    @Override
    public void each(Consumer<Sent> to) {
        ordered.part(0, 0).each(to);
        arrivals().forEach(arrival -> to.accept(Input.ours(arrival.event())));
    }

    /** Clicks that are read before the exposure that they name: of two topics, the record of the earlier time is read first. */
    long early() {
        List<Exposure> exposures = new ArrayList<>();
        List<Click> clicks = new ArrayList<>();
        for (Arrival arrival : arrivals()) {
            if (arrival.event() instanceof ReplayEvent.ItemExposure exposure) {
                exposures.add(exposure.exposure());
            } else if (arrival.event() instanceof ReplayEvent.ItemClick click) {
                clicks.add(click.click());
            }
        }
        Set<String> seen = new HashSet<>();
        long early = 0;
        int next = 0;
        for (Click click : clicks) {
            while (next < exposures.size() && exposures.get(next).time() < click.time()) {
                seen.add(exposures.get(next++).id());
            }
            early += click.exposure().filter(named -> !seen.contains(named)).isPresent() ? 1 : 0;
        }
        return early;
    }

    private List<Arrival> arrivals() {
        List<Arrival> arrivals = new ArrayList<>();
        for (int moment = 0; moment < ordered.moments(); moment++) {
            ordered.emit(moment, 1, 0, event -> {
                int way =
                        shuffleMillis == 0 ? 0 : CounterRandom.below(shuffleMillis, ordered.seed(), arrivals.size(), 7);
                arrivals.add(new Arrival(event.time() + way, event));
            });
        }
        arrivals.sort(Comparator.comparingLong(Arrival::at));
        long end = BEHIND
                + arrivals.stream()
                        .mapToLong(arrival -> arrival.event().time())
                        .max()
                        .orElse(0);
        for (int number = 0; number < SeededStream.USERS; number++) { // what ends windows is what most users say
            String user = "u" + number;
            String id = "e-last-" + number;
            arrivals.add(new Arrival(
                    end, new ReplayEvent.ItemExposure(new Exposure(id, user, "i0", end, 0, Features.NONE))));
            Click click =
                    new Click("c-last-" + number, user, "i0", Optional.of(id), "click", 1, end + 1, 0, Features.NONE);
            arrivals.add(new Arrival(end + 1, new ReplayEvent.ItemClick(click)));
        }
        return arrivals;
    }
}
