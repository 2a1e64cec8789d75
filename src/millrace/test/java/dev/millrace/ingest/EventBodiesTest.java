package dev.millrace.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.catchThrowableOfType;
import static org.assertj.core.api.Assertions.tuple;

import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.RejectReason;
import dev.millrace.event.UserProfile;
import dev.millrace.stream.Streams;
import dev.millrace.topic.EventDelivery.Event;
import dev.millrace.wire.EventJson;
import dev.millrace.wire.EventRecords;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EventBodiesTest {

    private static final long T0 = Streams.T0;
    private static final Features FEATURES = Features.of(Map.of(
            "}],\"{", new FeatureValue.Category("]}\\\"\n\u20ac\ud83d\ude00"),
            "price", new FeatureValue.Quantity(59.9),
            "tags", new FeatureValue.Bag(List.of("[", "{"))));
    private static final Exposure EXPOSURE = new Exposure(
            "e1",
            "u1",
            "i1",
            T0,
            T0,
            FEATURES,
            Optional.of("g1-3f9a01bc"),
            Optional.of(new Exposure.AnswerPlace("07eff8b326b7798c", 3)));
    private static final Click CLICK =
            new Click("c1", "u2", "i1", Optional.of("e1"), "like", 2, T0 + 1, T0 + 1, FEATURES);
    private static final UserProfile PROFILE = new UserProfile("u3", T0 + 2, FEATURES);
    private static final CatalogueItem ITEM = new CatalogueItem("i4", T0 + 3, FEATURES);

    private final EventRecords records = new EventRecords(Streams.wire());
    private final EventBodies bodies = new EventBodies(
            records, Streams.topics(), Duration.ofHours(1), InstantSource.fixed(Instant.ofEpochMilli(T0)));

    @Test
    void eventsGoToTheirTopicsInOrder() throws RefusedBodyException {
        String body = "{ \"items\": [" + json(EventJson.of(ITEM)) + "],\n\"clicks\" :[ " + json(EventJson.of(CLICK))
                + " , " + json(EventJson.of(CLICK)) + "], \"users\": [" + json(EventJson.of(PROFILE))
                + "], \"exposures\": [" + json(EventJson.of(EXPOSURE)) + "]}";

        EventBodies.Posted posted = read(body);

        assertThat(posted.events().stream().map(event -> event.topic() + " " + event.key() + " " + event.time()))
                .containsExactly(
                        "items i4 " + (T0 + 3),
                        "clicks u2 " + (T0 + 1),
                        "clicks u2 " + (T0 + 1),
                        "users u3 " + (T0 + 2),
                        "exposures u1 " + T0);
        assertThat(posted.counts())
                .isEqualTo(Map.of(EventKind.ITEMS, 1, EventKind.CLICKS, 2, EventKind.USERS, 1, EventKind.EXPOSURES, 1));
        List<Event> events = posted.events();
        assertThat(records.item(bytes(events.get(0)))).isEqualTo(ITEM);
        assertThat(records.click(bytes(events.get(1)))).isEqualTo(CLICK);
        assertThat(records.profile(bytes(events.get(3)))).isEqualTo(PROFILE);
        assertThat(records.exposure(bytes(events.get(4)))).isEqualTo(EXPOSURE);
    }

    @Test
    void aBodyMayBeLinesOfObjects() throws RefusedBodyException {
        String body = "{\"clicks\":[" + json(EventJson.of(CLICK)) + "]}\n\n{\"users\":[],\"clicks\":["
                + json(EventJson.of(CLICK)) + "]}\r\n{}\n";

        assertThat(read(body).counts()).isEqualTo(Map.of(EventKind.CLICKS, 2));
    }

    @Test
    void aRemovedItemIsATombstoneUnderItsId() throws RefusedBodyException {
        EventBodies.Posted posted = read("{\"removed_items\":[\"i1\",\"\\u20ac \\\"\"]}");

        assertThat(posted.events())
                .allSatisfy(event -> assertThat(event.value()).isNull())
                .extracting(Event::topic, Event::key)
                .containsExactly(tuple("items", "i1"), tuple("items", "\u20ac \""));
        assertThat(posted.counts()).isEqualTo(Map.of(EventKind.REMOVED_ITEMS, 2));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{\"removed_items\":[null]} | removed_items[0], line 1: the id must be a string",
                "{\"removed_items\":[{\"item_id\":\"i\"}]} | removed_items[0], line 1: the id must be a string",
                "{\"removed_items\":[\"i\",\" \"]} | removed_items[1], line 1: item = ",
            })
    void whatNamesNoItemRemovesNothing(String body, String told) {
        assertThatThrownBy(() -> read(body))
                .isInstanceOfSatisfying(RefusedBodyException.class, refused -> assertThat(refused)
                        .hasMessageContaining(told));
    }

    @Test
    void onlyItemsMayBeAheadOfTheClock() throws RefusedBodyException {
        String hourAhead = "2026-01-01T01:00:00Z";
        String later = "2026-01-01T01:00:00.001Z";
        String of = "{\"users\":[{\"user_id\":\"u\",\"time\":\"%s\"}],\"items\":[{\"item_id\":\"i\",\"time\":\"%s\"}]}";

        assertThat(read(of.formatted(hourAhead, later)).events()).hasSize(2);
        assertThatThrownBy(() -> read(of.formatted(later, later)))
                .isInstanceOfSatisfying(RefusedBodyException.class, refused -> assertThat(
                                refused.problem().events())
                        .asString()
                        .contains(
                                "users[0]",
                                "bad-time",
                                later + ": must be at most attribution.max-ahead, PT1H, after the wall clock"));
    }

    @Test
    void whatIsWrittenIsWhatTheMinimalEventMeans() throws RefusedBodyException {
        Event event =
                read("{\"clicks\":[{\"click_id\":\"c\",\"user_id\":\"u\",\"item_id\":\"i\",\"time\":\"2026-01-01T00:00:00Z\"}]}")
                        .events()
                        .get(0);

        assertThat(records.click(bytes(event)))
                .isEqualTo(new Click("c", "u", "i", Optional.empty(), "click", 1, T0, 0, Features.NONE));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "`` | the body is empty, and must be a JSON object",
                "[] | the body must be a JSON object, or several behind one another, line 1",
                "`{}\n7` | the body must be a JSON object, or several behind one another, line 2",
                "{\"views\":[]} | the member views is unknown; known are exposures, clicks, users, items,"
                        + " removed_items, line 1",
                "{\"clicks\":{}} | clicks must be an array of events, line 1",
                "{\"clicks\":null} | clicks must be an array of events, line 1",
                "{\"clicks\":[],\"clicks\":[]} | clicks must be there once in an object, line 1",
            })
    void aBodyOfAnotherFormIsRefused(String body, String why) {
        assertThatThrownBy(() -> read(body))
                .isInstanceOfSatisfying(RefusedBodyException.class, refused -> assertThat(refused.status())
                        .isEqualTo(400))
                .hasMessage(why);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"clicks\":[{\"click_id\":\"c\"]}",
                "{\"clicks\":[",
                "{\"clicks\":[]}}",
                "{\"clicks\":[],}",
                "{'clicks':[]}",
                "\ufeff{\"clicks\":[]}",
                "nothing"
            })
    void textThatIsNoJsonIsRefusedWithItsPlace(String body) {
        assertThatThrownBy(() -> read(body))
                .isInstanceOfSatisfying(RefusedBodyException.class, refused -> assertThat(refused.status())
                        .isEqualTo(400))
                .hasMessageMatching("(?s)the body is no JSON: .+, line 1, column \\d+");
    }

    @Test
    void bytesThatAreNoTextAreRefused() {
        byte[] overlong = {'{', '"', (byte) 0xC0, (byte) 0x80, '"', ':', '[', ']', '}'};

        assertThatThrownBy(() -> bodies.read(overlong)).hasMessage("the body is no JSON in UTF-8");
        assertThatThrownBy(() -> bodies.read("{}".getBytes(StandardCharsets.UTF_16)))
                .hasMessage("the body is no JSON in UTF-8");
    }

    @Test
    void aBodyThatIsNestedDeeplyIsRefused() {
        String body = "{\"clicks\":" + "[".repeat(500_000);

        assertThatThrownBy(() -> read(body)).hasMessageStartingWith("the body is no JSON: ");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "7 | undecodable | the event must be an object",
                "[[{}]] | undecodable | the event must be an object",
                "null | undecodable | the event must be an object",
                "{\"click_id\":\"c\"} | undecodable | user_id is required, and absent or null",
                "{\"click_id\":7} | undecodable | click_id = 7: must be a string",
                "{\"clickid\":\"c\"} | undecodable | clickid = \"c\": is unknown; known are click_id",
                "{\"click_id\":\"\",\"user_id\":\"u\",\"item_id\":\"i\",\"time\":1767225600000} | bad-id | id = \"\":"
                        + " must not be blank",
                "{\"click_id\":\"c\",\"user_id\":\"u\",\"item_id\":\"i\",\"time\":1767225600} | bad-time | time ="
                        + " 1767225600: must be epoch",
            })
    void unusableEventsAreNamedWithFieldAndRule(String event, String reason, String detail) {
        String body = "{\"users\":[],\"clicks\":[\n" + json(EventJson.of(CLICK)) + ",\n" + event + "]}";

        assertThatThrownBy(() -> read(body))
                .isInstanceOfSatisfying(RefusedBodyException.class, refused -> {
                    assertThat(refused.status()).isEqualTo(422);
                    assertThat(refused.counts())
                            .isEqualTo(Map.of(RejectReason.of(reason).orElseThrow(), 1));
                })
                .hasMessageStartingWith("clicks[1], line 3: " + detail);
    }

    /** The rule exists once. */
    @Test
    void theRuleIsTheOneOfTheTopic() {
        byte[] event = EventJson.of(
                new UserProfile("u", T0, Features.of(Map.of("note", new FeatureValue.Category("x".repeat(70_000))))));
        Throwable asDeadLetter = catchThrowable(() -> records.profile(event));

        assertThat(asDeadLetter).hasMessageContaining("limits.feature-bytes");
        assertThatThrownBy(() -> read("{\"users\":[" + json(event) + "]}"))
                .hasMessage("users[0], line 1: " + asDeadLetter.getMessage());
    }

    @Test
    void allUnusableEventsAreCountedAndTheFirstHundredNamed() {
        String body = "{\"items\":[" + String.join(",", Collections.nCopies(150, "{}")) + "]}\n{\"items\":[1]}";

        RefusedBodyException refused = catchThrowableOfType(RefusedBodyException.class, () -> read(body));

        assertThat(refused.counts()).isEqualTo(Map.of(RejectReason.UNDECODABLE, 151));
        assertThat(refused.problem().unusable()).contains(151);
        assertThat(refused.problem().events().orElseThrow())
                .hasSize(100)
                .last()
                .isEqualTo(new RefusedBodyException.UnusableEvent(
                        "items[99]", 1, "undecodable", "item_id is required, and absent or null"));
    }

    private EventBodies.Posted read(String body) throws RefusedBodyException {
        return bodies.read(body.getBytes(StandardCharsets.UTF_8));
    }

    private static String json(byte[] event) {
        return new String(event, StandardCharsets.UTF_8);
    }

    private static byte[] bytes(Event event) {
        return Objects.requireNonNull(event.value());
    }
}
