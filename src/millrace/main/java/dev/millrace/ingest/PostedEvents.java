package dev.millrace.ingest;

import dev.millrace.topic.EventDelivery.Event;
import java.util.List;
import java.util.Map;

/**
 * The events of one body, all of them usable.
 *
 * @param events in the order of the body
 * @param counts of each kind
 */
record PostedEvents(List<Event> events, Map<EventKind, Integer> counts) {

    PostedEvents {
        events = List.copyOf(events);
        counts = Map.copyOf(counts);
    }
}
