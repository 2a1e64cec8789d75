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
    EXPOSURES {
        @Override
        Event event(EventRecords records, TopicNames topics, byte[] json) {
            Exposure exposure = records.exposure(json);
            byte[] value = records.encode(topics.exposures(), exposure);
            return new Event(topics.exposures(), exposure.user(), value, exposure.time());
        }
    },
    CLICKS {
        @Override
        Event event(EventRecords records, TopicNames topics, byte[] json) {
            Click click = records.click(json);
            return new Event(topics.clicks(), click.user(), records.encode(topics.clicks(), click), click.time());
        }
    },
    USERS {
        @Override
        Event event(EventRecords records, TopicNames topics, byte[] json) {
            UserProfile profile = records.profile(json);
            return new Event(topics.users(), profile.user(), records.encode(topics.users(), profile), profile.time());
        }
    },
    ITEMS {
        @Override
        Event event(EventRecords records, TopicNames topics, byte[] json) {
            CatalogueItem item = records.item(json);
            return new Event(topics.items(), item.item(), records.encode(topics.items(), item), item.time());
        }
    },
    REMOVED_ITEMS {
        @Override
        Event event(EventRecords records, TopicNames topics, byte[] json) {
            return new Event(topics.items(), CatalogueItem.requireId(Utf8.text(json)), null, NOW);
        }

        @Override
        String topic() {
            return ITEMS.member();
        }
    };

    /** A removal has no time of its own: that of its writing counts. */
    private static final long NOW = Long.MAX_VALUE;

    /**
     * The record of an event, under the key that its topic asks for.
     *
     * @param json as a producer could have written it to the topic; of a removal, the id
     * @throws dev.millrace.wire.UndecodableException if it is no such event
     * @throws dev.millrace.event.UnusableEventException if it breaks a rule of events
     * @throws dev.millrace.wire.RegistryUnreachableException if the registry does not answer
     */
    abstract Event event(EventRecords records, TopicNames topics, byte[] json);

    /** The logical name of its topic. */
    String topic() {
        return member();
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
