package dev.millrace.ingest;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.UserProfile;
import dev.millrace.state.Utf8;
import dev.millrace.topic.EventDelivery.Event;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.EventRecords;
import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** What producers send: a member of a body, and a topic. */
enum EventKind {
    EXPOSURES,
    CLICKS,
    USERS,
    ITEMS,
    REMOVED_ITEMS;

    /**
     * The record of an event, under the key that its topic asks for.
     *
     * @param json as a producer could have written it to the topic; of a removal, the id
     * @throws dev.millrace.wire.UndecodableException if it is no such event
     * @throws dev.millrace.event.UnusableEventException if it breaks a rule of events
     * @throws dev.millrace.wire.RegistryUnreachableException if the registry does not answer
     */
    Event event(EventRecords records, TopicNames topics, byte[] json) {
        return switch (this) {
            case EXPOSURES -> {
                Exposure event = records.exposure(json);
                byte[] value = records.encode(topics.exposures(), event);
                yield new Event(topics.exposures(), event.user(), value, event.time());
            }
            case CLICKS -> {
                Click event = records.click(json);
                yield new Event(topics.clicks(), event.user(), records.encode(topics.clicks(), event), event.time());
            }
            case USERS -> {
                UserProfile event = records.profile(json);
                yield new Event(topics.users(), event.user(), records.encode(topics.users(), event), event.time());
            }
            case ITEMS -> {
                CatalogueItem event = records.item(json);
                yield new Event(topics.items(), event.item(), records.encode(topics.items(), event), event.time());
            }
            case REMOVED_ITEMS -> // without a time of its own: that of its writing counts
                new Event(topics.items(), CatalogueItem.requireId(Utf8.text(json)), null, Long.MAX_VALUE);
        };
    }

    /** The logical name of its topic. */
    String topic() {
        return this == REMOVED_ITEMS ? ITEMS.member() : member();
    }

    /** Its member in a body. */
    String member() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Optional<EventKind> of(String member) {
        return Arrays.stream(values())
                .filter(kind -> kind.member().equals(member))
                .findFirst();
    }
}
