package dev.millrace.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.networknt.schema.InputFormat;
import dev.millrace.event.CatalogueItem;
import dev.millrace.event.Click;
import dev.millrace.event.Exposure;
import dev.millrace.event.FeatureValue;
import dev.millrace.event.Features;
import dev.millrace.event.RejectReason;
import dev.millrace.event.Rejection;
import dev.millrace.event.UserProfile;
import dev.millrace.state.InputTopic;
import dev.millrace.stream.Streams;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JsonEventsTest {

    private static final String CLICK =
            "{\"click_id\":\"c1\",\"user_id\":\"u1\",\"item_id\":\"i1\",\"time\":1767225600000";
    private static final String USER = "{\"user_id\":\"u1\",\"time\":1767225600000,\"features\":";

    /** Pieces that turn a good event into one that is nearly good. */
    private static final List<String> PIECES = Stream.concat(
                    Stream.of("9".repeat(1001), "[".repeat(2000)),
                    Arrays.stream(
                            ("null NaN { } [ ] , : \" \\ \\ud83d \\u0000 - 1e999 9223372036854775808 0.1 true [] {}"
                                            + " [1] [\"a\"] \"a\" \"time\":1, /**/")
                                    .split(" ", -1)))
            .toList();

    private final AvroWire wire = Streams.wire();
    private final EventRecords records = new EventRecords(wire);
    private final PlainValues plain = new PlainValues(wire);

    @Property(tries = 400)
    void anEventComesBackFromJsonAndFromAvro(@ForAll("events") Object event) {
        byte[] json = event instanceof Exposure exposure
                ? EventJson.of(exposure)
                : event instanceof Click click
                        ? EventJson.of(click)
                        : event instanceof UserProfile profile
                                ? EventJson.of(profile)
                                : EventJson.of((CatalogueItem) event);
        byte[] avro = event instanceof Exposure exposure
                ? records.encode("any", exposure)
                : event instanceof Click click
                        ? records.encode("any", click)
                        : event instanceof UserProfile profile
                                ? records.encode("any", profile)
                                : records.encode("any", (CatalogueItem) event);

        for (byte[] value : List.of(json, avro)) {
            Object read = event instanceof Exposure
                    ? records.exposure(value)
                    : event instanceof Click
                            ? records.click(value)
                            : event instanceof UserProfile ? records.profile(value) : records.item(value);
            assertThat(read).isEqualTo(event);
        }
        assertThat(ShippedJsonSchemasTest.shipped(event.getClass())
                        .validate(new String(json, StandardCharsets.UTF_8), InputFormat.JSON))
                .isEmpty();
    }

    @Property(tries = 100)
    void anAuditReadsTheSameOfBothForms(@ForAll("clicks") Click click) {
        Click event = records.click(EventJson.of(click));

        Optional<PlainRecord> ofJson = plain.decode(InputTopic.CLICKS, EventJson.of(click));

        assertThat(ofJson).isEqualTo(plain.decode(InputTopic.CLICKS, records.encode("clicks", event)));
        assertThat(plain.decode(InputTopic.EXAMPLES, EventJson.of(click))).isEmpty();
    }

    @Property(tries = 1_000)
    void aChangedEventIsReadOrRefusedWithAReason(@ForAll("clicks") Click click, @ForAll long seed) {
        byte[] changed = changed(EventJson.of(click), new Random(seed));
        Click read;
        try {
            read = records.click(changed);
        } catch (RuntimeException refused) {
            assertThat(refused).isInstanceOf(Rejection.class);
            assertThat(((Rejection) refused).rejected().message()).isNotBlank();
            return;
        }

        // what was read is an event like any other: it goes on in Avro as it is
        assertThat(records.click(records.encode("clicks", read))).isEqualTo(read);
    }

    private static byte[] changed(byte[] json, Random random) {
        byte[] changed = json;
        for (int times = 1 + random.nextInt(3); times > 0; times--) {
            int from = 1 + random.nextInt(changed.length);
            int to = Math.min(changed.length, from + random.nextInt(8));
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            bytes.write(changed, 0, from);
            switch (random.nextInt(4)) {
                case 0 -> bytes.write(random.nextInt(256));
                case 1 -> bytes.write(changed, from, to - from); // twice, then
                case 2 ->
                    bytes.writeBytes(PIECES.get(random.nextInt(PIECES.size())).getBytes(StandardCharsets.UTF_8));
                default -> {} // cut out
            }
            int on = random.nextBoolean() ? from : to;
            bytes.write(changed, on, changed.length - on);
            changed = bytes.toByteArray();
        }
        return changed;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"answer\":\"a\",\"place\":0 | place = 0: must be at least 1",
                "\"answer\":\"a\",\"place\":1.0 | place = 1.0: must be a whole number of 32 bits",
                "\"answer\":\"a\",\"place\":2147483648 | place = 2147483648: must be a whole number of 32 bits",
                "\"answer\":\"a\",\"place\":\"1\" | place = \"1\": must be a whole number of 32 bits",
                "\"answer\":7,\"place\":1 | answer = 7: must be a string",
                "\"place\":1 | place = 1: must be given together with answer",
                "\"answer\":\"a\",\"place\":null | answer = \"a\": must be given together with place",
            })
    void aPlaceThatCannotBeMeantIsRefused(String members, String told) {
        String json =
                "{\"exposure_id\":\"e\",\"user_id\":\"u\",\"item_id\":\"i\",\"time\":1767225600000," + members + "}";

        assertThatThrownBy(() -> records.exposure(json.getBytes(StandardCharsets.UTF_8)))
                .hasMessage(told);
    }

    @Test
    void whatIsAbsentOrNullHasTheDefaultOfTheSchema() {
        Click expected =
                new Click("c1", "u1", "i1", Optional.empty(), "click", 1, 1_767_225_600_000L, 0, Features.NONE);

        assertThat(click(CLICK + "}")).isEqualTo(expected);
        assertThat(click("\r\n\t " + CLICK
                        + ",\"exposure_id\":null,\"action\":null,\"weight\":null,\"produced_at\":null,\"context\":null}"
                        + " \n"))
                .isEqualTo(expected);
        assertThat(profile("{\"age\":null}").features()).isEqualTo(Features.NONE);
    }

    @ParameterizedTest
    @CsvSource({
        "1767225600123, 1767225600123",
        "'\"2026-01-01T00:00:00Z\"', 1767225600000",
        "'\"2026-01-01T01:30:00+01:30\"', 1767225600000",
        "'\"2026-01-01T00:00:00.123456789Z\"', 1767225600123"
    })
    void aTimeIsMillisecondsOrATextWithItsOffset(String time, long millis) {
        assertThat(records.profile(utf8("{\"user_id\":\"u1\",\"time\":" + time + "}"))
                        .time())
                .isEqualTo(millis);
    }

    @Test
    void aFeatureIsWhatItsValueIs() {
        Features features = profile(
                        "{\"city\":\"Köln\",\"age\":34,\"tags\":[\"a\",\"b\",\"a\"],\"none\":[],\"vector\":[0.1,-2,3e2]}")
                .features();

        assertThat(features)
                .isEqualTo(Features.of(Map.of(
                        "city", new FeatureValue.Category("Köln"),
                        "age", new FeatureValue.Quantity(34),
                        "tags", new FeatureValue.Bag(List.of("a", "b", "a")),
                        "none", new FeatureValue.Bag(List.of()),
                        "vector", new FeatureValue.Dense(List.of(0.1f, -2f, 300f)))));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{} | click_id is required, and absent or null",
                "{\"click_id\":null} | click_id is required, and absent or null",
                "{\"click_id\":42} | click_id = 42: must be a string",
                "{\"click_id\":[\"a\"]} | click_id = an array: must be a string",
                "{\"click_id\":\"a\",\"click_id\":\"a\"} | expected JSON, found at line 1, column 27: Duplicate field"
                        + " 'click_id'",
                "{\"weight\":null,\"weight\":2} | expected JSON, found at line 1, column 24: Duplicate field 'weight'",
                "{\"click_id\":\"a\\ud83d\"} | click_id = \"a?\": must be Unicode, not half of a surrogate pair",
                "{\"exposure_di\":\"e1\"} | exposure_di = \"e1\": is unknown; known are click_id, user_id,",
                "{\"a\\u0000\":{\"b\":1}} | a? = an object: is unknown",
                "{\"weight\":\"1\"} | weight = \"1\": must be a number",
                "{\"weight\":true} | weight = true: must be a number",
                "{\"time\":1767225600.5} | time = 1767225600.5: must be milliseconds since 1970, or a string",
                "{\"time\":1767225600000.0} | time = 1767225600000.0: must be milliseconds",
                "{\"time\":1e12} | time = 1e12: must be milliseconds",
                "{\"time\":9223372036854775808} | time = 9223372036854775808: must be milliseconds",
                "{\"time\":\"2026-01-01\"} | time = \"2026-01-01\": must be milliseconds",
                "{\"time\":\"2026-01-01T00:00:00\"} | time = \"2026-01-01T00:00:00\": must be milliseconds",
                "{\"time\":\"+999999999-12-31T23:59:59Z\"} | time = \"+999999999-12-31T23:59:59Z\": must be"
                        + " milliseconds",
                "{\"context\":[]} | context = an array: must be an object of features by name",
                "{\"context\":{\"a\":true}} | context.a = true: must be a string, a number, an array of strings or",
                "{\"context\":{\"a\":{\"string\":\"b\"}}} | context.a = an object: must be a string, a number,",
                "{\"context\":{\"a\":1,\"a\":2}} | expected JSON, found at line 1, column 22: Duplicate field 'a'",
                "{\"context\":{\"\\udc00\":1}} | context.? = 1: must have a name of Unicode",
                "{\"context\":{\"a\":[1,\"b\"]}} | context.a.1 = \"b\": must be a number, as the first of the array is",
                "{\"context\":{\"a\":[\"b\",1]}} | context.a.1 = 1: must be a string",
                "{\"context\":{\"a\":[[]]}} | context.a.0 = an array: must be a string",
                "{\"context\":{\"a\":[null]}} | context.a.0 = null: must be a string",
                "{\"weight\":NaN} | expected JSON, found at line 1, column 14: Non-standard token 'NaN'",
                "{\"weight\":01} | expected JSON, found at line 1, column 12: Invalid numeric value: Leading zeroes"
                        + " not",
                "{\"click_id\":\"a\" | expected JSON, found at line 1, column 16: Unexpected end-of-input",
                "{'click_id':'a'} | expected JSON, found at line 1, column 2: Unexpected character (''' (code 39))",
                "{\"click_id\":\"a\",} | expected JSON, found at line 1, column 17: Unexpected character ('}' (code"
                        + " 125))",
            })
    void aRefusalNamesMemberValueAndRule(String json, String message) {
        assertThatThrownBy(() -> click(json))
                .isInstanceOfSatisfying(
                        UndecodableException.class,
                        refused -> assertThat(refused.rejected().reason()).isEqualTo(RejectReason.UNDECODABLE))
                .hasMessageStartingWith(message);
    }

    @Test
    void aRefusalHasNoControlCharactersAndIsShort() {
        assertThatThrownBy(() -> click("{\"context\":{\"a\\nb\":1,\"a\\nb\":2}}"))
                .hasMessageStartingWith("expected JSON, found at line 1, column 28: Duplicate field 'a?b'");
        String name = "a".repeat(40_000);
        assertThatThrownBy(() -> click("{\"weight\":1,\"context\":{\"" + name + "\":1,\"" + name + "\":2}}"))
                .hasMessageStartingWith("expected JSON, found at line 1, column ")
                .satisfies(refused -> assertThat(refused.getMessage()).hasSizeLessThan(500));
    }

    @Test
    void nothingMayStandBehindTheObject() {
        assertThatThrownBy(() -> click(CLICK + "}{}"))
                .hasMessage("the value = an object: must be one object, with nothing behind it");
        assertThatThrownBy(() -> click(CLICK + "}}")).hasMessageStartingWith("expected JSON");
        assertThatThrownBy(() -> click("   ")).hasMessageStartingWith("the value = nothing");
        assertThatThrownBy(() -> click(" [1]")).hasMessageStartingWith("the value = an array: must be an object");
    }

    @Test
    void malformedUtf8AndOtherEncodingsAreRefused() {
        for (byte[] malformed : List.of(
                new byte[] {'"', (byte) 0xC3, '"', '}'}, // cut short
                new byte[] {'"', (byte) 0xC0, (byte) 0x80, '"', '}'}, // NUL in two bytes
                new byte[] {'"', (byte) 0xED, (byte) 0xA0, (byte) 0x80, '"', '}'})) { // half of a surrogate pair
            ByteArrayOutputStream json = new ByteArrayOutputStream();
            json.writeBytes(utf8(CLICK + ",\"action\":"));
            json.writeBytes(malformed);

            assertThatThrownBy(() -> records.click(json.toByteArray()))
                    .isInstanceOf(UndecodableException.class)
                    .hasMessageStartingWith("expected a ClickEvent as JSON in UTF-8: MalformedInputException");
        }
        assertThatThrownBy(() -> records.click((CLICK + "}").getBytes(StandardCharsets.UTF_16LE)))
                .isInstanceOf(UndecodableException.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"1e999", "-1e999", "1e31"})
    void aNumberThatIsTooLargeBreaksARuleOfEvents(String number) {
        assertThat(reason(() -> profile("{\"age\":" + number + "}"))).isEqualTo(RejectReason.BAD_VALUE);
        assertThat(reason(() -> profile("{\"vector\":[" + number + "]}"))).isEqualTo(RejectReason.BAD_COMPONENT);
        assertThat(reason(() -> click(CLICK + ",\"weight\":" + number + "}"))).isEqualTo(RejectReason.BAD_WEIGHT);
    }

    @Test
    void aNumberThatIsTooLargeIsNamedByItsFeature() {
        assertThatThrownBy(() -> profile("{\"age\":1e31}"))
                .hasMessage("feature \"age\", value = 1.0E31: must be finite and at most 1e30 either way");
        assertThatThrownBy(() -> profile("{\"picture\":[0,1e7]}"))
                .hasMessageStartingWith("feature \"picture\", component = 1.0E7: must be finite");
    }

    @Test
    void limitsHoldForJsonToo() {
        String features = "{\"text\":\"" + "a".repeat(Streams.limits().featureBytes() + 1) + "\"}";

        assertThat(reason(() -> profile(features))).isEqualTo(RejectReason.TOO_LARGE);
    }

    @Test
    void depthIsNoBurden() {
        String deep = "[".repeat(1_000_000);

        assertThatThrownBy(() -> click("{\"context\":{\"a\":" + deep))
                .hasMessageStartingWith("context.a.0 = an array: must be a string");
        assertThatThrownBy(() -> click("{\"own\":" + deep)).hasMessageStartingWith("own = an array: is unknown");
    }

    @Test
    void jsonIsReadOnlyWhereProducersWrite() {
        byte[] json = utf8(CLICK + "}");

        assertThat(plain.decode(json)).isEmpty();
        assertThatThrownBy(() -> AvroBytes.decode(wire, dev.millrace.avro.TrainingRecord.class, json))
                .isInstanceOf(UndecodableException.class);
    }

    @Provide
    Arbitrary<Object> events() {
        return GeneratedEvents.events();
    }

    @Provide
    Arbitrary<Click> clicks() {
        return GeneratedEvents.clicks();
    }

    private static RejectReason reason(Runnable reading) {
        return ((Rejection) catchThrowable(reading::run)).rejected().reason();
    }

    private Click click(String json) {
        return records.click(utf8(json));
    }

    private UserProfile profile(String features) {
        return records.profile(utf8(USER + features + "}"));
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
