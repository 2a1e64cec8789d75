package dev.millrace.ingest;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import dev.millrace.event.RejectReason;
import dev.millrace.event.Rejected;
import dev.millrace.event.UnusableEventException;
import dev.millrace.ingest.RefusedBodyException.UnusableEvent;
import dev.millrace.state.Utf8;
import dev.millrace.topic.EventDelivery.Event;
import dev.millrace.topic.TopicNames;
import dev.millrace.wire.EventRecords;
import dev.millrace.wire.UndecodableException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/**
 * Reads bodies of events. Safe for threads.
 *
 * <p>A body is one object or several, one behind the other, as in JSON lines. The members of each are arrays of events, named after the
 * topics. An event is cut out as it stands and read by {@link EventRecords}, as if it had come from its topic: what is refused here is what
 * would be a dead letter there, and nothing else. Its place counts the events of its kind in the whole body.
 */
final class EventBodies {

    private static final int MOST_TOLD = 100;
    private static final int MOST_NAME = 40; // characters
    private static final JsonFactory JSON = JsonFactory.builder()
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES) // whoever may send could make up any number of names
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .build();
    private static final String KINDS =
            Arrays.stream(EventKind.values()).map(EventKind::member).collect(Collectors.joining(", "));

    private final EventRecords records;
    private final TopicNames topics;
    private final Duration maxAhead;
    private final InstantSource clock;
    private final AtomicLong latest = new AtomicLong(); // of the clock: if it is set back, nothing is refused for it

    /**
     * The events of one body, all of them usable.
     *
     * @param events in the order of the body
     * @param counts of each kind
     */
    record Posted(List<Event> events, Map<EventKind, Integer> counts) {

        Posted {
            events = List.copyOf(events);
            counts = Map.copyOf(counts);
        }
    }

    /** @param maxAhead how far an event may be ahead of the clock; of an item, which may be announced, it is not asked */
    EventBodies(EventRecords records, TopicNames topics, Duration maxAhead, InstantSource clock) {
        this.records = records;
        this.topics = topics;
        this.maxAhead = maxAhead;
        this.clock = clock;
    }

    /**
     * The events of a body.
     *
     * @throws RefusedBodyException if it is malformed, or an event cannot be used
     * @throws dev.millrace.wire.RegistryUnreachableException if the registry does not answer
     */
    Posted read(byte[] body) throws RefusedBodyException {
        CharBuffer text = text(body);
        try (JsonParser json = JSON.createParser(text.array(), 0, text.length())) {
            Reading reading = new Reading(text, json);
            if (json.nextToken() == null) {
                throw RefusedBodyException.malformed("the body is empty, and must be a JSON object");
            }
            while (json.hasCurrentToken()) {
                reading.object();
                json.nextToken();
            }
            return reading.posted();
        } catch (JsonProcessingException malformed) {
            String place = Optional.ofNullable(malformed.getLocation())
                    .map(at -> ", line " + at.getLineNr() + ", column " + at.getColumnNr())
                    .orElse("");
            throw RefusedBodyException.malformed("the body is no JSON: " + malformed.getOriginalMessage() + place);
        } catch (IOException neverHappens) { // the text is in memory
            throw new IllegalStateException(neverHappens);
        }
    }

    /** Decodes by itself, as the reader of events does: JSON's parser guesses at other encodings. */
    private static CharBuffer text(byte[] body) throws RefusedBodyException {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body));
        } catch (CharacterCodingException misencoded) {
            throw RefusedBodyException.malformed("the body is no JSON in UTF-8");
        }
    }

    /** Whoever may send could make up names of any length. */
    private static String shortened(String name) {
        return name.length() <= MOST_NAME ? name : name.substring(0, MOST_NAME) + "…";
    }

    /** One pass over a body. */
    private final class Reading {

        private final CharBuffer text;
        private final JsonParser json;
        private final List<Event> events = new ArrayList<>();
        private final Map<EventKind, Integer> counts = new EnumMap<>(EventKind.class);
        private final List<UnusableEvent> firstUnusable = new ArrayList<>();
        private final Map<RejectReason, Integer> unusable = new EnumMap<>(RejectReason.class);

        Reading(CharBuffer text, JsonParser json) {
            this.text = text;
            this.json = json;
        }

        void object() throws IOException, RefusedBodyException {
            if (!json.hasToken(JsonToken.START_OBJECT)) {
                throw malformed("the body must be a JSON object, or several behind one another");
            }
            Set<EventKind> seen = EnumSet.noneOf(EventKind.class);
            while (json.nextToken() == JsonToken.FIELD_NAME) {
                String member = json.currentName();
                EventKind kind = EventKind.of(member)
                        .orElseThrow(
                                () -> malformed("the member " + shortened(member) + " is unknown; known are " + KINDS));
                if (!seen.add(kind)) {
                    throw malformed(member + " must be there once in an object");
                }
                if (json.nextToken() != JsonToken.START_ARRAY) {
                    throw malformed(member + " must be an array of events");
                }
                while (json.nextToken() != JsonToken.END_ARRAY) {
                    element(kind);
                }
            }
        }

        private void element(EventKind kind) throws IOException {
            int number = counts.merge(kind, 1, Integer::sum) - 1;
            int line = json.currentTokenLocation().getLineNr();
            int from = (int) json.currentTokenLocation().getCharOffset();
            boolean isRemoval = kind == EventKind.REMOVED_ITEMS;
            if (!json.hasToken(isRemoval ? JsonToken.VALUE_STRING : JsonToken.START_OBJECT)) {
                json.skipChildren();
                refuse(
                        kind,
                        number,
                        line,
                        new Rejected(
                                RejectReason.UNDECODABLE,
                                isRemoval ? "the id must be a string" : "the event must be an object"));
                return;
            }
            byte[] event = isRemoval ? Utf8.bytes(json.getText()) : object(from);
            try {
                Event read = kind.event(records, topics, event);
                requireCredible(kind, read.time());
                events.add(read);
            } catch (UndecodableException | UnusableEventException none) {
                refuse(kind, number, line, none.rejected());
            }
        }

        /** The text of the object that begins there. */
        private byte[] object(int from) throws IOException {
            json.skipChildren();
            int length = (int) json.currentLocation().getCharOffset() - from;
            return Utf8.bytes(new String(text.array(), from, length));
        }

        /** As the trainer does, which would make it a dead letter. */
        private void requireCredible(EventKind kind, long time) {
            if (!kind.topic().equals(EventKind.ITEMS.topic())
                    && time > latest.accumulateAndGet(clock.millis(), Math::max) + maxAhead.toMillis()) {
                throw UnusableEventException.tooFarAhead(
                        Instant.ofEpochMilli(time).toString(), maxAhead);
            }
        }

        private void refuse(EventKind kind, int number, int line, Rejected rejected) {
            unusable.merge(rejected.reason(), 1, Integer::sum);
            if (firstUnusable.size() < MOST_TOLD) {
                String place = kind.member() + "[" + number + "]";
                firstUnusable.add(
                        new UnusableEvent(place, line, rejected.reason().label(), rejected.message()));
            }
        }

        Posted posted() throws RefusedBodyException {
            if (!unusable.isEmpty()) {
                throw RefusedBodyException.unusable(firstUnusable, unusable);
            }
            return new Posted(events, counts);
        }

        private RefusedBodyException malformed(String what) {
            return RefusedBodyException.malformed(
                    what + ", line " + json.currentTokenLocation().getLineNr());
        }
    }
}
